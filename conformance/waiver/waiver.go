package waiver

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
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

// Example is a waiver file with a comment for every key, and Schema the
// JSON Schema (2020-12) of such files.
//
//go:embed example.yaml
var Example string

//go:embed schema.json
var Schema string

// Read reads a waiver file: a list of waivers. A waiver without check or
// reason is an error, and so is one of an unknown check, or the second of a check.
// All problems are reported at once, each with its line.
func Read(path string) ([]Waiver, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parse(data, path)
}

// parse reads the waivers of a file; path is what errors call it.
func parse(data []byte, path string) ([]Waiver, error) {
	var ws []Waiver
	if err := strict.Decode(data, path, &ws, strict.ExpandEnv(os.LookupEnv)); err != nil {
		return nil, err
	}
	var errs []error
	lines, first := strict.ItemLines(data), map[string]int{}
	for i, w := range ws {
		problem := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("%s:%d: %s", path, lines[i], fmt.Sprintf(format, args...)))
		}
		r, err := spec.Lookup(w.Check)
		switch {
		case strings.TrimSpace(w.Check) == "":
			problem("a waiver needs the id of a check")
		case err != nil:
			problem("%v", err)
		case first[r.ID] > 0:
			problem("%s is waived twice, first on line %d", r.ID, first[r.ID])
		default:
			first[r.ID] = lines[i]
		}
		if strings.TrimSpace(w.Reason) == "" {
			problem("a waiver needs a reason")
		}
		if _, err := w.lastDay(); err != nil {
			problem("\"expires\" must be a day such as 2026-12-31; got %q", w.Expires)
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

// Expired reports whether the waiver's last day has passed.
func (w Waiver) Expired(now time.Time) bool {
	last, _ := w.lastDay()
	return !last.IsZero() && !now.Before(last.AddDate(0, 0, 1))
}

// about reports whether the waiver is about a check.
func (w Waiver) about(id string) bool {
	r, err := spec.Lookup(w.Check)
	return err == nil && r.ID == id
}

// Apply is a check with its failure or warning waived, where one of the waivers is
// about it.
func Apply(c reports.Check, ws []Waiver, now time.Time) reports.Check {
	if c.Verdict != reports.Fail && c.Verdict != reports.Warning {
		return c
	}
	for _, w := range ws {
		if !w.about(c.ID) || w.Expired(now) {
			continue
		}
		c.Verdict, c.Reason = reports.Waived, w.Reason+" (was: "+c.Reason+")"
		if w.Ticket != "" {
			c.Reason = w.Ticket + ": " + c.Reason
		}
		break
	}
	if r, err := spec.Lookup(c.ID); err == nil {
		c = provisional(c, r)
	}
	return c
}

// provisional is a check that does not count yet, whose failure or warning is told all
// the same.
func provisional(c reports.Check, r spec.Requirement) reports.Check {
	if !r.Provisional || c.Verdict != reports.Fail && c.Verdict != reports.Warning {
		return c
	}
	c.Verdict = reports.Waived
	c.Reason = "new in the requirements " + r.Since +
		", and provisional: it counts from the next minor release on (was: " +
		c.Reason + ")"
	return c
}

// ApplyAll turns failures into waived ones and lists the waivers that no longer apply.
func ApplyAll(checks []reports.Check, ws []Waiver, now time.Time) []reports.StaleWaiver {
	var stale []reports.StaleWaiver
	for _, w := range ws {
		r, err := spec.Lookup(w.Check)
		i := slices.IndexFunc(checks, func(c reports.Check) bool { return c.ID == r.ID })
		switch {
		case err != nil:
			stale = append(stale, reports.StaleWaiver{ID: w.Check, Why: "unknown"})
		case w.Expired(now):
			stale = append(stale, reports.StaleWaiver{ID: r.ID, Why: "expired"})
		case i >= 0 && checks[i].Verdict == reports.Pass:
			stale = append(stale, reports.StaleWaiver{ID: r.ID, Why: "passed"})
		}
	}
	for i := range checks {
		checks[i] = Apply(checks[i], ws, now)
	}
	return stale
}
