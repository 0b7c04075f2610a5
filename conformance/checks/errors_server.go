package checks

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
)

// A tally of server errors is of one kind of request.
type errorTally struct {
	sent   int
	failed []*Exchange // of pages, what started the devices whose codes were typed
	first  string      // how the first one failed
	where  string      // and in which scenario, of pages
}

// judgeServerErrors counts the server errors among the answers to what devices send, and
// to what people type, by the kind of request. One in a run, which did not come back, may
// have had any cause. In races they are for the checks of these; a server that is full may
// say 503 (ruling R30).
func judgeServerErrors(e *Evidence, j *Judgement) {
	tallies := map[string]*errorTally{}
	for _, x := range posted(e) {
		if e.Raced(x) || x.Provoked {
			continue
		}
		kind := "a well-formed " + x.Kind()
		t := tallies[kind]
		if t == nil {
			t = &errorTally{}
			tallies[kind] = t
		}
		t.sent++
		if x.Class() != 5 || x.Status() == http.StatusServiceUnavailable {
			j.Pass(x)
			continue
		}
		t.first = cmp.Or(t.first, Describe(x))
		t.failed = append(t.failed, x)
	}
	if t := typedAtPages(e, j); t.sent > 0 {
		tallies["what a person sends from the verification page"] = t
	}
	total := 0
	for _, t := range tallies {
		total += len(t.failed)
	}
	for _, kind := range slices.Sorted(maps.Keys(tallies)) {
		t, v := tallies[kind], reports.Fail
		if len(t.failed) == 0 {
			continue
		}
		if total == 1 {
			v = reports.Warning
		}
		j.Record(v, "no server error for "+kind,
			fmt.Sprintf("%s for %d of %d%s", t.first, len(t.failed), t.sent, t.where),
			t.failed[:min(len(t.failed), shownErrors)]...)
	}
}

// shownErrors is how many exchanges a finding of server errors names.
const shownErrors = 3

// typedAtPages counts the user codes that were typed, right and wrong ones, and the pages of
// the server that failed at them (ruling R153). A recipe may send what no browser would:
// where it brought no decision to its end, its server is not blamed. Codes that are guessed
// meet limits, which are DF-USERCODE-014's.
func typedAtPages(e *Evidence, j *Judgement) *errorTally {
	t, works := &errorTally{}, false
	for _, ev := range e.AllDecisions() {
		d, start := ev.Decision, e.Authorization(ev.Flow)
		if start == nil || start.Provoked || e.Raced(start) || start.In(guessing) || !d.Outcome.Answered() && d.Failed == 0 {
			continue
		}
		works = works || d.Outcome == Accepted
		t.sent++
		if d.Failed == 0 {
			continue
		}
		t.first = cmp.Or(t.first, fmt.Sprintf("%d %s", d.Failed, http.StatusText(d.Failed)))
		t.where = cmp.Or(t.where, strings.TrimSpace(fmt.Sprintf(", first in %q %s", ev.Scenario, d.Label)))
		t.failed = append(t.failed, start)
	}
	if len(t.failed) > 0 && !works {
		j.Inconclusive("the approver brought no decision to its end, so that what it met may be its own fault: "+
			t.first+t.where, t.failed[0])
		t.failed = nil
	}
	return t
}
