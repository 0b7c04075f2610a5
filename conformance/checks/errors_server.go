package checks

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
)

// judgeServerErrors counts the server errors among the answers to what devices send, by
// the kind of request. One in a run, which did not come back, may have had any cause. In
// races they are for the checks of these; a server that is full may say 503 (ruling R30).
func judgeServerErrors(e *Evidence, j *Judgement) {
	sent, failed := map[string]int{}, map[string][]*Exchange{}
	total := 0
	for _, x := range posted(e) {
		if e.Raced(x) || x.Provoked {
			continue
		}
		kind := x.Kind()
		sent[kind]++
		if x.Class() != 5 || x.Status() == http.StatusServiceUnavailable {
			j.Pass(x)
			continue
		}
		failed[kind] = append(failed[kind], x)
		total++
	}
	for _, kind := range slices.Sorted(maps.Keys(failed)) {
		xs, v := failed[kind], reports.Fail
		if total == 1 {
			v = reports.Warning
		}
		j.Record(v, "no server error for a well-formed "+kind,
			fmt.Sprintf("%s for %d of %d", Describe(xs[0]), len(xs), sent[kind]), xs[:min(len(xs), shownErrors)]...)
	}
}

// shownErrors is how many exchanges a finding of server errors names.
const shownErrors = 3
