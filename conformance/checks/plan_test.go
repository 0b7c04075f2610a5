package checks

import (
	"testing"

	. "github.com/dfcheck/dfcheck/conformance"
)

// keepsToPlan holds a whole run of a correct server against its plan: no scenario sends
// more device authorization requests than the plan counts for it, and all together send
// nine tenths of them at least.
func keepsToPlan(t *testing.T, run *Run) {
	t.Helper()
	all, sent := authorizations(run)
	p, f := run.Plan(), &run.Target.Facts
	for _, s := range p.Scenarios {
		if n, most := sent[s.Name], s.CostOn(f).Starts; n > most {
			t.Errorf("%s: %d device authorization requests, the plan counts %d", s.Name, n, most)
		} else if n < most {
			t.Logf("%s: %d device authorization requests of %d that the plan counts", s.Name, n, most)
		}
	}
	if t.Logf("%d device authorization requests of %d that were planned", all, p.Starts); all > p.Starts ||
		10*all < 9*p.Starts {
		t.Errorf("the run sent %d device authorization requests, the plan said %d", all, p.Starts)
	}
}
