package conformance

import (
	"context"
	"net/http"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

var tokenChecks = []Check{
	{
		ID:    GateTokens,
		Gate:  GatePending,
		Needs: []Need{NeedApprover},
		Reads: []*Scenario{approvedFlow},
		Judge: judgeApproved,
	},
}

// approvedFlow is what a device lives through when all goes well: pending,
// then, after the person's approval, tokens. It polls up to three times after
// the approval, for servers whose parts agree a little later.
var approvedFlow = &Scenario{
	Name: "approved flow", Lane: LaneApprove, Needs: []Need{NeedApprover}, Cost: waits(5, 1, 3),
	Run: func(ctx context.Context, s *Scene) {
		f := s.Start(ctx)
		f.PollDue(ctx, Step("before"))
		if f.Approve(ctx) == Accepted {
			f.collect(ctx, "after")
		}
	},
}

// collect polls until tokens or a terminal error come, at most three times.
func (f *Flow) collect(ctx context.Context, step string, opts ...Option) {
	for range 3 {
		x := f.PollDue(ctx, append(opts, Step(step))...)
		if x == nil || !x.StillPending() {
			return
		}
	}
}

func judgeApproved(e *Evidence, j *Judgement) {
	flows := e.FlowsOf(approvedFlow)
	if len(flows) == 0 || !decided(e, j, approvedFlow, flows[0]) {
		return
	}
	polls := e.Polls(flows[0], "after")
	for i, x := range polls {
		switch {
		case x.HasTokens() && x.Status() == http.StatusOK && x.ErrorCode() == "":
			v := reports.Pass
			if i > 0 {
				v = reports.Warning
			}
			j.Book(v, "tokens on the first poll after the approval", "tokens only on a later poll", polls[:i+1]...)
			return
		case x.Infrastructure():
			j.Inconclusive(describe(x), x)
		case !x.StillPending():
			j.Fail("200 with an access token", describe(x), x)
			return
		}
	}
	if len(polls) == 3 {
		j.Fail("200 with an access token within 3 polls", spec.ErrAuthorizationPending, polls...)
	}
}

// decided tells whether the approver did what a flow asked of it, and books why
// not otherwise.
func decided(e *Evidence, j *Judgement, s *Scenario, flow string) bool {
	d, ok := e.Decision(s, flow, "")
	switch {
	case !ok:
		return false
	case d.Decision.Outcome == Unsupported:
		j.Skip("the approver cannot " + d.Decision.Decision)
	case d.Decision.Outcome != Accepted:
		j.Inconclusive("the " + d.Decision.Decision + " decision was " + string(d.Decision.Outcome) + ": " + d.Detail)
	}
	return d.Decision.Outcome == Accepted
}
