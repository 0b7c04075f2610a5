package main

import (
	"errors"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/waiver"
	"github.com/dfcheck/dfcheck/reports"
)

// A conformanceWatch is a conformance run that others can look at. Nobody may.
type conformanceWatch struct {
	*watch
	waivers []waiver.Waiver

	mu      sync.Mutex
	before  reports.Report                // what is known without the run
	run     *conformance.Run              // nil before its first request
	about   string                        // which of several runs it is; "" for the only one
	results map[string]conformance.Result // by check
}

// watchConformance serves the page of a run whose report is r.
func (f *conformanceFlags) watchConformance(t terminal, r *reports.Report, s settings,
	target *conformance.Target) (*conformanceWatch, error) {
	w := &conformanceWatch{before: *r, waivers: s.waivers}
	var err error
	w.watch, err = f.live.open(t, w.report, target.Guard)
	return w, err
}

// begin is told of a run.
func (w *conformanceWatch) begin(run *conformance.Run, about string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.run, w.about, w.results = run, about, map[string]conformance.Result{}
}

// judged is told of a verdict.
func (w *conformanceWatch) judged(res conformance.Result) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.results[res.Check.ID] = res
}

// report is the run so far.
func (w *conformanceWatch) report() (*reports.Report, reports.Growing, error) {
	w.mu.Lock()
	r, run, about := w.before, w.run, w.about
	var results []conformance.Result
	if run != nil {
		for _, c := range run.Plan().Checks {
			if res, known := w.results[c.ID]; known {
				results = append(results, res)
			}
		}
	}
	w.mu.Unlock()
	if run == nil {
		return &r, reports.Growing{}, nil
	}
	r.Conformance = run.SoFar(results, w.waivers)
	r.Run.DurationMS = float64(time.Since(r.Run.Started).Milliseconds())
	g := conformanceGrowing(run.Progress())
	if about != "" {
		g.Now = about + ", " + g.Now
	}
	return &r, g, nil
}

// end shows the report of the run to those who watch it, and returns what the run ends
// with: its own error, unless there is a page that could not be shown.
func (w *conformanceWatch) end(r *reports.Report, err error) error {
	defer w.close()
	unseen := w.watch.end(r)
	if f, ok := errors.AsType[*failure](err); unseen == nil || err != nil && !(ok && f.err == nil) {
		return err
	}
	return &failure{reports.ExitUntested, unseen, ""}
}
