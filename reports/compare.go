package reports

import (
	"fmt"
	"io"
	"slices"

	"github.com/dfcheck/dfcheck/spec"
)

// A Change is a check whose verdict differs between two reports. A report that
// does not have the check gives it no verdict.
type Change struct {
	Check    // as the new report has it, or the old one when the new has not
	Old, New Verdict
}

// Worse reports whether the check got worse: a verdict that was better, or one
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

// Untested reports whether a check that was judged before is not any more:
// skipped, inconclusive, or no longer selected. A failure that went that way was
// not mended either.
func (c Change) Untested() bool {
	judged := c.Old == Pass || c.Old == Waived || c.Old == Warning || c.Old == Fail
	return judged && (c.New == "" || c.New == Skipped || c.New == Inconclusive)
}

// Better reports whether what was found before is a pass now.
func (c Change) Better() bool {
	return c.New == Pass && (c.Old == Warning || c.Old == Fail || c.Old == Error || c.Old == Waived)
}

// A Comparison is what changed from one report to another: first what got worse,
// then what is no longer tested, then what got better, then the rest, each in the
// order of the checks.
type Comparison struct {
	Changes []Change
	// Notes say where the runs differ in what they could find.
	Notes []string
}

// Regressed reports whether anything got worse or is no longer tested.
func (c *Comparison) Regressed() bool {
	return slices.ContainsFunc(c.Changes, func(c Change) bool { return c.Worse() || c.Untested() })
}

// Compare lists what changed from one conformance report to another. Reports of
// other runs, of runs without verdicts, and of two contracts are an error: the same
// check means something else there.
func Compare(before, now *Report) (*Comparison, error) {
	if err := incomparable(before, now); err != nil {
		return nil, err
	}
	old, present := byID(before), byID(now)
	out := &Comparison{}
	for _, c := range now.Conformance.Checks {
		if was := old[c.ID].Verdict; was != c.Verdict {
			out.Changes = append(out.Changes, Change{c, was, c.Verdict})
		}
	}
	for _, c := range before.Conformance.Checks {
		if _, still := present[c.ID]; !still {
			out.Changes = append(out.Changes, Change{c, c.Verdict, ""})
		}
	}
	slices.SortStableFunc(out.Changes, func(a, b Change) int { return a.rank() - b.rank() })
	out.Notes = differences(before, now, out.Changes)
	return out, nil
}

func byID(r *Report) map[string]Check {
	all := map[string]Check{}
	for _, c := range r.Conformance.Checks {
		all[c.ID] = c
	}
	return all
}

// incomparable says why two reports cannot be compared.
func incomparable(before, now *Report) error {
	switch a, b := before.Run.Kind, now.Run.Kind; {
	case a != b && a != "" && b != "":
		return fmt.Errorf("not comparable: the old report is of a %s run, the new one of a %s run", a, b)
	case a != KindConformance && a != "":
		return fmt.Errorf("only conformance reports can be compared; both are of a %s run", a)
	}
	for _, r := range []struct {
		which string
		*Report
	}{{"old", before}, {"new", now}} {
		if r.Conformance != nil {
			continue
		}
		why := ""
		if r.Run.Problem != nil {
			why = ": " + r.Run.Problem.Message
		}
		return fmt.Errorf("not comparable: the %s report has no verdicts%s", r.which, why)
	}
	if a, b := before.Target.Spec, now.Target.Spec; a != b && a != "" && b != "" && (builtIn(a) || builtIn(b)) {
		return fmt.Errorf("not comparable: the old report is of the contract %s, the new one of %s", a, b)
	}
	return nil
}

// builtIn reports whether a contract has a name of ours; others are called as the
// user's file, which may have moved.
func builtIn(contract string) bool { return slices.Contains(spec.ContractNames(), contract) }

// differences say what else is not the same.
func differences(before, now *Report, changes []Change) []string {
	var out []string
	if a, b := before.Target.Host, now.Target.Host; a != b && a != "" && b != "" {
		out = append(out, fmt.Sprintf("two servers: %s and %s", a, b))
	}
	if a, b := before.Target.Spec, now.Target.Spec; a != b && a != "" && b != "" {
		out = append(out, fmt.Sprintf("two documents: %s and %s", a, b))
	}
	gone, added := 0, 0
	for _, c := range changes {
		if c.New == "" {
			gone++
		}
		if c.Old == "" {
			added++
		}
	}
	if gone+added > 0 {
		out = append(out, fmt.Sprintf("the two runs did not select the same checks: "+
			"%d only in the old report, %d only in the new", gone, added))
	}
	if now.Run.Interrupted {
		out = append(out, "the new run was interrupted")
	}
	return out
}

// Words of a change, by rank.
var changeWords = []string{"WORSE", "NO LONGER TESTED", "better", "other"}

func (c Change) rank() int {
	switch {
	case c.Worse():
		return 0
	case c.Untested():
		return 1
	case c.Better():
		return 2
	}
	return 3
}

// WriteText renders a comparison for a terminal.
func (c *Comparison) WriteText(w io.Writer) error {
	p := &printer{w: w}
	count := make([]int, len(changeWords))
	for _, ch := range c.Changes {
		count[ch.rank()]++
		p.printf("%-16s %-15s %s -> %s  %s\n", changeWords[ch.rank()], legible(ch.ID), known(ch.Old), known(ch.New),
			legible(ch.Title))
		if (ch.Worse() || ch.Untested()) && ch.New != "" && ch.Reason != "" {
			p.printf("                 %s\n", short(legible(ch.Reason), 200))
		}
	}
	for _, n := range c.Notes {
		p.printf("note: %s\n", legible(n))
	}
	untested := ""
	if count[1] > 0 {
		untested = fmt.Sprintf(" %d no longer tested,", count[1])
	}
	p.printf("%d worse,%s %d better, %s\n", count[0], untested, count[2],
		Count(count[3], "other change", "other changes"))
	return p.err
}

func known(v Verdict) string {
	if v == "" {
		return "(absent)"
	}
	return legible(string(v))
}
