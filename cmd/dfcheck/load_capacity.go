package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/reports"
)

// capacityFlags are the options of a capacity search.
type capacityFlags struct {
	loadFlags
	search load.Capacity
}

func newLoadCapacity(t terminal) *cobra.Command {
	f := &capacityFlags{loadFlags: loadFlags{maxRate: load.MaxRate}}
	c := &cobra.Command{
		Use: "capacity", Short: "Find how many devices a server holds within its objectives", Args: cobra.NoArgs,
		Long: `Puts crowds of growing size on a server: twice as many devices each time until an
objective is missed, then between the sizes that were held and those that were
not, again and again near the edge. The answer is a number of devices with the
interval that holds the truth with 95 % confidence, what gave first, and the
curve. Each measurement takes four intervals or more; a search about twenty of
them. Ctrl-C ends it with what is known by then.

Objectives are threshold expressions; they count for the time when all devices
poll. Without one for errors, error_rate < 1% is an objective too. When not even
the smallest crowd is held the exit code is 1.`,
		Example: `  dfcheck load capacity --slo 'poll.p99 < 250ms' --max-devices 20000
  dfcheck load capacity --host https://load.example.com --allow-host load.example.com --slo 'poll.p99 < 1s' --slo 'time_to_token.p95 < 6s'`,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.find(cmd.Context(), cmd, t) },
	}
	fs := c.Flags()
	f.add(fs)
	fs.StringArrayVar(&f.search.Objectives, "slo", nil, "objective, such as 'poll.p99 < 250ms'; repeatable (default '"+load.DefaultObjectives[0]+"')")
	fs.IntVar(&f.search.MaxDevices, "max-devices", 0, fmt.Sprintf("largest crowd to try (default %d)", load.MaxDevices))
	fs.IntVar(&f.search.First, "first", 0, "devices of the first crowd (default 100)")
	fs.DurationVar(&f.search.Hold, "hold", 0, "how long all devices poll in each measurement, two intervals at least (default 10s)")
	fs.Float64Var(&f.search.Precision, "precision", 0, "width of the interval to stop at, as a share of the answer (default 0.1)")
	fs.IntVar(&f.search.Most, "measurements", 0, "measurements, at most (default 30)")
	fs.StringVar(&f.profile, "profile", "", "profile of the devices; its arrivals, thresholds and size do not count")
	fs.Uint64Var(&f.seed, "seed", 0, "makes another crowd of the same kind")
	fs.StringArrayVar(&f.allowHosts, "allow-host", nil, "host that may be loaded, beside this machine")
	fs.StringArrayVar(&f.reports, "report", nil, "write a report, FORMAT=PATH (json, junit, html, markdown, text)")
	return c
}

func (f *capacityFlags) find(ctx context.Context, cmd *cobra.Command, t terminal) error {
	c, err := f.read(t)
	if err != nil {
		return err
	}
	p, err := f.crowd(cmd)
	s, derr := f.settings()
	if err := errors.Join(err, derr, f.search.Check()); err != nil {
		return usage(err, "`dfcheck load capacity --help` lists the flags")
	}
	r := begun(reports.KindCapacity)
	target, stop, err := f.loadTarget(ctx, t, c, r)
	if err != nil {
		return err
	}
	defer stop()
	f.search.Tell = func(p reports.CapacityPoint) {
		held := "held"
		if !p.OK {
			held = "missed " + p.Limit
		}
		t.note("%s: %d devices, %.0f polls a second, p50 %.2f ms, p99 %.2f ms, %.2f %% errors: %s",
			time.Since(r.Run.Started).Round(time.Second), p.Devices, p.PollsPerSecond, p.P50, p.P99, 100*p.ErrorRate, held)
	}
	r.Capacity, err = f.search.Run(ctx, target, p, load.Options{})
	if err != nil {
		return notLoaded(ctx, err)
	}
	return s.finish(ctx, t, r)
}
