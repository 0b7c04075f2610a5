package conformance

import (
	"testing"

	"github.com/dfcheck/dfcheck/reports"
)

func TestUnusedLeniencyIsNoted(t *testing.T) {
	l := Lenient{Status: []int{403}, ScopeArray: true}
	got := l.unused([]reports.Check{{Verdict: reports.Waived, Reason: "lenient.status"}, {Verdict: reports.Pass}})
	if len(got) != 1 || got[0] != "lenient.scope_array" {
		t.Errorf("unused: %v", got)
	}
}
