package checks

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// tokenChecks judge the token response: this file that there is one and what it
// is worth, token_members.go its members, token_scope.go the scope that is asked for and
// polled with, token_granted.go the one that is granted.
var tokenChecks = []Check{
	{
		ID:    GateTokens,
		Gate:  GatePending,
		Needs: []Capability{NeedApprover},
		Reads: []*Scenario{approvedFlow},
		Judge: judgeApproved,
	},
	passiveToken("DF-TOKEN-002", judgeTokenType),
	passiveToken("DF-TOKEN-003", judgeTokenNoStore),
	passiveToken("DF-TOKEN-004", judgeTokenLifetime),
	{
		ID:    "DF-TOKEN-005",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedNarrowable},
		Reads: []*Scenario{narrowedScope},
		Judge: judgeNarrowedScope,
	},
	{
		ID:    "DF-TOKEN-006",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedScope},
		Reads: []*Scenario{widenedScope},
		Wants: []*Scenario{polledScopes, askedScopes},
		Judge: judgePolledScope,
	},
	passiveToken("DF-TOKEN-007", judgeTokenAlphabet),
	passiveToken("DF-TOKEN-008", judgeTokenDistinct),
	passiveToken("DF-TOKEN-009", judgeTokenShape),
	{
		ID:    "DF-TOKEN-010",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedIntrospection},
		Reads: []*Scenario{tokenWorth},
		Judge: judgeTokenWorth,
	},
	passiveToken("DF-TOKEN-011", judgeTokenJWT),
	{
		ID:    "DF-TOKEN-012",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedScope},
		Reads: []*Scenario{askedScopes},
		Wants: []*Scenario{widenedScope, narrowedScope},
		Judge: judgeScopeEnds,
	},
	{
		ID:    "DF-TOKEN-013",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedScope},
		Reads: []*Scenario{askedScopes},
		Wants: []*Scenario{widenedScope},
		Judge: judgeToldScope,
	},
	{
		ID:    "DF-TOKEN-014",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedScope},
		Reads: []*Scenario{askedScopes},
		Wants: []*Scenario{narrowedScope},
		Judge: judgeUnknownScope,
	},
	{
		ID: "DF-TOKEN-015", Gate: GateTokens, Needs: []Capability{NeedApprover}, Passive: true, Judge: judgeScopeShape,
		Reads: []*Scenario{approvedFlow}, Wants: []*Scenario{askedScopes}, Shows: "token response",
	},
}

// approvedFlow is what a device lives through when all goes well: pending,
// then, after the person's approval, tokens. It polls up to three times after
// the approval, for servers whose parts agree a little later. Twenty checks are behind
// its gate: where a server error takes the tokens, a second code has to show whether
// that comes back.
var approvedFlow = &Scenario{
	Name: "approved flow", Lane: LaneApprove, Needs: []Capability{NeedApprover}, Cost: WaitingCost(3, 1, 2),
	Run: func(ctx context.Context, s *ScenarioRun) {
		for range 2 {
			f := s.Start(ctx)
			f.PollDue(ctx, Step("before"))
			if f.Approve(ctx) != Accepted {
				return
			}
			f.Settle(ctx)
			if !serverError(f.Collect(ctx, "after")) {
				return
			}
		}
	},
}

// serverError reports whether x is the application's own failure.
func serverError(x *Exchange) bool { return x != nil && x.Class() == 5 && !x.Infrastructure() }

func judgeApproved(e *Evidence, j *Judgement) {
	flows := e.FlowsOf(approvedFlow)
	redeemed := func(flow string) bool { return len(WithTokens(e.Polls(flow, "after"))) > 0 }
	for i, f := range flows {
		polls := Unlimited(e.Polls(f, "after"))
		failed := slices.IndexFunc(polls, serverError)
		switch {
		case failed >= 0 && slices.ContainsFunc(flows[i+1:], redeemed):
			j.Warn("200 with an access token", Describe(polls[failed])+"; a second code was redeemed", polls[failed])
		case WasDecided(e, j, approvedFlow, f):
			judgeCollected(e, j, polls)
		}
	}
}

// judgeCollected: tokens on the first compliant poll after the approval; the
// second or third will do for servers that agree with themselves late.
func judgeCollected(e *Evidence, j *Judgement, polls []*Exchange) {
	for i, x := range polls {
		switch {
		case x.HasTokens() && (x.Status() == http.StatusOK || declared(e)(x)) && x.ErrorCode() == "":
			v := reports.Pass
			if i > 0 {
				v = reports.Warning
			}
			j.Record(v, "tokens on the first poll after the approval", "tokens only on a later poll", polls[:i+1]...)
			return
		case x.Infrastructure():
			j.Inconclusive(OfInfrastructure(x), x)
		case !x.StillPending():
			j.Fail("200 with an access token", Describe(x), x)
			return
		}
	}
	if n := len(polls); n == 3 && e.Alive(polls[n-1]) {
		j.Fail("200 with an access token within 3 polls", spec.ErrAuthorizationPending, polls...)
	} else if n > 0 {
		j.Inconclusive("the code expired before a poll could show the approval")
	}
}

// narrowedScope asks for a scope of which a part is not granted.
var narrowedScope = &Scenario{
	Name: "narrowed scope", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedNarrowable},
	Cost: WaitingCost(2, 1, 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		f, ok := s.Redeem(ctx, With("scope", JoinScopes(s.Target().Scope, s.Target().Narrow)))
		if ok {
			s.InspectToken(ctx, f.Token.AccessToken, "introspect")
		}
	},
}

// tokenWorth uses fresh tokens, of two people where there are two, and one that
// was tampered with.
var tokenWorth = &Scenario{
	Name: "token in use", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedIntrospection},
	Cost:      WaitingCost(7, 2, 1),
	Decisions: func(f *Facts) int { return 1 + f.Count(NeedSecondUser) },
	Words:     Words{"tampered": "with an altered access token"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		a, b := s.Start(ctx, Step("first")), s.Start(ctx, Step("second"))
		if a.Approve(ctx) != Accepted {
			return
		}
		if s.Target().Has(NeedSecondUser) {
			b.Decide(ctx, "approve", DecisionOptions{User: "second"})
		}
		if x := a.Collect(ctx, "redeem"); x == nil || !x.HasTokens() {
			return
		}
		s.InspectToken(ctx, a.Token.AccessToken, "first")
		s.InspectToken(ctx, tampered(a.Token.AccessToken), "tampered", Provoked())
		if s.Target().Has(NeedSecondUser) {
			b.Collect(ctx, "redeem")
			s.InspectToken(ctx, b.Token.AccessToken, "second")
		}
	},
}

func tampered(token string) string {
	if token == "" {
		return ""
	}
	last := byte('A')
	if token[len(token)-1] == last {
		last = 'Q' // differs in bits that base64url keeps at every length
	}
	return token[:len(token)-1] + string(last)
}

func judgeTokenWorth(e *Evidence, j *Judgement) {
	var subjects []*Exchange
	asked := slices.DeleteFunc(e.Of(tokenWorth, "first", "second"), func(x *Exchange) bool { return x.Op != OpOther })
	for _, x := range asked {
		switch id := x.Text("client_id"); {
		case x.Infrastructure():
			j.Inconclusive(OfInfrastructure(x), x)
		case !TellsWorth(x):
			j.Inconclusive("introspection refused the client that asks: "+Describe(x), x)
		case !IsActive(x) && mayNotSee(e, x) && !slices.ContainsFunc(asked, IsActive):
			j.Inconclusive("introspection calls a new access token inactive, as it has to where the client that asks, "+
				x.Request.Client+", may not see tokens of "+e.Client.ID, x)
		case !IsActive(x):
			j.Fail("the access token to work right after it was issued", worthTold(x), x)
		case id != "" && id != e.Client.ID:
			j.Fail("the token's client_id to be "+e.Client.ID, id, x)
		default:
			j.Pass(x)
			subjects = append(subjects, x)
		}
	}
	if len(subjects) == 2 && subjects[0].Text("sub") != "" && subjects[0].Text("sub") == subjects[1].Text("sub") {
		j.Fail("the token's subject to be the user who approved", "the same subject for two users", subjects...)
	}
	for _, x := range e.Of(tokenWorth, "tampered") {
		if x.Class() == 2 && IsActive(x) {
			j.Fail("an altered access token to be refused", Describe(x), x)
		}
	}
	judgeTokenEnd(e, j, subjects)
}

// mayNotSee reports whether introspection was asked by another client than the one that got
// the token. Such a client may be told that every token is inactive (RFC 7662 section 2.2).
func mayNotSee(e *Evidence, x *Exchange) bool {
	return x.Request.Method == http.MethodPost && x.Request.Client != e.Client.ID
}

func worthTold(x *Exchange) string {
	if _, told := x.Member("active"); told {
		return Describe(x) + ": active is false"
	}
	return Describe(x)
}

// judgeTokenEnd compares the end that introspection tells with expires_in.
func judgeTokenEnd(e *Evidence, j *Judgement, xs []*Exchange) {
	for _, x := range xs {
		exp, ok := x.Number("exp")
		if !ok {
			continue
		}
		for _, t := range e.Of(tokenWorth, "redeem") {
			life, has := t.Number("expires_in")
			if v, _ := t.Member("expires_in"); !isNumber(v) {
				continue // DF-TOKEN-004
			}
			name, _ := x.Request.Params.Get("token")
			if !has || t.Text("access_token") != name {
				continue
			}
			said := e.ServerTime(t).Unix() + life
			if exp < said-60 || exp > said+60 {
				j.Warn("the token's exp to agree with expires_in within 60 s", "a difference of more than 60 s", t, x)
			}
		}
	}
}

func isNumber(v any) bool { _, ok := v.(json.Number); return ok }
