package reports

import (
	"fmt"
	"math"
	"slices"

	"github.com/dfcheck/dfcheck/reports/shift"
)

// An EventChange is something that happens in a run or does not, and in how many runs
// of each side it did.
type EventChange struct {
	What             string
	Old, New         int
	OldRuns, NewRuns int // in which it could
	Outcome          Outcome
	errors           bool // it is about failed requests
}

// seen says where an event was: "in 2 of 5 runs".
func seen(in, of int) string {
	switch {
	case of == 0:
		return "not judged"
	case in == of && of == 1:
		return "in the run"
	case in == of:
		return fmt.Sprintf("in all %d runs", of)
	case in == 0:
		return "in none"
	}
	return fmt.Sprintf("in %d of %d runs", in, of)
}

// A happening is an event of one run.
type happening struct {
	what    string
	kind    happeningKind
	in, out bool // it happened, or it could have been told and did not
}

type happeningKind int

const (
	definite happeningKind = iota // once is enough: a broken promise
	expected                      // a threshold, which may lie close to the figure
	byChance                      // an error, which a healthy server has now and then
)

// happenings of a run.
func (l *Load) happenings() (out []happening) {
	if l.Stopped != nil {
		out = append(out, happening{what: "the target stopped answering", in: true})
	}
	for _, v := range l.Violations {
		if !v.Information {
			out = append(out, happening{what: "violation: " + v.Title + bracketed(v.Check), in: true})
		}
	}
	for _, t := range l.Thresholds {
		missed, met := t.Verdict == Fail, t.Verdict == Pass
		out = append(out, happening{"threshold missed: " + t.Expression, expected, missed, met})
	}
	for _, e := range l.Errors {
		out = append(out, happening{"errors: " + e.Kind, byChance, e.Count > 0, false})
	}
	return out
}

// events are what happened on either side, in the order of the runs.
func events(old, now []*Report) (out []EventChange) {
	kinds := map[string]happeningKind{}
	var order []string
	count := [2]map[string][2]int{{}, {}}
	for i, runs := range [][]*Report{old, now} {
		for _, r := range runs {
			for _, h := range r.Load.happenings() {
				if _, known := kinds[h.what]; !known {
					kinds[h.what], order = h.kind, append(order, h.what)
				}
				n := count[i][h.what]
				if h.in {
					n[0]++
				} else if h.out {
					n[1]++
				}
				count[i][h.what] = n
			}
		}
	}
	for _, what := range order {
		a, b := count[0][what], count[1][what]
		e := EventChange{What: what, Old: a[0], New: b[0], OldRuns: len(old), NewRuns: len(now),
			errors: kinds[what] == byChance}
		if kinds[what] == expected {
			e.OldRuns, e.NewRuns = a[0]+a[1], b[0]+b[1]
		}
		if e.Outcome = e.outcome(kinds[what]); e.Old+e.New > 0 || e.Outcome != Still {
			out = append(out, e)
		}
	}
	return out
}

func (e EventChange) outcome(kind happeningKind) Outcome {
	switch {
	case e.OldRuns == 0: // somebody expects more than before
		return Still
	case e.NewRuns == 0:
		return NotJudgedAgain
	case kind == definite && e.Old == 0 && e.New > 0,
		kind == expected && e.Old == 0 && 2*e.New > e.NewRuns,
		kind == byChance && e.Old == 0 && e.New == e.NewRuns && coincidence(e.OldRuns, e.NewRuns) <= shift.Level:
		return GotBroken
	case kind != byChance && e.Old == e.OldRuns && e.New == 0,
		kind == byChance && e.Old == e.OldRuns && e.New == 0 && coincidence(e.NewRuns, e.OldRuns) <= shift.Level:
		return GotFixed
	case e.Old > 0 && e.New == 0:
		return NotSeenAgain
	}
	return Still
}

// coincidence is how likely something that happens in a share of all runs, whatever
// that is, happens in none of some and in all of others, at most.
func coincidence(none, all int) float64 {
	p := float64(all) / float64(none+all)
	return math.Pow(1-p, float64(none)) * math.Pow(p, float64(all))
}

// events are those of an outcome.
func (l *LoadChange) events(o Outcome) (out []string) {
	for _, e := range l.Events {
		if e.Outcome == o {
			out = append(out, e.What)
		}
	}
	return slices.Clip(out)
}
