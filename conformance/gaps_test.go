package conformance

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports"
)

// TestGaps: what was skipped for want of a capability is told apart from what is of
// another contract and from what the server does not have.
func TestGaps(t *testing.T) {
	check := func(id string) Check {
		c := Check{ID: id}
		switch id {
		case "DF-TOKEN-001", "DF-TOKEN-002", "DF-TOKEN-003", "DF-DENY-001":
			c.Needs = []Capability{NeedApprover}
		case "DF-TOKEN-006":
			c.Needs = []Capability{NeedApprover, NeedScope}
		}
		c.Reads = []*Scenario{{Name: "of " + id, Needs: c.Needs, Cost: FixedCost(1, 1)}}
		return c
	}
	skipped := func(id, reason string) Result {
		return Result{Check: check(id), Verdict: reports.Skipped, Reason: reason}
	}
	facts := &Facts{Powers: []Capability{NeedShortExpiry}}
	got := gaps(facts, true, []Result{
		skipped("DF-TOKEN-001", "needs approve"),
		skipped("DF-AUTHZ-002", otherContract+"rfc8628 contract"),
		skipped("DF-TOKEN-006", "needs approve and scope"),
		skipped("DF-TOKEN-002", "needs approve"),
		skipped("DF-USERCODE-001", "the user codes have no letters"),
		{Check: check("DF-TOKEN-003"), Verdict: reports.Inconclusive},
	})
	want := []reports.Gap{
		{Needs: "approve", Enable: NeedApprover.Enable(), Checks: []string{"DF-TOKEN-001", "DF-TOKEN-002"}},
		{Needs: "approve and scope", Enable: "an approver, and --scope", Checks: []string{"DF-TOKEN-006"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	// The approver is there and has no steps for a denial.
	facts.Powers = append(facts.Powers, NeedApprover)
	got = gaps(facts, true, []Result{skipped("DF-DENY-001", ApproverCannot+"deny")})
	if len(got) != 1 || got[0].Needs != "approve.deny" || !strings.Contains(got[0].Enable, "deny:") {
		t.Errorf("an approver that cannot deny: %+v", got)
	}
	// A person is asked for few decisions unless --all is given.
	facts.Unasked = []string{check("DF-DENY-001").Reads[0].Name}
	got = gaps(facts, true, []Result{skipped("DF-DENY-001", "needs 1 more decision of a person; --all asks for them")})
	if len(got) != 1 || !strings.Contains(got[0].Enable, "--all") {
		t.Errorf("decisions that nobody was asked for: %+v", got)
	}
	// The person pressed q.
	got = gaps(facts, true, []Result{skipped("DF-DENY-001", approve.ErrStopped.Error())})
	if len(got) != 1 || got[0].Needs != string(needAnswers) {
		t.Errorf("a person who stopped: %+v", got)
	}
}
