package checks

import (
	"cmp"
	"context"
	"net/http"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

var revocationChecks = []Check{
	{
		ID:    "DF-REVOKE-001",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedRevocation},
		Reads: []*Scenario{revokedRefresh},
		Judge: withRefreshToken(revokedRefresh, judgeRevokedRefresh),
	},
	{
		ID:    "DF-REVOKE-002",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedRevocation, NeedIntrospection},
		Reads: []*Scenario{revokedAccess},
		Judge: judgeRevokedAccess,
	},
	{
		ID:    "DF-REVOKE-003",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedRevocation, NeedIntrospection},
		Reads: []*Scenario{revokedRefresh, revokedAccess},
		Judge: withRefreshToken(revokedRefresh, judgeRevokedGrant),
	},
	{
		ID:    "DF-REVOKE-004",
		Gate:  GateStart,
		Needs: []Capability{NeedRevocation},
		Reads: []*Scenario{unknownRevocation},
		Judge: func(e *Evidence, j *Judgement) {
			x := e.One(unknownRevocation, "revoke an unknown token")
			if tookRevocation(j, x, FailIf(Class(4))) && x.Status() != http.StatusOK {
				j.Warn("200 for a token that nobody issued", Describe(x), x)
			}
		},
	},
	{
		ID:    "DF-REVOKE-005",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedRevocation, NeedSecondClient},
		Reads: []*Scenario{foreignRevocation, revokedRefresh},
		Judge: withRefreshToken(foreignRevocation, judgeForeignRevocation),
	},
	{
		ID:    "DF-REVOKE-006",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedRevocation},
		Reads: []*Scenario{mistoldRevocation, revokedRefresh},
		Judge: withRefreshToken(mistoldRevocation, judgeMistoldRevocation),
	},
}

// usedRefresh redeems a code and uses its refresh token once, to see that it is good for
// something. It returns the tokens of that use; false where there are none.
func usedRefresh(ctx context.Context, s *ScenarioRun) (spec.TokenResponse, bool) {
	f, ok := refreshable(ctx, s)
	if !ok {
		return spec.TokenResponse{}, false
	}
	x := s.Refresh(ctx, f.Token.RefreshToken, Step("used"))
	if x == nil || !x.HasTokens() {
		return spec.TokenResponse{}, false
	}
	next := x.Tokens()
	next.RefreshToken = cmp.Or(next.RefreshToken, f.Token.RefreshToken)
	return next, true
}

// revokedRefresh gives a refresh token back. What its access token is worth is looked at
// before the refresh token is tried: some servers end everything when one is used again.
var revokedRefresh = &Scenario{
	Name: "revoked refresh token", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedRevocation},
	Cost: WaitingCost(7, 1, 1), Spared: true,
	Words: Words{"revoke": "to revoke a refresh token", "revoked": "with the revoked refresh token"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		t, ok := usedRefresh(ctx, s)
		if !ok {
			return
		}
		s.InspectToken(ctx, t.AccessToken, "before")
		s.Revoke(ctx, t.RefreshToken, Step("revoke"))
		if Sleep(ctx, settling) {
			s.InspectToken(ctx, t.AccessToken, "after")
			s.Refresh(ctx, t.RefreshToken, Step("revoked"), Provoked())
		}
	},
}

const noRevocations = "the server takes no revocation from this client: "

// refusesClient reports whether it is the client to which an answer says no.
func refusesClient(x *Exchange) bool {
	return x.Status() == http.StatusUnauthorized ||
		x.Class() == 4 && (x.ErrorCode() == spec.ErrInvalidClient || x.ErrorCode() == spec.ErrUnauthorizedClient)
}

// tookRevocation reports whether the server says that a token is revoked. Clients that
// may revoke nothing leave a check skipped (ruling R136); what else a refusal means,
// the rules say.
func tookRevocation(j *Judgement, x *Exchange, rules ...Rule) bool {
	switch {
	case x == nil:
		j.Inconclusive("nothing was revoked: no request was sent")
		return false
	case refusesClient(x):
		j.Skip(noRevocations + Describe(x))
		return false
	}
	rules = append(rules, PassIf(Class(2)))
	j.Each([]*Exchange{x}, ExpectRefusal, "200 for a revocation request", rules...)
	return x.Class() == 2
}

func judgeRevokedRefresh(e *Evidence, j *Judgement) {
	x := e.One(revokedRefresh, "revoke")
	if !tookRevocation(j, x, FailIf(Class(4))) {
		return
	}
	if x.Status() != http.StatusOK {
		j.Warn("200 for a revoked token", Describe(x), x)
	}
	j.Each(e.Of(revokedRefresh, "revoked"), ExpectRefusal, "invalid_grant for a refresh token that was revoked",
		FailIf(GivesTokens), PassIf(Class(4), ErrorIs(spec.ErrInvalidGrant)), WarnIf(Class(4)))
}

// ended reports whether a refresh token that was given back gives nothing any more; a
// check that builds on it is open where it does.
func ended(e *Evidence, j *Judgement) bool {
	revoked, used := e.One(revokedRefresh, "revoke"), e.One(revokedRefresh, "revoked")
	if revoked != nil && refusesClient(revoked) {
		j.Skip(noRevocations + Describe(revoked))
		return false
	}
	if revoked == nil || revoked.Class() != 2 || used == nil || used.Class() != 4 {
		j.Inconclusive("a refresh token could not be revoked: " + Describe(revoked) + "; see DF-REVOKE-001")
		return false
	}
	return true
}

// revokedAccess gives an access token back.
var revokedAccess = &Scenario{
	Name: "revoked access token", Lane: LaneApprove,
	Needs: []Capability{NeedApprover, NeedRevocation, NeedIntrospection}, Cost: WaitingCost(5, 1, 1), Spared: true,
	Words: Words{"revoke": "to revoke an access token"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		f, ok := s.Redeem(ctx)
		if !ok {
			return
		}
		s.InspectToken(ctx, f.Token.AccessToken, "before")
		s.Revoke(ctx, f.Token.AccessToken, Step("revoke"))
		f.Settle(ctx)
		s.InspectToken(ctx, f.Token.AccessToken, "after")
	},
}

// accessUnsupported reports whether the server takes no access tokens back, which RFC
// 7009 section 2 lets it.
func accessUnsupported(x *Exchange) bool {
	return x != nil && x.Class() == 4 && x.ErrorCode() == "unsupported_token_type"
}

func judgeRevokedAccess(e *Evidence, j *Judgement) {
	if e.Issued(revokedAccess) == nil {
		e.Unredeemed(j, revokedAccess)
		return
	}
	x := e.One(revokedAccess, "revoke")
	if accessUnsupported(x) {
		j.Skip("the server revokes no access tokens")
		return
	}
	if tookRevocation(j, x, FailIf(Class(4))) {
		judgeEnded(e, j, revokedAccess, reports.Fail, "an access token that was revoked to be worth nothing")
	}
}

// judgeEnded compares what an access token was worth before and after. A resource may
// not have heard of the revocation (ruling R137).
func judgeEnded(e *Evidence, j *Judgement, s *Scenario, worst reports.Verdict, expected string) {
	before, after := e.One(s, "before"), e.One(s, "after")
	switch {
	case before == nil || after == nil || !IsActive(before) || after.Class() == 5 || after.Infrastructure():
		j.Inconclusive("what the access token is worth was not to be seen: "+Describe(before)+", then "+Describe(after),
			before, after)
	case !IsActive(after):
		j.Pass(after)
	case after.Request.Method == http.MethodPost:
		j.Record(worst, expected, "an active token", after)
	default:
		j.Warn(expected, "a resource that takes it", after)
	}
}

func judgeRevokedGrant(e *Evidence, j *Judgement) {
	if accessUnsupported(e.One(revokedAccess, "revoke")) {
		j.Skip("the server revokes no access tokens")
		return
	}
	if ended(e, j) {
		judgeEnded(e, j, revokedRefresh, reports.Warning, "the access tokens of a revoked refresh token to end with it")
	}
}

// unknownRevocation gives back a token that nobody issued.
var unknownRevocation = &Scenario{
	Name: "revocation of an unknown token", Lane: LaneInstant, Needs: []Capability{NeedRevocation}, Cost: FixedCost(1, 0),
	Words: Words{"revoke an unknown token": "to revoke a token that nobody issued"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		s.Revoke(ctx, RandomCode(43), Step("revoke an unknown token"))
	},
}

// foreignRevocation lets another client give a refresh token back.
var foreignRevocation = &Scenario{
	Name: "revocation by another client", Lane: LaneApprove,
	Needs: []Capability{NeedApprover, NeedRevocation, NeedSecondClient}, Cost: WaitingCost(4, 1, 1), Spared: true,
	Words: Words{"foreign": "by another client", "own": "by the client itself"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		if f, ok := refreshable(ctx, s); ok {
			s.Revoke(ctx, f.Token.RefreshToken, As(s.Target().Second), Step("foreign"), Provoked())
			f.Settle(ctx)
			s.Refresh(ctx, f.Token.RefreshToken, Step("own"))
		}
	},
}

// judgeForeignRevocation looks at the token alone: how the other client is answered is
// open (ruling R135).
func judgeForeignRevocation(e *Evidence, j *Judgement) {
	if used := e.One(revokedRefresh, "used"); used == nil || !used.HasTokens() {
		j.Inconclusive("the refresh token of a device could not be used: " + Describe(used))
		return
	}
	j.Each(e.Of(foreignRevocation, "foreign"), ExpectRefusal,
		"a refusal for another client's token, or 200 without effect",
		PassIf(Class(4)), PassIf(Class(2)))
	j.Each(e.Of(foreignRevocation, "own"), ExpectTokens,
		"a refresh token to outlive its revocation by another client", PassIf(GivesTokens), FailIf(Class(4)))
}

// mistoldRevocation gives a refresh token back and calls it an access token.
var mistoldRevocation = &Scenario{
	Name: "revocation with a wrong hint", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedRevocation},
	Cost: WaitingCost(4, 1, 1), Spared: true,
	Words: Words{"mistold": "to revoke a refresh token with the hint access_token",
		"revoked": "with the revoked refresh token"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		if f, ok := refreshable(ctx, s); ok {
			s.Revoke(ctx, f.Token.RefreshToken, With("token_type_hint", "access_token"), Step("mistold"))
			f.Settle(ctx)
			s.Refresh(ctx, f.Token.RefreshToken, Step("revoked"), Provoked())
		}
	},
}

func judgeMistoldRevocation(e *Evidence, j *Judgement) {
	if !ended(e, j) {
		return
	}
	expected := "a token to be found whatever its hint says"
	mistold := e.One(mistoldRevocation, "mistold")
	j.Each([]*Exchange{mistold}, ExpectRefusal, expected, PassIf(Class(2)), WarnIf(accessUnsupported), FailIf(Class(4)))
	if mistold != nil && mistold.Class() == 2 {
		j.Each(e.Of(mistoldRevocation, "revoked"), ExpectRefusal, expected, FailIf(GivesTokens), PassIf(Class(4)))
	}
}
