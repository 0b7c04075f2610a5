package reports

import (
	"fmt"
	"io"
	"slices"
)

// A Change is a check whose verdict differs between two reports. A report that
// does not have the check gives it no verdict.
type Change struct {
	Check    // as the new report has it, or the old one when the new has not
	Old, New Verdict
}

// Worse tells whether the check got worse: a verdict that was better, or one
// that was not there, became a warning or more.
func (c Change) Worse() bool {
	switch c.New {
	case "":
		return false
	case Warning, Fail, Error:
		return c.Old == "" || c.New == Worse(c.Old, c.New)
	}
	return false
}

// Better tells whether what was found before is a pass now.
func (c Change) Better() bool {
	return c.New == Pass && (c.Old == Warning || c.Old == Fail || c.Old == Error || c.Old == Waived)
}

// Compare lists what changed from one conformance report to another: first what
// got worse, then what got better, then the rest, each in the order of the
// checks. Reports without a conformance section are an error.
func Compare(before, now *Report) ([]Change, error) {
	if before.Conformance == nil || now.Conformance == nil {
		return nil, fmt.Errorf("only conformance reports can be compared, and one is of a %s run, the other of a %s run", before.Run.Kind, now.Run.Kind)
	}
	find := func(r *Report, id string) (Check, bool) {
		i := slices.IndexFunc(r.Conformance.Checks, func(c Check) bool { return c.ID == id })
		if i < 0 {
			return Check{}, false
		}
		return r.Conformance.Checks[i], true
	}
	var out []Change
	for _, c := range now.Conformance.Checks {
		if old, _ := find(before, c.ID); old.Verdict != c.Verdict {
			out = append(out, Change{c, old.Verdict, c.Verdict})
		}
	}
	for _, c := range before.Conformance.Checks {
		if _, still := find(now, c.ID); !still {
			out = append(out, Change{c, c.Verdict, ""})
		}
	}
	slices.SortStableFunc(out, func(a, b Change) int { return a.rank() - b.rank() })
	return out, nil
}

func (c Change) rank() int {
	switch {
	case c.Worse():
		return 0
	case c.Better():
		return 1
	}
	return 2
}

// WriteChanges renders a comparison for a terminal.
func WriteChanges(w io.Writer, changes []Change) error {
	p := &printer{w: w}
	worse, better := 0, 0
	for _, c := range changes {
		word := "other"
		switch c.rank() {
		case 0:
			word = "WORSE"
			worse++
		case 1:
			word = "better"
			better++
		}
		p.printf("%-7s %-15s %s -> %s  %s\n", word, legible(c.ID), known(c.Old), known(c.New), legible(c.Title))
		if c.Worse() && c.Reason != "" {
			p.printf("        %s\n", short(legible(c.Reason), 200))
		}
	}
	p.printf("%d worse, %d better, %d other changes\n", worse, better, len(changes)-worse-better)
	return p.err
}

func known(v Verdict) string {
	if v == "" {
		return "(absent)"
	}
	return legible(string(v))
}
