package conformance

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/strict"
)

// A Waiver is a known failure that its owner lives with for now.
type Waiver struct {
	Check   string `yaml:"check"`
	Reason  string `yaml:"reason"`
	Ticket  string `yaml:"ticket"`
	Expires string `yaml:"expires"` // last day, 2026-12-31; empty for none
}

// ReadWaivers reads a waiver file: a list of waivers. A waiver without check or
// reason is an error; one of an unknown check is stale, not an error.
func ReadWaivers(path string) ([]Waiver, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var ws []Waiver
	if err := strict.Decode(data, path, &ws, strict.ExpandEnv(os.LookupEnv)); err != nil {
		return nil, err
	}
	var errs []error
	for i, w := range ws {
		if w.Check == "" || w.Reason == "" {
			errs = append(errs, fmt.Errorf("%s: waiver %d needs check and reason", path, i+1))
		}
		if _, err := w.lastDay(); err != nil {
			errs = append(errs, fmt.Errorf("%s: waiver of %s: expires %q is not a day such as 2026-12-31", path, w.Check, w.Expires))
		}
	}
	return ws, errors.Join(errs...)
}

func (w Waiver) lastDay() (time.Time, error) {
	if w.Expires == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.DateOnly, w.Expires)
}

// waive turns failures into waived ones and lists the waivers that waive
// nothing any more.
func waive(checks []reports.Check, ws []Waiver, now time.Time) []reports.StaleWaiver {
	var stale []reports.StaleWaiver
	for _, w := range ws {
		r, err := spec.Lookup(w.Check)
		if err != nil {
			stale = append(stale, reports.StaleWaiver{ID: w.Check, Why: "unknown"})
			continue
		}
		if last, _ := w.lastDay(); !last.IsZero() && now.After(last.AddDate(0, 0, 1)) {
			stale = append(stale, reports.StaleWaiver{ID: r.ID, Why: "expired"})
			continue
		}
		for i := range checks {
			c := &checks[i]
			switch {
			case c.ID != r.ID:
			case c.Verdict == reports.Fail || c.Verdict == reports.Warning:
				c.Verdict, c.Reason = reports.Waived, w.Reason+" (was: "+c.Reason+")"
				if w.Ticket != "" {
					c.Reason = w.Ticket + ": " + c.Reason
				}
			case c.Verdict == reports.Pass:
				stale = append(stale, reports.StaleWaiver{ID: r.ID, Why: "passed"})
			}
		}
	}
	return stale
}
