package checks

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
)

// bothWays goes both ways to a code, with the configured scope and without one, from the
// request to the tokens. One more code is approved after its link was opened, as a preview
// does; and the links of two more are opened in a session of the person who has approved
// other devices of the client. No code is opened in two sessions that are to agree: a
// server may bind it to the first.
var bothWays = &Scenario{
	Name: "both ways to the code", Lane: LaneApprove, Needs: []Capability{NeedApprover}, Cost: WaitingCost(21, 8, 2),
	Starts: together(exactly(1), where(NeedWays, 4), where(NeedHTTPApproval, 3)), Spared: true,
	Decisions: func(f *Facts) int {
		return 1 + 4*f.Count(NeedWays) + f.Count(NeedHTTPApproval)
	},
	Words: Words{"untouched": "after the link was opened", "of a later device": "of a later device"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		scopes := []Option{func(*Call) {}, Without("scope")}
		ways := []func(){func() { walk(ctx, s, openedBefore, "", scopes[0]) }}
		for _, scope := range scopes {
			if s.Target().Has(NeedWays) {
				ways = append(ways,
					func() { walk(ctx, s, byHand, approve.ByHand, scope) },
					func() { walk(ctx, s, byLink, approve.ByLink, scope) })
			}
		}
		s.Parallel(ways...)
		if !s.Target().Has(NeedHTTPApproval) {
			return
		}
		if way, ok := s.Start(ctx, Step(ofTheSession)).Trace(ctx); ok {
			s.Times(len(scopes), func(i int) { openLater(ctx, s, way.Cookies, scopes[i]) })
		}
	},
}

// The ways, as the steps of their starts.
const (
	byHand       = "whose code is typed by hand"
	byLink       = "whose link is opened"
	openedBefore = "whose link was fetched before by somebody else"
	ofTheSession = "of the session"
)

// walk has the person approve, and polls; where that did not come about, the poll shows
// whether the grant was decided on the way.
func walk(ctx context.Context, s *ScenarioRun, step string, way approve.Way, scope Option) {
	f := s.Start(ctx, scope, Step(step))
	link := f.Codes.VerificationURIComplete
	if !f.OK() || link == "" && step != byHand {
		return
	}
	if step == openedBefore {
		s.Browse(ctx, Call{Step: "opened", Method: http.MethodGet, URL: link}, nil)
	}
	switch f.Decide(ctx, approve.Approve, DecisionOptions{Way: way}) {
	case Accepted:
		f.Settle(ctx)
		f.Collect(ctx, "redeem")
	case Refused, Broken:
		f.PollDue(ctx, Step("undecided"))
	}
}

// openLater opens the link of a later device of the client as the person who has approved
// others.
func openLater(ctx context.Context, s *ScenarioRun, session http.CookieJar, scope Option) {
	if f := s.Start(ctx, scope, Step("of a later device")); f.OK() && f.Codes.VerificationURIComplete != "" {
		s.Browse(ctx, Call{Step: "opened when signed in", Method: http.MethodGet, URL: f.Codes.VerificationURIComplete},
			session)
		f.PollDue(ctx, Step("untouched"))
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
	judgeKeptCode(e, j)
	if len(flows) > 0 && !e.Has(NeedWays) {
		j.SkipFor(Lack{Needs: []Capability{NeedApprover},
			Because: "the approver goes one way to the code; those of the kinds form and browser go both"})
	}
}

// judgeKeptCode: a link that those who are signed in need no code for is as good for those
// who sign in on its way (ruling R155).
func judgeKeptCode(e *Evidence, j *Judgement) {
	asks := func(p approve.Sight) bool { return p.AsksCode }
	for _, start := range e.Of(consentPages, byLink) {
		for _, v := range e.Viewings(consentPages, start.Flow) {
			at := slices.IndexFunc(v.Pages, asks)
			if v.Reached && at > 0 && knownWhenSignedIn(e) {
				j.Warn("the code of a link to be known to the page after a person has signed in",
					fmt.Sprintf("the page %q, which asks for it again, and does not where one is signed in", v.Pages[at].Title), start)
			}
		}
	}
}

// knownWhenSignedIn reports whether the page behind a link shows its code to a person who
// is signed in.
func knownWhenSignedIn(e *Evidence) bool {
	for _, start := range e.Of(bothWays, "of a later device") {
		code := start.Text("user_code")
		if code != "" && slices.ContainsFunc(e.Of(bothWays, "opened when signed in"), func(x *Exchange) bool {
			return x.Class() == 2 && strings.Contains(x.Response.Body, code)
		}) {
			return true
		}
	}
	return false
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
	d, ok := e.Decision(bothWays, flow, "")
	decided := WithTokens(e.Polls(flow, "undecided"))
	polls := Unlimited(e.Polls(flow, "redeem"))
	switch {
	case !ok || start.Step == ofTheSession:
	case len(decided) > 0: // DF-USERCODE-011
		j.Inconclusive("a device "+start.Step+" got tokens before the person approved it", decided...)
	case d.Decision.Outcome == Refused && start.Step == openedBefore:
		j.Warn(expected, "a page that refuses its code: "+d.Detail, start) // it may have taken the fetch for a first session
	case d.Decision.Outcome == Refused:
		j.Fail(expected, "a page that refuses its code: "+d.Detail, start)
	case d.Decision.Outcome != Accepted:
		j.Inconclusive("the approver did not get to the end for a device " + start.Step + ": " + d.Detail)
	case len(polls) == 0:
	case polls[len(polls)-1].StillPending() && len(polls) == 3 && e.Alive(polls[2]) &&
		len(WithTokens(e.Of(unprimedFlow))) > 0:
		j.Fail(expected, Describe(polls[2])+" three times after the approval", polls...)
	default:
		j.Each(polls[len(polls)-1:], ExpectTokens, expected, PassIf(GivesTokens), InconclusiveIf(StillPending),
			FailIf(Class(4)), FailIf(Class(2)))
	}
}
