package checks

import (
	"testing"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// TestGateOfTheStartOpens: where the least request is refused and the configured one is
// served, that is one finding, and the rest of the run is judged.
func TestGateOfTheStartOpens(t *testing.T) {
	f, err := refserver.FaultNamed("scope-mandatory")
	if err != nil {
		t.Fatal(err)
	}
	b := benchFor(f)
	b.opts.Only = []string{GateStartStandard, GatePending, "DF-AUTHZ-003"}
	for _, r := range b.conform(t) {
		want := reports.Pass
		if r.Check.ID == GateStartStandard {
			want = reports.Fail
		}
		if r.Verdict != want {
			t.Errorf("%s is %s (%s), want %s", r.Check.ID, r.Verdict, r.Reason, want)
		}
	}
}
