package checks

import (
	"context"
	"net/http"
	"slices"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
)

// bothWays goes both ways to a code, with the configured scope and without one, from the
// request to the tokens. Links are opened before that, as a preview does and in a
// session of the person who has approved another device of the client. An approver that
// takes its own way has its links opened all the same.
var bothWays = &Scenario{
	Name: "both ways to the code", Lane: LaneApprove, Needs: []Capability{NeedApprover}, Cost: WaitingCost(16, 4, 3),
	Spared: true,
	Decisions: func(f *Facts) int {
		if !f.Has(NeedWays) {
			return 2
		}
		return 4 + f.Count(NeedHTTPApproval)
	},
	Run: func(ctx context.Context, s *ScenarioRun) {
		scopes := []Option{func(*Call) {}, Without("scope")}
		if !s.Target().Has(NeedWays) {
			s.Times(len(scopes), func(i int) { wayOpened.begin(ctx, s, scopes[i]).openedFirst(ctx, nil).end(ctx, "") })
			return
		}
		var session http.CookieJar
		s.Times(len(scopes), func(i int) {
			f := byHand.begin(ctx, s, scopes[i])
			if i == 0 && s.Target().Has(NeedHTTPApproval) {
				if way, ok := f.Trace(ctx); ok {
					session = way.Cookies
				}
			}
			f.end(ctx, approve.ByHand)
		})
		s.Times(len(scopes), func(i int) { byLink.begin(ctx, s, scopes[i]).openedFirst(ctx, session).end(ctx, approve.ByLink) })
	},
}

// The ways, as the steps of their starts.
type wayStep string

const (
	byHand    wayStep = "whose code is typed by hand"
	byLink    wayStep = "whose link is opened"
	wayOpened wayStep = "whose link was opened before"
)

// A waylaid flow is one that is walked by a way.
type waylaid struct{ *Flow }

func (w wayStep) begin(ctx context.Context, s *ScenarioRun, scope Option) waylaid {
	return waylaid{s.Start(ctx, scope, Step(string(w)))}
}

// openedFirst opens the link without deciding; a device whose link was opened is still
// undecided.
func (f waylaid) openedFirst(ctx context.Context, session http.CookieJar) waylaid {
	link, s := f.Codes.VerificationURIComplete, f.Run()
	if !f.OK() || link == "" {
		return f
	}
	s.Browse(ctx, Call{Step: "opened", Method: http.MethodGet, URL: link}, nil)
	if session != nil {
		s.Browse(ctx, Call{Step: "opened when signed in", Method: http.MethodGet, URL: link}, session)
	}
	f.PollDue(ctx, Step("untouched"))
	return f
}

// end has the person approve and polls; where that did not come about, the poll shows
// whether the grant was decided on the way.
func (f waylaid) end(ctx context.Context, way approve.Way) {
	if way == approve.ByLink && f.Codes.VerificationURIComplete == "" {
		return
	}
	switch f.Decide(ctx, approve.Approve, DecisionOptions{Label: "approve", Way: way}) {
	case Accepted:
		f.Settle(ctx)
		f.Collect(ctx, "redeem")
	case Refused, Broken:
		f.PollDue(ctx, Step("undecided"))
	}
}

// judgeBothWays: each way ends in tokens where the other one does, or where an ordinary
// approval of the same request does.
func judgeBothWays(e *Evidence, j *Judgement) {
	flows := e.FlowsOf(bothWays)
	for _, flow := range flows {
		if start := e.Authorization(flow); start != nil && start.HasCodes() && worksElsewhere(e, start, flows) {
			judgeWay(e, j, flow, start)
		}
	}
	if len(flows) > 0 && !e.Has(NeedWays) {
		j.Inconclusive("the approver goes one way to the code; those of the kinds form and browser go both")
	}
}

// worksElsewhere reports whether the same request got tokens by another way: with the
// configured scope the gate shows that.
func worksElsewhere(e *Evidence, start *Exchange, flows []string) bool {
	scope, _ := start.Request.Params.Get("scope")
	if scope == e.Scope {
		return true
	}
	same := func(flow string) bool {
		x := e.Authorization(flow)
		if x == nil || x == start || x.Step == start.Step {
			return false
		}
		other, _ := x.Request.Params.Get("scope")
		return other == scope && len(WithTokens(e.Polls(flow, "redeem"))) > 0
	}
	return slices.ContainsFunc(append(e.FlowsOf(askedScopes), flows...), same)
}

func judgeWay(e *Evidence, j *Judgement, flow string, start *Exchange) {
	expected := "tokens for a device " + start.Step + ", as for others"
	d, ok := e.Decision(bothWays, flow, "approve")
	before := slices.DeleteFunc(e.Polls(flow, "untouched", "undecided"), (*Exchange).StillPending)
	polls := Unlimited(e.Polls(flow, "redeem"))
	switch {
	case !ok:
	case len(before) > 0: // DF-USERCODE-011
		j.Inconclusive("the code of a device "+start.Step+" got "+Describe(before[0])+" before the person approved it", before[0])
	case d.Decision.Outcome == Refused:
		j.Fail(expected, "a page that refuses its code: "+d.Detail, start)
	case d.Decision.Outcome != Accepted:
		j.Inconclusive("the approver did not get to the end for a device " + start.Step + ": " + d.Detail)
	case len(polls) == 0:
	case polls[len(polls)-1].StillPending() && len(polls) == 3 && e.Alive(polls[2]) && len(WithTokens(e.Of(unprimedFlow))) > 0:
		j.Fail(expected, Describe(polls[2])+" three times after the approval", polls...)
	default:
		j.Each(polls[len(polls)-1:], ExpectTokens, expected, PassIf(GivesTokens), InconclusiveIf(StillPending), FailIf(Class(4)), FailIf(Class(2)))
	}
}
