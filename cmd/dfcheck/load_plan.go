package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/load/forecast"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// planFlags are the options of a plan.
type planFlags struct {
	loadFlags
	model  forecast.Model
	digest bool
	cpus   int
}

func newLoadPlan(t terminal) *cobra.Command {
	f := &planFlags{loadFlags: loadFlags{maxRate: load.MaxRate}}
	c := &cobra.Command{
		Use: "plan", Short: "Compute the load that a number of devices puts on a server", Args: cobra.NoArgs,
		Long: `Computes the load of a number of devices: polls, device authorization requests and
tokens a second, requests in flight, bandwidth, how many load generators of this
machine's speed it takes, and what other intervals would change. Only an embedded
server is contacted, for six seconds, to measure this machine. With --speed nothing is
measured, and message sizes are those of the reference server.

A device polls every interval + latency, so that a decision after a delay D is seen
by poll number D / (interval + latency), rounded up, and a flow that nobody decides
ends with the first poll after the lifetime of its code. The rates follow from the
average flow of the profile, and the load generators from 70 % of their processors.

--digest prints the digest of the schedule instead: that of a run with the same
profile, number of devices and seed, to which the digests of its shards add up.

Numbers of devices can be written as 10k or 5M.`,
		Example: `  dfcheck load plan --devices 5M --interval 5s
  dfcheck load plan --devices 200000 --interval 10s --profile evening-peak --speed 20000 --report json=plan.json
  dfcheck load plan --devices 2M --seed 42 --digest`,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.forecast(cmd.Context(), cmd, t) },
	}
	fs := c.Flags()
	f.model.Devices, f.model.Interval, f.model.Lifetime, f.model.Latency = 100_000, 5*time.Second, 10*time.Minute,
		20*time.Millisecond
	fs.Var(count(&f.model.Devices), "devices", "number of devices")
	fs.Var(seed(&f.seed), "seed", "random seed, for --digest")
	fs.Var(duration(&f.ramp), "ramp", "time over which the devices arrive (default: as the profile says)")
	fs.BoolVar(&f.digest, "digest", false, "print the digest of the schedule, and compute nothing else")
	fs.Var(count(&f.cpus), "cpus", "processors of one load generator (default: those of this machine)")
	fs.Var(duration(&f.model.Interval), "interval", "polling interval that the server announces")
	fs.Var(duration(&f.model.Lifetime), "expires-in", "lifetime of the codes")
	fs.Var(duration(&f.model.Latency), "latency", "time in which the server answers")
	fs.Var(number(&f.model.Speed.PerSecond, "20000"), "speed",
		"requests a second that one load generator can send, instead of measuring this machine")
	fs.StringVar(&f.profile, "profile", "",
		"profile of the devices: a `NAME` that \"dfcheck load profiles\" lists, or a file")
	f.addReports(fs, reports.KindPlan)
	return c
}

func (f *planFlags) forecast(ctx context.Context, cmd *cobra.Command, t terminal) error {
	devices := f.model.Devices
	if cmd.Flags().Changed("devices") {
		f.devices = int(devices)
	}
	f.shards = profile.MaxCrowd // as many as it takes is for the plan to say
	p, err := f.crowd(cmd)
	s, serr := f.settings(reports.KindPlan)
	if err := errors.Join(err, serr, f.model.Check()); err != nil {
		return usage(err, loadHint("dfcheck load plan"))
	}
	if f.digest {
		_, err := fmt.Fprintln(t.out, load.Digest(p.WithDefaults(), load.Part{Index: 0, Count: 1}))
		return err
	}
	r := f.emptyReport(reports.KindPlan)
	f.model.Profile, f.model.Devices = p, devices
	if cmd.Flags().Changed("speed") {
		f.model.Speed.Sizes, f.model.Speed.Memory = forecast.ReferenceSizes, forecast.ReferenceMemory
		f.model.Speed.Processors = f.cpus
	} else if f.model.Speed, err = measure(ctx, t); err != nil {
		return notLoaded(ctx, err)
	} else if f.cpus > 0 {
		f.model.Speed = f.model.Speed.With(f.cpus)
	}
	if r.Plan, err = f.model.Forecast(); err != nil {
		return usage(err, "")
	}
	r.Plan.Manifest = f.manifest(r.Plan, cmd.Flags())
	return s.finish(ctx, t, r)
}

// manifest is the command that prints the planned shards for Kubernetes.
func (f *planFlags) manifest(plan *reports.Forecast, given *pflag.FlagSet) string {
	cpus := max(plan.Shard.Processors, 1)
	line := fmt.Sprintf("dfcheck load manifest --shards %d --cpu %d --memory %dMi --devices %d", plan.Rates.Shards, cpus,
		plan.Shard.MemoryBytes>>20+1, plan.Devices)
	for _, name := range []string{"profile", "ramp"} {
		if given.Changed(name) {
			line += " --" + name + " " + given.Lookup(name).Value.String()
		}
	}
	return line + " --image IMAGE --host URL"
}

// measure finds this machine's speed, with a reference server in a process of
// its own: what the server takes must not count.
func measure(ctx context.Context, t terminal) (load.Speed, error) {
	self, err := os.Executable()
	if err != nil {
		return load.Speed{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := exec.CommandContext(ctx, self, "serve", "--addr", "127.0.0.1:0", "--interval", "1s", "--decisions")
	out, err := server.StdoutPipe()
	if err != nil {
		return load.Speed{}, err
	}
	if err := server.Start(); err != nil {
		return load.Speed{}, err
	}
	defer server.Wait() // after cancel
	defer cancel()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return load.Speed{}, fmt.Errorf("the embedded server for the measurement did not start: %w", err)
	}
	base := strings.TrimPrefix(strings.TrimSpace(line), "listening on ")
	contract, err := spec.BuiltinContract("documented-v1")
	if err != nil {
		return load.Speed{}, err
	}
	t.note("measuring how much load this machine can generate; --speed skips that")
	return load.Calibrate(ctx, load.Target{Host: base, StartURL: base + contract.Start.Path,
		TokenURL: base + contract.Token.Path, Contract: contract,
		ClientID: "dfcheck", Scope: "openid", DeviceType: "tv", DeviceOS: "linux",
		Approver: &approve.Reference{Client: &http.Client{}, URL: base}})
}
