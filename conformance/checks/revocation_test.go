package checks

import (
	"testing"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// TestRevocationForOtherClients: where devices may revoke nothing, the checks that need a
// revocation are skipped, and none is left open.
func TestRevocationForOtherClients(t *testing.T) {
	v, err := refserver.VariantNamed("revokes-with-secret-alone")
	if err != nil {
		t.Fatal(err)
	}
	b := bench{server: embedded("rfc8628"), faults: []refserver.Fault{v}, opts: Options{Only: []string{"REVOKE"}}}
	for _, r := range b.conform(t) {
		want := reports.Skipped
		if r.Check.ID == "DF-REVOKE-005" { // another client cannot revoke the token either
			want = reports.Pass
		}
		if r.Verdict != want {
			t.Errorf("%s is %s: %s", r.Check.ID, r.Verdict, r.Reason)
		}
	}
}
