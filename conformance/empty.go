package conformance

import (
	"fmt"
	"strings"

	"github.com/dfcheck/dfcheck/reports"
)

// EmptyError says that nothing of a selection can be judged, and why. A run with
// such a selection would end well and prove nothing.
type EmptyError struct {
	judged bool // there was a recording
	why    []string
	ids    map[string][]string // by reason
}

// NothingRuns is an EmptyError when the plan has no check to run.
func (p *Plan) NothingRuns() error {
	if p.Count() > 0 {
		return nil
	}
	e := &EmptyError{}
	for _, c := range p.Checks {
		e.add(c.ID, c.Reason)
	}
	return e
}

// NothingJudged is an EmptyError when every result is a skipped check.
func NothingJudged(results []Result) error {
	e := &EmptyError{judged: true}
	for _, res := range results {
		if res.Verdict != reports.Skipped {
			return nil
		}
		e.add(res.Check.ID, res.Reason)
	}
	return e
}

func (e *EmptyError) add(id, reason string) {
	if e.ids == nil {
		e.ids = map[string][]string{}
	}
	if e.ids[reason] == nil {
		e.why = append(e.why, reason)
	}
	e.ids[reason] = append(e.ids[reason], id)
}

func (e *EmptyError) Error() string {
	var parts []string
	for _, why := range e.why {
		ids := e.ids[why]
		what := ids[0]
		if len(ids) > 1 {
			what = fmt.Sprintf("%d checks", len(ids))
		}
		needs, lack := strings.CutPrefix(why, needsPrefix)
		contract, other := strings.CutPrefix(why, otherContract)
		switch {
		case len(ids) == 1 && (lack || other):
			parts = append(parts, what+" "+why)
		case lack:
			parts = append(parts, what+" need "+needs)
		case other:
			parts = append(parts, what+" apply only to the "+contract)
		default:
			parts = append(parts, what+": "+why)
		}
	}
	was := "can run"
	if e.judged {
		was = "was judged"
	}
	return "nothing of the selection " + was + ": " + strings.Join(parts, "; ")
}

// Hint says what would bring the first capability that is missing.
func (e *EmptyError) Hint() string {
	for _, why := range e.why {
		needs, _ := strings.CutPrefix(why, needsPrefix)
		var all []Need
		for n := range strings.SplitSeq(needs, and) {
			all = append(all, Need(n))
		}
		if how := enable(all); how != "" {
			return how
		}
	}
	return "select other checks with --only, --skip or --level"
}
