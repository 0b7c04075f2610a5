package conformance

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// TestGaps: what was skipped for want of a capability is told apart from what is of
// another contract and from what the server does not have.
func TestGaps(t *testing.T) {
	check := func(id string) Check { return Check{ID: id} }
	skipped := func(id string, l Lack) Result { return lacking(l).result(check(id)) }
	needs := func(needs ...Capability) Lack { return Lack{Needs: needs} }
	results := []Result{
		skipped("DF-TOKEN-001", needs(NeedApprover)),
		skipped("DF-AUTHZ-002", Lack{Contracts: []string{"rfc8628"}}),
		skipped("DF-TOKEN-006", needs(NeedApprover, NeedScope)),
		skipped("DF-TOKEN-002", needs(NeedApprover)),
		{Check: check("DF-USERCODE-001"), Verdict: reports.Skipped, Reason: "the user codes have no letters"},
		{Check: check("DF-TOKEN-003"), Verdict: reports.Inconclusive},
	}
	got := gaps(results)
	want := []reports.Gap{
		{Needs: "approve", Enable: NeedApprover.Enable(), Checks: []string{"DF-TOKEN-001", "DF-TOKEN-002"}},
		{Needs: "approve and scope", Enable: "an approver, and --scope", Checks: []string{"DF-TOKEN-006"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	notes := []string{
		"2 checks need approve: " + NeedApprover.Enable(),
		"1 check needs approve and scope: an approver, and --scope",
		"1 check applies only to RFC 8628",
		"1 check does not apply here: the user codes have no letters",
	}
	if d := cmp.Diff(notes, leftOut(got, results)); d != "" {
		t.Error(d)
	}
	got = gaps([]Result{
		unsupported(check("DF-DENY-001"), approve.Deny),
		unsupported(check("DF-TOKEN-001"), approve.Approve),
		skipped("DF-DENY-002", Lack{Decisions: 1}),
		skipped("DF-DENY-003", needs(needAnswers)),
	})
	want = []reports.Gap{
		{Needs: "approve.deny", Enable: needDenial.Enable(), Checks: []string{"DF-DENY-001"}},
		{Needs: "approve", Enable: NeedApprover.Enable(), Checks: []string{"DF-TOKEN-001"}},
		{Needs: "1 more decision of a person", Enable: "--all asks a person for every decision",
			Checks: []string{"DF-DENY-002"}},
		{Needs: string(needAnswers), Enable: needAnswers.Enable(), Checks: []string{"DF-DENY-003"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// unsupported is a check whose decision the approver does not have.
func unsupported(c Check, d approve.Decision) Result {
	j := newJudgement(nil, c)
	j.SkipUnsupported(&Decided{Decision: string(d), Outcome: Unsupported})
	return j.result(c)
}

// TestUnable: what a check lacks is decided before it runs, as data.
func TestUnable(t *testing.T) {
	c := Check{ID: "DF-TOKEN-006", Needs: []Capability{NeedApprover, NeedScope}, Reads: []*Scenario{{Name: "redeem",
		Cost: func(Timing) Cost { return Cost{Wait: 10 * time.Second} }, Decisions: DecisionCount(2)}}}
	able := []Capability{NeedApprover, NeedScope}
	for reason, f := range map[string]*Facts{
		"needs approve and scope":                                 {},
		"needs 2 more decisions of a person; --all asks for them": {Powers: able, Unasked: []string{"redeem"}},
		"needs 10 s, but --max-wait is 5 s":                       {Powers: able, MaxWait: 5 * time.Second},
	} {
		if o := unable(c, f, spec.Documented); o.reason != reason || o.lack.isZero() {
			t.Errorf("%+v, want %s", o, reason)
		}
	}
	other := unable(Check{ID: "DF-AUTHZ-002"}, &Facts{}, spec.Documented)
	if want := "applies only to RFC 8628 and users' documents"; other.reason != want || len(other.lack.Contracts) == 0 {
		t.Errorf("%+v, want %s", other, want)
	}
}

// TestEmptyError: a selection of which nothing can be judged says why, and what
// would change that.
func TestEmptyError(t *testing.T) {
	one := lacking(Lack{Needs: []Capability{NeedScope}}).result(Check{ID: "DF-TOKEN-006"})
	two := lacking(Lack{Contracts: []string{"documented"}})
	deny := unsupported(Check{ID: "DF-DENY-001"}, approve.Deny)
	for _, test := range []struct {
		results   []Result
		err, hint string
	}{
		{[]Result{two.result(Check{ID: "DF-DOC-001"}), one, two.result(Check{ID: "DF-DOC-002"})},
			"2 checks apply only to the documented API; DF-TOKEN-006 needs scope", "--scope"},
		{[]Result{deny}, "DF-DENY-001: the approver cannot deny", needDenial.Enable()},
		{[]Result{{Check: Check{ID: "DF-DISC-001"}, Verdict: reports.Skipped, Reason: "there is no document"}},
			"DF-DISC-001: there is no document", "select other checks with --only, --skip or --level"},
	} {
		err := NothingJudged(test.results)
		e, ok := err.(*EmptyError)
		if !ok || e.Error() != "nothing of the selection was judged: "+test.err || e.Hint() != test.hint {
			t.Errorf("%v, want %s (%s)", err, test.err, test.hint)
		}
	}
}
