package main

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/load/metrics"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/reports/live"
)

// watchFlags are where a load run can be watched while it goes on.
type watchFlags struct{ live, metrics string }

func (f *watchFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.live, "live", "",
		"serve the report's page at `ADDR` while the run goes on: a port of this machine, such as 8629, or HOST:PORT")
	fs.StringVar(&f.metrics, "metrics", "",
		"serve Prometheus metrics at `ADDR` while the run goes on: a port of this machine, such as 9628, or HOST:PORT")
}

func newLoadDashboard(t terminal) *cobra.Command {
	return &cobra.Command{
		Use: "dashboard", Short: "Print a Grafana dashboard for --metrics", Args: cobra.NoArgs,
		Long: `Prints a dashboard of the metrics that "dfcheck load --metrics" serves, as JSON that
Grafana imports. Its quantiles come from native histograms, which Prometheus scrapes
with scrape_native_histograms: true.`,
		Example: "  dfcheck load dashboard > dfcheck.json",
		RunE: func(*cobra.Command, []string) error {
			_, err := t.out.Write(metrics.Dashboard)
			return err
		},
	}
}

// check returns an error that says which address is none.
func (f *watchFlags) check() error {
	return errors.Join(checkAddress("live", f.live), checkAddress("metrics", f.metrics))
}

// A watch is a load run that others can look at. Nobody may.
type watch struct {
	running atomic.Pointer[load.Running] // nil before the first request
	page    *live.Page
	stop    []func()
}

// open serves what the flags ask for. The report is what is known before the run.
func (f *watchFlags) open(t terminal, before reports.Report, guard reports.Guard) (*watch, error) {
	w := &watch{}
	if f.live != "" {
		w.page = live.New(func() (*reports.Report, reports.Growing, error) { return w.report(before) }, guard)
		at, err := watchAt("live", f.live, w.page)
		if err != nil {
			return nil, notServed(err)
		}
		w.stop = append(w.stop, at.close)
		t.note("watch the run at %s", at.url)
	}
	if f.metrics != "" {
		at, err := watchAt("metrics", f.metrics, metrics.Handler(w.figures))
		if err != nil {
			w.close()
			return nil, notServed(err)
		}
		w.stop = append(w.stop, at.close)
		t.note("metrics for Prometheus are at %smetrics", at.url)
	}
	return w, nil
}

func notServed(err error) error {
	return &failure{reports.ExitUsage, err, "port 0 picks one that is free"}
}

// begin is told of the run.
func (w *watch) begin(r *load.Running) { w.running.Store(r) }

// figures are those of the run so far, nil before it begins.
func (w *watch) figures() (*reports.Load, error) {
	if r := w.running.Load(); r != nil {
		return r.Figures()
	}
	return nil, nil
}

// report is the run so far.
func (w *watch) report(before reports.Report) (*reports.Report, reports.Growing, error) {
	r := w.running.Load()
	if r == nil {
		return &before, reports.Growing{}, nil
	}
	section, err := r.Report()
	before.Load, before.Run.DurationMS = section, float64(time.Since(before.Run.Started).Milliseconds())
	return &before, reports.Growing{Elapsed: r.Elapsed(), Duration: r.Duration()}, err
}

// end shows the report of the run to those who watch it.
func (w *watch) end(r *reports.Report) error {
	if w.page == nil {
		return nil
	}
	return w.page.End(r)
}

func (w *watch) close() {
	for _, stop := range w.stop {
		stop()
	}
}
