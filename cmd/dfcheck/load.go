package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/load/forecast"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/load/threshold"
	"github.com/dfcheck/dfcheck/reports"
)

// loadFlags are the options of a load run.
type loadFlags struct {
	targetFlags
	reportFlags
	profile        string
	devices        int
	ramp, duration time.Duration
	seed           uint64
	maxRate        int
	allowHosts     []string
	sources        []string
	forwarded      string
	deciders       func(*conformance.Target, string) string // says who decides; nil: deciders
	results        string
	thresholds     []string
	sharding       shardFlags
	shards         int // of the run; 0 where it is not divided
	watch          watchFlags
	scrape         string
}

func newLoad(t terminal) *cobra.Command {
	f := &loadFlags{}
	c := &cobra.Command{
		Use: "load", Short: "Load a server with a crowd of polling devices", Args: cobra.NoArgs,
		Long: `Simulates devices that request a code and poll as RFC 8628 asks. An answer of
authorization_pending or slow_down is a success; latency counts from the moment a
request was due, and only for requests that were answered without an error.
Without --host the crowd polls the embedded server.

Without --profile most people approve, a few deny, within half a minute, and a
device that is done starts again at once: N devices make N polls per interval,
1,000 a second for 5,000 devices and 5 s. After an error devices back off and
start again, and the report compares offered with carried load.

Every run is held to error_rate < 1% and violations == 0; --threshold adds to
that, and replaces what a threshold says of the same figure. The figures are
listed by "dfcheck load thresholds". A missed threshold ends with exit code 1; one
that could not be judged, because nothing was measured or this machine was the
limit, with 3. A target that does not answer for half a minute ends the run.

Numbers of devices can be written as 10k or 2M. A host that is not this machine
needs --allow-host. --live serves the page of the report while the run goes on,
--metrics its figures for Prometheus ("dfcheck load dashboard" prints a dashboard),
and --otlp sends them to an OpenTelemetry receiver.`,
		Example: `  dfcheck load --devices 5000 --ramp 5s --duration 30s
  dfcheck load --profile evening-peak --host https://load.example.com --allow-host load.example.com
  dfcheck load --devices 200 --threshold 'poll.p99 < 250ms' --report json=load.json
  dfcheck load --profile soak --live 8629 --metrics 9628
  dfcheck load --profile soak --otlp http://127.0.0.1:4318
  dfcheck load --host http://127.0.0.1:8628 --source 127.0.0.2 --source 127.0.0.3
  dfcheck load --host http://127.0.0.1:8628 --forwarded-for 198.18.0.0/16
  dfcheck load --profile soak --host http://127.0.0.1:8080 --scrape http://127.0.0.1:8080/metrics
  dfcheck load profiles show soak`,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.load(cmd.Context(), cmd, t) },
	}
	fs := c.Flags()
	f.addCrowd(fs)
	f.addReports(fs, reports.KindLoad)
	fs.StringVar(&f.results, "results", "", "write every request to `FILE`, for \"vegeta report\" and \"vegeta plot\"")
	f.addSources(fs)
	f.sharding.add(fs)
	f.watch.add(fs)
	f.addScrape(fs)
	c.AddCommand(newLoadProfiles(t), newLoadThresholds(t), newLoadCapacity(t), newLoadPlan(t), newLoadRun(t),
		newLoadReady(t), newLoadDashboard(t), newLoadManifest(t), newLoadFiles(t))
	return c
}

// addCrowd adds the flags of a target and of the crowd that is put on it.
func (f *loadFlags) addCrowd(fs *pflag.FlagSet) {
	f.add(fs)
	f.maxRate = load.MaxRate
	fs.StringVar(&f.profile, "profile", "",
		"profile of the devices: a `NAME` that \"dfcheck load profiles\" lists, or a file")
	fs.Var(count(&f.devices), "devices", "number of devices (default 100)")
	fs.Var(duration(&f.ramp), "ramp", "time over which they arrive (default: all at once)")
	fs.Var(duration(&f.duration), "duration", "length of the whole run (default 1m)")
	fs.Var(seed(&f.seed), "seed", "random seed: equal seeds make equal crowds")
	fs.Var(count(&f.maxRate), "max-rate", "maximum requests per second")
	fs.StringArrayVar(&f.allowHosts, "allow-host", nil, "`HOST` that may be loaded besides this machine")
	f.addForwarded(fs)
	fs.StringArrayVar(&f.thresholds, "threshold", nil,
		"`EXPECTATION`, such as 'poll.p99 < 250ms'; repeatable (see \"dfcheck load thresholds\")")
}

func newLoadProfiles(t terminal) *cobra.Command {
	asJSON := false
	list := func(*cobra.Command, []string) error {
		all, err := listedProfiles()
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(t.out, all)
		}
		for _, p := range all {
			fmt.Fprintf(t.out, "%-14s %s\n", p.Name, p.Description)
		}
		return nil
	}
	c := &cobra.Command{Use: "profiles", Short: "List the built-in profiles", Args: cobra.NoArgs, RunE: list,
		Example: "  dfcheck load profiles\n  dfcheck load profiles show soak > mine.yaml"}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.AddCommand(newReference(t, profileReference, profile.Keys, "dfcheck load profiles reference", "arrivals"),
		newSchema(t, profile.Schema, "profiles", "  dfcheck load profiles schema > profile.schema.json"))
	c.AddCommand(&cobra.Command{
		Use: "show NAME", Short: "Print a built-in profile", Args: cobra.ExactArgs(1),
		Example: "  dfcheck load profiles show soak",
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := profile.Source(args[0])
			if err != nil {
				return usage(err, "`dfcheck load profiles` lists them")
			}
			_, err = t.out.Write(text)
			return err
		},
	})
	return c
}

func newLoadThresholds(t terminal) *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use: "thresholds", Short: "List the figures that a threshold can limit", Args: cobra.NoArgs,
		Example: "  dfcheck load thresholds",
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return printJSON(t.out, listedMeasures())
			}
			fmt.Fprintf(t.out, `MEASURE[.QUANTILE][{group:NAME}|{stage:NAME}] COMPARISON LIMIT

  poll.p99 < 250ms    error_rate < 0.1%%    time_to_token.p95{group:television} < 6s

Comparisons: < <= == >= >. Quantiles: %s.
A time needs its unit (ms, s, m), a share a %%, unless it is 0.5 or less.

`, strings.Join(threshold.Quantiles(), " "))
			for _, m := range threshold.Measures() {
				if m.Spread {
					m.Name += ".QUANTILE"
				}
				if !m.Parts {
					m.About += " (whole run only)"
				}
				fmt.Fprintf(t.out, "%-31s %-6s  %s\n", m.Name, m.Unit, m.About)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// crowd is the profile with what the flags say instead.
func (f *loadFlags) crowd(cmd *cobra.Command) (*profile.Profile, error) {
	p := &profile.Profile{}
	if f.profile != "" {
		var err error
		if p, err = profile.Load(f.profile); err != nil {
			return nil, err
		}
	}
	p.Devices = cmp.Or(f.devices, p.Devices)
	p.Duration = cmp.Or(profile.Duration(f.duration), p.Duration)
	if err := forwardedRange(f.forwarded); err != nil {
		return nil, err
	}
	p.Connections.ForwardedRange = cmp.Or(f.forwarded, p.Connections.ForwardedRange)
	if cmd.Flags().Changed("seed") {
		p.Seed = f.seed
	}
	if f.ramp > 0 {
		p.Arrivals = profile.Arrivals{Kind: "ramp", Over: profile.Duration(f.ramp)}
	}
	p.Expect(f.thresholds...)
	if most := max(f.shards, 1) * load.MaxRate; f.maxRate > most {
		return nil, fmt.Errorf("--max-rate is %d; at most %d is possible", f.maxRate, most)
	}
	q := p.WithDefaults()
	return p, errors.Join(q.Check(), load.Divided(q.Devices, max(f.shards, 1)))
}

func (f *loadFlags) load(ctx context.Context, cmd *cobra.Command, t terminal) error {
	part, sharded, err := f.sharding.part()
	if err == nil && !sharded {
		err = f.sharding.alone(cmd.Flags())
	}
	if err != nil {
		return usage(err, "`dfcheck load --help` lists the flags; load/shard in the sources has the contract of shards")
	}
	if sharded {
		return f.loadShard(ctx, cmd, t, part)
	}
	c, err := f.read(t)
	if err != nil {
		return err
	}
	p, err := f.crowd(cmd)
	s, derr := f.settings(reports.KindLoad)
	sources, serr := sourceAddresses(f.sources)
	if err := errors.Join(err, derr, serr, f.watch.check(f.allowHosts)); err != nil {
		return usage(err, loadHint("dfcheck load"))
	}
	r := f.emptyReport(reports.KindLoad)
	target, stop, err := f.loadTarget(ctx, t, c, r)
	if err != nil {
		return s.untested(t, r, c.Host, err)
	}
	defer stop()
	target.Sources = sources
	read, err := scraper(ctx, f.scrape)
	if err != nil {
		return err
	}
	s.guard = target.Secrets.Check
	q := p.WithDefaults()
	t.note("profile %s: %d devices, %s by %s over %s, at most %d requests a second", q.Name, q.Devices, q.Duration,
		q.Arrivals.Kind, q.Arrivals.Over, f.maxRate)
	w, err := f.watch.open(t, *r, s.guard)
	if err != nil {
		return err
	}
	defer w.close()
	shown := t.progress()
	section, lost, err := f.run(ctx, target, p, load.Options{MaxRate: f.maxRate, Watch: w.begin, Scrape: read,
		Progress: func(g load.Progress) { shown.say(loadStatus(g)) }})
	shown.clear()
	if err != nil {
		return s.untested(t, r, target.Host, notLoaded(ctx, err))
	}
	interval, lifetime := w.running.Load().Announced()
	section.Expected = forecast.Against(section, p, interval, lifetime)
	w.final.Store(section)
	if r.Load = section; section.Stopped != nil {
		r.Run.Problem = &reports.Problem{Kind: reports.ProblemDied, Message: section.Stopped.String()}
	}
	err = s.finish(ctx, t, r)
	if unseen := errors.Join(lost, w.end(r)); unseen != nil && err == nil {
		return &failure{reports.ExitUntested, unseen, ""}
	}
	return err
}

// run carries out the load run. lost says that its results are not in their
// file; the section stands then all the same.
func (f *loadFlags) run(ctx context.Context, target load.Target, p *profile.Profile,
	o load.Options) (section *reports.Load, lost, err error) {
	run := func(w io.Writer) error {
		o.Results = w
		section, err = load.Run(ctx, target, p, o)
		if l, ok := errors.AsType[*load.LostResults](err); ok {
			err = nil
			return l.Err
		}
		return err
	}
	if f.results == "" {
		_ = run(nil) // it sets err
		return section, nil, err
	}
	lost = reports.WriteFile(f.results, run)
	if section == nil && err == nil { // the file could not be made; nothing ran
		return nil, nil, &load.NotReady{Problem: lost.Error(), Hint: "--results names a file in a folder that exists"}
	}
	return section, lost, err
}
