package main

import (
	"errors"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/load/metrics"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/reports/live"
)

// A liveFlag is where the page of a run is served while it goes on; "" for nowhere.
type liveFlag string

func (f *liveFlag) add(fs *pflag.FlagSet) {
	fs.StringVar((*string)(f), "live", "",
		"serve the report's page at `ADDR` while the run goes on: a port of this machine, such as 8629, or HOST:PORT")
}

func (f liveFlag) check() error { return checkAddress("live", string(f)) }

// A watch is a run that others can look at. Nobody may.
type watch struct {
	page *live.Page // nil where none is served
	stop []func()
}

// open serves the page of a run: report is the run so far.
func (f liveFlag) open(t terminal, report func() (*reports.Report, reports.Growing, error),
	guard reports.Guard) (*watch, error) {
	w := &watch{}
	if f == "" {
		return w, nil
	}
	w.page = live.New(report, guard)
	return w, w.serve(t, "live", string(f), w.page, "watch the run at %s")
}

// serve serves something at the address of a flag, and says where.
func (w *watch) serve(t terminal, flag, address string, handler http.Handler, where string) error {
	at, err := watchAt(flag, address, handler)
	if err != nil {
		w.close()
		return notServed(err)
	}
	w.stop = append(w.stop, at.close)
	t.note(where, at.url)
	return nil
}

func notServed(err error) error {
	return &failure{reports.ExitUsage, err, "port 0 picks one that is free"}
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

// watchFlags are where a load run can be watched while it goes on.
type watchFlags struct {
	live    liveFlag
	metrics string
	otlp    otlpFlag

	receiver *metrics.Receiver // that otlp names, once it is checked
}

func (f *watchFlags) add(fs *pflag.FlagSet) {
	f.live.add(fs)
	fs.StringVar(&f.metrics, "metrics", "",
		"serve Prometheus metrics at `ADDR` while the run goes on: a port of this machine, such as 9628, or HOST:PORT")
	f.otlp.add(fs)
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

// check returns an error that says which address is none, or is not allowed.
func (f *watchFlags) check(allowed []string) (err error) {
	f.receiver, err = f.otlp.receiver(allowed, os.Getenv)
	return errors.Join(f.live.check(), checkAddress("metrics", f.metrics), err)
}

// A loadWatch is a load run that others can look at.
type loadWatch struct {
	*watch
	before  reports.Report               // what is known without the run
	running atomic.Pointer[load.Running] // nil before the first request
	final   atomic.Pointer[reports.Load] // nil before the run is over
}

// open serves what the flags ask for, and sends it to the receiver, if there is one. The
// report is what is known before the run.
func (f *watchFlags) open(t terminal, before reports.Report, guard reports.Guard) (w *loadWatch, err error) {
	w = &loadWatch{before: before}
	if w.watch, err = f.live.open(t, w.report, guard); err != nil {
		return nil, err
	}
	if f.metrics != "" {
		err = w.serve(t, "metrics", f.metrics, metrics.Handler(w.figures), "metrics for Prometheus are at %smetrics")
	}
	if err == nil && f.receiver != nil {
		w.push(t, *f.receiver)
	}
	return w, err
}

// begin is told of the run.
func (w *loadWatch) begin(r *load.Running) { w.running.Store(r) }

// figures are those of the run so far, nil before it begins.
func (w *loadWatch) figures() (*reports.Load, error) {
	if l := w.final.Load(); l != nil {
		return l, nil
	}
	if r := w.running.Load(); r != nil {
		return r.Figures()
	}
	return nil, nil
}

// report is the run so far.
func (w *loadWatch) report() (*reports.Report, reports.Growing, error) {
	so := w.before
	r := w.running.Load()
	if r == nil {
		return &so, reports.Growing{}, nil
	}
	section, err := r.Report()
	so.Load, so.Run.DurationMS = section, float64(time.Since(so.Run.Started).Milliseconds())
	return &so, reports.Growing{Elapsed: r.Elapsed(), Duration: r.Duration()}, err
}
