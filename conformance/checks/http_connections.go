package checks

import (
	"context"
	"fmt"
	"slices"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// approvedElsewhere approves codes that are polled on another connection than the one
// that issued them, soon after the approval, and asks that one where the other does not
// learn of it.
var approvedElsewhere = &Scenario{
	Name: "approval on several connections", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedProgram},
	Cost: func(t Timing) Cost {
		return Cost{Requests: 3 * len(soonAfter), Starts: len(soonAfter), Wait: 2*t.Polled() + settling}
	},
	Decisions: DecisionCount(len(soonAfter)),
	Words: Words{
		"soon":    "soon after the approval",
		"another": "on another connection",
		"issuer":  "on the connection that issued the code",
	},
	Run: func(ctx context.Context, s *ScenarioRun) {
		s.Times(len(soonAfter), func(i int) {
			issuer, closeIssuer := s.Kept()
			other, closeOther := s.Kept()
			defer closeIssuer()
			defer closeOther()
			f := s.Start(ctx, issuer)
			if x := f.PollDue(ctx, Step("undecided"), other); x == nil || !x.StillPending() || !f.WaitInterval(ctx, Slack) ||
				f.Approve(ctx) != Accepted || !s.Wait(ctx, soonAfter[i]) {
				return
			}
			if x := f.Poll(ctx, Step("soon"), other, Punctual()); x == nil || x.HasTokens() {
				return
			}
			if x := f.Collect(ctx, "another", other); x != nil && x.StillPending() && f.WithinLifetime(f.Interval()+Slack) {
				f.PollDue(ctx, Step("issuer"), issuer)
			}
		})
	},
}

// soonAfter are the moments after an approval at which one of the devices polls: within
// half a second, which the parts of a server have to agree. Where one of two instances
// does not learn of approvals, five codes meet it in 31 of 32 runs.
var soonAfter = []time.Duration{0, 40 * time.Millisecond, 120 * time.Millisecond, 250 * time.Millisecond,
	450 * time.Millisecond}

func judgeConnections(e *Evidence, j *Judgement) {
	for _, flow := range e.FlowsOf(patientPolls) {
		judgeOneAnswer(e, j, flow)
	}
	for _, flow := range e.FlowsOf(approvedElsewhere) {
		another, issuer := Unlimited(alive(e, e.Polls(flow, "another"))), e.Polls(flow, "issuer")
		switch {
		case !WasDecided(e, j, approvedElsewhere, flow) || len(another) == 0:
		case len(issuer) == 0 || !issuer[0].HasTokens() || len(another) < 3: // how soon is DF-TOKEN-001's
			j.Pass(another...)
		default:
			j.Fail("an approval to reach a device on whichever connection it polls",
				fmt.Sprintf("%s on %d polls, %s after the approval, and tokens at once on the connection that issued the code",
					Describe(another[0]), len(another), Seconds(another[len(another)-1].Received-approvedAt(e, flow))), another...)
		}
	}
}

func approvedAt(e *Evidence, flow string) time.Duration {
	d, _ := e.Decision(approvedElsewhere, flow, "")
	return d.At
}

// judgeOneAnswer judges the polls of an undecided code: terminal on one connection and
// pending on another, later, is a code that some instances do not know.
func judgeOneAnswer(e *Evidence, j *Judgement, flow string) {
	fresh, kept := answered(e, flow, "fresh"), answered(e, flow, "kept")
	all := slices.Concat(fresh, kept)
	ended := slices.DeleteFunc(slices.Clone(all), func(x *Exchange) bool { return !IsTerminal(x) })
	knownLater := func(x *Exchange) bool {
		return slices.ContainsFunc(all, func(y *Exchange) bool {
			return y.Sent >= x.Received && y.ErrorCode() == spec.ErrAuthorizationPending
		})
	}
	ended = slices.DeleteFunc(ended, func(x *Exchange) bool { return !knownLater(x) })
	if len(ended) == 0 {
		j.Pass(all...)
		j.Saw(len(fresh), "answered poll on a new connection")
		return
	}
	onFresh, onKept := count(fresh, IsTerminal), count(kept, IsTerminal)
	cause := "some instances of the server do not know the code"
	if onKept == 0 {
		cause = "the code is known only to the instance that issued it"
	}
	j.Fail("one answer for one code, whichever connection carries the poll", fmt.Sprintf(
		"%s on %d of %s and to %d of %d polls on the connection that issued the code, and pending otherwise: %s",
		Describe(ended[0]), onFresh, reports.Count(len(fresh), "new connection", "new connections"), onKept, len(kept),
		cause), ended...)
}

// answered are the polls of a live code that the device flow answered.
func answered(e *Evidence, flow, step string) []*Exchange {
	return slices.DeleteFunc(Unlimited(alive(e, e.Polls(flow, step))), (*Exchange).Infrastructure)
}

func count(xs []*Exchange, what Predicate) int {
	return len(slices.DeleteFunc(slices.Clone(xs), Not(what)))
}
