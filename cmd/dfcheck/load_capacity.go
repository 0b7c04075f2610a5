package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/load/capacity"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
)

// capacityFlags are the options of a capacity search.
type capacityFlags struct {
	loadFlags
	search capacity.Search
}

func newLoadCapacity(t terminal) *cobra.Command {
	f := &capacityFlags{loadFlags: loadFlags{maxRate: load.MaxRate}}
	c := &cobra.Command{
		Use: "capacity", Short: "Find how many devices a server supports within its objectives", Args: cobra.NoArgs,
		Long: `Loads a server with growing crowds of devices: twice as many devices each time until an
objective is missed, then sizes between those that met every objective and those
that did not, several times near the limit. The answer is a number of devices,
never above --max-devices, with its 95 % confidence interval, the objective that
was missed first, and the curve. Each measurement takes four intervals or more; a
search about twenty of them. Ctrl-C ends it with what is known by then.

Objectives are threshold expressions ("dfcheck load thresholds"); they count for
the time when all devices poll. Without one for errors, error_rate < 1% is an
objective too. When not even the smallest crowd meets them the exit code is 1. A
target that stops answering and does not come back within half a minute ends the
search with exit code 3, or 1 when no crowd had met them by then.`,
		Example: `  dfcheck load capacity --slo 'poll.p99 < 250ms' --max-devices 20000
  dfcheck load capacity --host https://load.example.com --allow-host load.example.com --slo 'poll.p99 < 1s' --slo 'time_to_token.p95 < 6s'`,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.find(cmd.Context(), cmd, t) },
	}
	fs := c.Flags()
	f.add(fs)
	fs.StringArrayVar(&f.search.Objectives, "slo", nil, "`OBJECTIVE`, such as 'poll.p99 < 250ms'; repeatable (default '"+
		capacity.DefaultObjectives[0]+"')")
	fs.Var(count(&f.search.MaxDevices), "max-devices", fmt.Sprintf("largest crowd to try (default %d)",
		profile.MaxDevices))
	fs.Var(count(&f.search.First), "first", "devices of the first crowd (default 100)")
	fs.Var(duration(&f.search.Hold), "hold",
		"how long all devices poll in each measurement; two polling intervals at least (default 10s)")
	fs.Var(number(&f.search.Precision, "0.1"), "precision",
		"relative width of the confidence interval at which to stop (default 0.1)")
	fs.Var(count(&f.search.MaxMeasurements), "measurements", "maximum number of measurements (default 30)")
	fs.StringVar(&f.profile, "profile", "",
		"profile of the devices: a `NAME` that \"dfcheck load profiles\" lists, or a file; "+
			"its arrivals, thresholds and number of devices are ignored")
	fs.Var(seed(&f.seed), "seed", "random seed: equal seeds make equal crowds")
	fs.StringArrayVar(&f.allowHosts, "allow-host", nil, "`HOST` that may be loaded besides this machine")
	f.addSources(fs)
	f.addForwarded(fs)
	f.addReports(fs, reports.KindCapacity)
	return c
}

func (f *capacityFlags) find(ctx context.Context, cmd *cobra.Command, t terminal) error {
	c, err := f.read(t)
	if err != nil {
		return err
	}
	p, err := f.crowd(cmd)
	s, derr := f.settings(reports.KindCapacity)
	sources, serr := sourceAddresses(f.sources)
	if err := errors.Join(err, derr, serr, f.search.Check()); err != nil {
		return usage(err, loadHint("dfcheck load capacity"))
	}
	r := f.emptyReport(reports.KindCapacity)
	target, stop, err := f.loadTarget(ctx, t, c, r)
	if err != nil {
		return s.untested(t, r, c.Host, err)
	}
	defer stop()
	target.Sources = sources
	s.guard = target.Secrets.Check
	f.search.Progress = func(p reports.CapacityPoint) {
		t.note("%s: %d devices, %.0f polls a second, p50 %.2f ms, p99 %.2f ms, %.2f %% errors: %s",
			time.Since(r.Run.Started).Round(time.Second), p.Devices, p.PollsPerSecond, p.P50, p.P99, 100*p.ErrorRate,
			p.Outcome())
	}
	r.Capacity, err = f.search.Run(ctx, target, p, load.Options{})
	if err != nil {
		return s.untested(t, r, target.Host, notLoaded(ctx, err))
	}
	if points := r.Capacity.Points; r.Capacity.Stopped {
		r.Run.Problem = &reports.Problem{Kind: reports.ProblemDied,
			Message: fmt.Sprintf("%s during the search, with %d devices on it", reports.LimitStopped,
				points[len(points)-1].Devices)}
	}
	return s.finish(ctx, t, r)
}
