package reports

import (
	"fmt"
	"slices"
)

// A Change is a check whose verdict differs between two sides. A side that does not
// have the check gives it no verdict.
type Change struct {
	Check    // as a new report has it, or an old one when no new one has
	Old, New Verdict
	// OldOften and NewOften say in how many runs of its side the verdict was, where
	// not in all: "in 1 of 3 runs".
	OldOften, NewOften string
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
func (c Change) Untested() bool { return judged(c.Old) && unjudged(c.New) }

// Better reports whether what was found before is a pass now.
func (c Change) Better() bool {
	return c.New == Pass && (c.Old == Warning || c.Old == Fail || c.Old == Error || c.Old == Waived)
}

// NewlyTested reports whether a check that was not judged before is now, and nothing
// was found.
func (c Change) NewlyTested() bool { return unjudged(c.Old) && (c.New == Pass || c.New == Waived) }

// judged reports whether a verdict is one on the server.
func judged(v Verdict) bool { return v == Pass || v == Waived || v == Warning || v == Fail }

func unjudged(v Verdict) bool { return v == "" || v == Skipped || v == Inconclusive }

// Ranks of changes, and what each is called.
const (
	broken = iota
	untested
	fixed
	newlyTested
	other
)

var changeWords = []string{"BROKEN", "NO LONGER TESTED", "fixed", "newly tested", "other"}

func (c Change) rank() int {
	switch {
	case c.Worse():
		return broken
	case c.Untested():
		return untested
	case c.Better():
		return fixed
	case c.NewlyTested():
		return newlyTested
	}
	return other
}

// Word is what the change is called.
func (c Change) Word() string { return changeWords[c.rank()] }

// Verdicts are the one before and the one now: "pass -> fail in 1 of 3 runs".
func (c Change) Verdicts() string {
	return known(c.Old) + after(" ", c.OldOften) + " -> " + known(c.New) + after(" ", c.NewOften)
}

func known(v Verdict) string {
	if v == "" {
		return "(absent)"
	}
	return legible(string(v))
}

// changes are the checks whose verdicts differ.
func changes(old, now []*Report) (out []Change) {
	before, after := standings(old), standings(now)
	for _, s := range after.list {
		was := before.of(s.ID)
		if was.Verdict != s.Verdict {
			out = append(out, Change{s.Check, was.Verdict, s.Verdict, was.often(), s.often()})
		}
	}
	for _, s := range before.list {
		if after.of(s.ID).runs == 0 {
			out = append(out, Change{s.Check, s.Verdict, "", s.often(), ""})
		}
	}
	slices.SortStableFunc(out, func(a, b Change) int { return a.rank() - b.rank() })
	return out
}

// A standing is what a check was in the runs of a side. Its verdict is the worst that
// the server got; where it got none, the worst there is.
type standing struct {
	Check
	times, runs int // it had that verdict, and was judged, or was there at all
}

// often says in how many runs the verdict was, where not in all.
func (s *standing) often() string {
	if s.times == s.runs {
		return ""
	}
	return fmt.Sprintf("in %d of %s", s.times, plural(s.runs, "run"))
}

// add takes the check of a further run in.
func (s *standing) add(c Check) {
	switch {
	case s.runs == 0 || unjudged(s.Verdict) && !unjudged(c.Verdict):
		*s = standing{c, 1, 1}
	case unjudged(c.Verdict) && !unjudged(s.Verdict):
	case s.Verdict == c.Verdict:
		s.times, s.runs = s.times+1, s.runs+1
	case Worse(s.Verdict, c.Verdict) == c.Verdict:
		*s = standing{c, 1, s.runs + 1}
	default:
		s.runs++
	}
}

// side is the checks of some runs, in their order.
type side struct{ list []*standing }

func (s *side) of(id string) *standing {
	if i := slices.IndexFunc(s.list, func(c *standing) bool { return c.ID == id }); i >= 0 {
		return s.list[i]
	}
	return &standing{}
}

func standings(runs []*Report) *side {
	s := &side{}
	for _, r := range runs {
		for _, c := range r.Conformance.Checks {
			is := s.of(c.ID)
			if is.runs == 0 {
				s.list = append(s.list, is)
			}
			is.add(c)
		}
	}
	return s
}
