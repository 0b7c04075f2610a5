package conformance

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

var refreshChecks = []Check{
	{
		ID:    "DF-REFRESH-001",
		Gate:  GateTokens,
		Needs: []Need{NeedApprover},
		Reads: []*Scenario{refreshing, metadata},
		Judge: judgeRefreshing,
	},
	{
		ID:    "DF-REFRESH-002",
		Gate:  GateTokens,
		Needs: []Need{NeedApprover, NeedSecondClient},
		Reads: []*Scenario{foreignRefresh},
		Judge: withRefreshToken(foreignRefresh, func(e *Evidence, j *Judgement) {
			j.Each(e.Of(foreignRefresh, "foreign"), DueRefusal, "invalid_grant for another client's refresh token",
				failIf(givesTokens), passIf(class(4), errorIs(spec.ErrInvalidGrant, spec.ErrInvalidClient)),
				warnIf(class(4)))
			j.Each(e.Of(foreignRefresh, "own"), DueTokens, "the refresh token to keep working for its own client",
				passIf(givesTokens), openIf(infrastructure), warnIf(anyAnswer))
		}),
	},
	{
		ID:    "DF-REFRESH-003",
		Gate:  GateTokens,
		Needs: []Need{NeedApprover},
		Reads: []*Scenario{rotation},
		Judge: withRefreshToken(rotation, judgeRotation),
	},
	{
		ID:    "DF-REFRESH-004",
		Gate:  GateTokens,
		Needs: []Need{NeedApprover},
		Reads: []*Scenario{widenedRefresh},
		Judge: withRefreshToken(widenedRefresh, judgeWidenedRefresh),
	},
	{
		ID:    "DF-REFRESH-005",
		Gate:  GateTokens,
		Needs: []Need{NeedApprover},
		Reads: []*Scenario{mixedCredentials, unknownCodes},
		Judge: judgeMixedCredentials,
	},
	{
		ID:    "DF-REFRESH-006",
		Gate:  GateTokens,
		Needs: []Need{NeedApprover, NeedOverlap},
		Reads: []*Scenario{refreshingRace},
		Judge: withRefreshToken(refreshingRace, judgeRefreshingRace),
	},
	{
		ID:    "DF-REFRESH-007",
		Gate:  GateStart,
		Reads: []*Scenario{inventedRefresh},
		Judge: judgeInventedRefresh,
	},
}

func refreshRequest(x *Exchange) bool {
	grant, _ := x.Request.Params.Get("grant_type")
	return grant == spec.GrantRefreshToken
}

// refreshable redeems a code and reports whether a refresh token came with it.
func (s *Scene) refreshable(ctx context.Context) (*Flow, bool) {
	f, ok := s.redeem(ctx)
	return f, ok && f.Token.RefreshToken != ""
}

// withRefreshToken skips a check when the server issues no refresh token.
func withRefreshToken(s *Scenario, judge func(*Evidence, *Judgement)) func(*Evidence, *Judgement) {
	return func(e *Evidence, j *Judgement) {
		switch x := e.issued(s); {
		case x == nil:
			e.unredeemed(j, s)
		case x.text("refresh_token") == "":
			j.Skip("the server issues no refresh token")
		default:
			judge(e, j)
		}
	}
}

var refreshing = &Scenario{
	Name: "refresh", Lane: LaneApprove, Needs: []Need{NeedApprover}, Cost: waits(3, 1, 1),
	Run: func(ctx context.Context, s *Scene) {
		if f, ok := s.refreshable(ctx); ok {
			s.refresh(ctx, f.Token.RefreshToken)
		}
	},
}

func judgeRefreshing(e *Evidence, j *Judgement) {
	if e.Contract.Name == "documented-v1" {
		j.Skip("the contract documented-v1 has no refresh grant")
		return
	}
	withRefreshToken(refreshing, func(e *Evidence, j *Judgement) {
		first := e.issued(refreshing)
		refused := warnIf(class(4))
		if e.Contract.Name == "documented-v2" || e.advertises("grant_types_supported", spec.GrantRefreshToken) {
			refused = failIf(class(4))
		}
		for _, x := range e.Of(refreshing, "refresh") {
			judgeRefreshed(j, x, first, refused)
		}
	})(e, j)
}

// judgeRefreshed says which part of a refresh response is wrong.
func judgeRefreshed(j *Judgement, x, first *Exchange, refused Rule) {
	switch {
	case !x.HasTokens() || x.Status() != http.StatusOK:
		j.Each([]*Exchange{x}, DueSuccess, "200 with a new access token for the refresh token",
			openIf(infrastructure), refused, failIf(class(2), not(givesTokens)))
	case !x.NoStore():
		j.Fail("a refresh response with Cache-Control: no-store", fmt.Sprintf("%q", responseHeader(x, "Cache-Control")), x)
	case x.text("access_token") == first.text("access_token"):
		j.Warn("a new access token for the refresh token", "the access token that was issued before", first, x)
	case x.text("token_type") == "":
		j.Warn("a refresh response with token_type", memberText(x, "token_type"), x)
	default:
		j.Pass(x)
	}
}

// advertises reports whether the metadata lists a value.
func (e *Evidence) advertises(member, value string) bool {
	doc := e.document()
	if doc == nil {
		return false
	}
	list, _ := doc.Object()[member].([]any)
	for _, v := range list {
		if v == value {
			return true
		}
	}
	return false
}

var foreignRefresh = &Scenario{
	Name: "refresh by another client", Lane: LaneApprove, Needs: []Need{NeedApprover, NeedSecondClient},
	Cost: waits(4, 1, 1),
	Run: func(ctx context.Context, s *Scene) {
		if f, ok := s.refreshable(ctx); ok {
			s.refresh(ctx, f.Token.RefreshToken, As(s.target.Second), Step("foreign"), Provoked())
			s.refresh(ctx, f.Token.RefreshToken, Step("own"))
		}
	},
}

// grace is how long a rotated refresh token may still be honoured for clients
// that lost an answer.
func grace(t Timing) time.Duration { return min(65*time.Second, 2*t.Lifetime) }

// rotation refreshes with r0 and, when a new token came and the grace window is
// over, with r0 again. Its wait hides in the expiry lane.
var rotation = &Scenario{
	Name: "rotation", Lane: LaneExpiry, Needs: []Need{NeedApprover},
	Cost: func(t Timing) Cost { return Cost{5, 1, t.Interval + Slack + grace(t)} },
	Run: func(ctx context.Context, s *Scene) {
		f, ok := s.refreshable(ctx)
		if !ok {
			return
		}
		x := s.refresh(ctx, f.Token.RefreshToken, Step("first"))
		if x == nil || x.text("refresh_token") == "" {
			return
		}
		if s.Wait(ctx, grace(s.target.Timing)) {
			s.refresh(ctx, f.Token.RefreshToken, Step("replayed"), Provoked())
		}
	},
}

func judgeRotation(e *Evidence, j *Judgement) {
	issued, first := e.issued(rotation), e.One(rotation, "first")
	switch {
	case first == nil || !first.HasTokens():
		j.Inconclusive("the refresh token could not be used: " + describe(first))
	case strings.EqualFold(issued.text("token_type"), "dpop"):
		j.Pass(issued) // bound to its sender
	case first.text("refresh_token") == "" || first.text("refresh_token") == issued.text("refresh_token"):
		j.Warn("a new refresh token with every use", "none, and the old one stays valid", first)
	default:
		j.Each(e.Of(rotation, "replayed"), DueRefusal, "the used refresh token to be refused",
			failIf(givesTokens), openIf(infrastructure), passIf(class(4)))
	}
}

var widenedRefresh = &Scenario{
	Name: "widened refresh", Lane: LaneApprove, Needs: []Need{NeedApprover}, Cost: waits(3, 1, 1),
	Run: func(ctx context.Context, s *Scene) {
		f, ok := s.refreshable(ctx)
		if !ok {
			return
		}
		more := s.target.Narrow
		if more == "" {
			more = "dfcheck_more"
		}
		s.refresh(ctx, f.Token.RefreshToken, With("scope", joinScopes(s.target.Scope, more)), Step("widened"), Provoked())
	},
}

func judgeWidenedRefresh(e *Evidence, j *Judgement) {
	own, _, _ := granted(e.issued(widenedRefresh))
	if own == nil {
		own = strings.Fields(e.Scope)
	}
	wider := func(x *Exchange) bool {
		got, _, ok := granted(x)
		for _, g := range got {
			if !strings.Contains(" "+strings.Join(own, " ")+" ", " "+g+" ") {
				return true
			}
		}
		return !ok && x.HasTokens() // left out, it equals the request (RFC 6749 section 5.1)
	}
	j.Each(e.Of(widenedRefresh, "widened"), DueRefusal, "invalid_scope, or no more scope than was granted",
		failIf(wider), passIf(givesTokens), passIf(statusIs(400), errorIs(spec.ErrInvalidScope)), warnIf(class(4), hasError))
}

const randomRefresh = "random refresh token"

var mixedSteps = []string{"device code as refresh token", "refresh token as device code", "access token as device code",
	"access token as refresh token", randomRefresh, "no refresh token"}

// mixedCredentials offers each credential where another is due.
var mixedCredentials = &Scenario{
	Name: "mixed credentials", Lane: LaneApprove, Needs: []Need{NeedApprover}, Cost: waits(9, 2, 1),
	Run: func(ctx context.Context, s *Scene) {
		live := s.Start(ctx)
		f, ok := s.redeem(ctx)
		if !ok || !live.OK() {
			return
		}
		s.refresh(ctx, live.Codes.DeviceCode, Step(mixedSteps[0]), Provoked())
		if f.Token.RefreshToken != "" {
			s.PollCode(ctx, f.Token.RefreshToken, Step(mixedSteps[1]), Provoked())
		}
		s.PollCode(ctx, f.Token.AccessToken, Step(mixedSteps[2]), Provoked())
		s.refresh(ctx, f.Token.AccessToken, Step(mixedSteps[3]), Provoked())
		s.refresh(ctx, madeUp(43), Step(mixedSteps[4]), Provoked())
		s.refresh(ctx, "", Without("refresh_token"), Step(mixedSteps[5]), Provoked())
	},
}

// judgeMixedCredentials holds each against an unknown credential of the kind
// that was due.
func judgeMixedCredentials(e *Evidence, j *Judgement) {
	rules := []Rule{
		failIf(givesTokens), failIf(stillPending),
		passIf(class(4), errorIs(spec.ErrInvalidGrant, spec.ErrInvalidRequest)),
		passIf(class(4), errorIs(spec.ErrUnsupportedGrantType), refreshRequest), e.frameworkAnswer(),
		warnIf(class(4), hasError),
	}
	j.Each(e.Of(mixedCredentials, randomRefresh), DueRefusal, "invalid_grant for a refresh token that nobody issued",
		rules...)
	code, token := e.likeUnknown(j), j.Against(e.One(mixedCredentials, randomRefresh), "that of the random refresh token")
	for _, x := range e.Of(mixedCredentials, mixedSteps...) {
		switch {
		case x.Step == randomRefresh:
		case refreshRequest(x):
			token.Each([]*Exchange{x}, DueRefusal, "invalid_grant for a credential of another kind", rules...)
		default:
			code.Each([]*Exchange{x}, DueRefusal, "invalid_grant for a credential of another kind", rules...)
		}
	}
}

// inventedRefresh tries the refresh grant with a token that nobody issued.
var inventedRefresh = &Scenario{
	Name: "invented refresh token", Lane: LaneInstant, Cost: fixed(1, 0),
	Run: func(ctx context.Context, s *Scene) { s.refresh(ctx, madeUp(43), Provoked()) },
}

func judgeInventedRefresh(e *Evidence, j *Judgement) {
	rules := []Rule{failIf(givesTokens), failIf(class(5)), passIf(statusIs(400), errorIs(spec.ErrUnsupportedGrantType)),
		passIf(statusIs(400), fieldErrors), warnIf(errorIs(spec.ErrInvalidGrant, spec.ErrInvalidRequest))}
	expected := "400 unsupported_grant_type (the server does not offer the refresh grant)"
	if e.Contract.Refreshes() {
		expected = "400 invalid_grant for a refresh token that nobody issued"
		rules = []Rule{failIf(givesTokens), failIf(class(5)), failIf(errorIs(spec.ErrUnsupportedGrantType)),
			passIf(statusIs(400), errorIs(spec.ErrInvalidGrant)), failIf(errorIs(spec.ErrInvalidRequest)), failIf(fieldErrors)}
	}
	j.Each(e.Of(inventedRefresh), DueRefusal, expected, rules...)
}
