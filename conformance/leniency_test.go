package conformance

import (
	"slices"
	"testing"

	"github.com/dfcheck/dfcheck/reports"
)

// TestUnusedLeniencyIsNoted: a leniency is of use also where something worse, or
// another leniency, made the verdict.
func TestUnusedLeniencyIsNoted(t *testing.T) {
	j := newJudgement(nil, Check{OwnsLimits: true})
	j.Waive(LenientStatus, "400", "403")
	j.Waive(LenientVerificationURL, "verification_uri", "verification_url")
	j.Fail("tokens", "none")
	l := Lenient{Status: []int{403}, VerificationURL: true, ScopeArray: true}
	got := l.unused([]Result{j.result(Check{}), {Verdict: reports.Pass}})
	if want := []string{LenientScopeArray}; !slices.Equal(got, want) {
		t.Errorf("unused: %v, want %v", got, want)
	}
}
