package checks

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

var refreshChecks = []Check{
	{
		ID:    "DF-REFRESH-001",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover},
		Reads: []*Scenario{refreshing, metadata},
		Wants: []*Scenario{approvedFlow, rotation},
		Judge: judgeRefreshing,
	},
	{
		ID:    "DF-REFRESH-002",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedSecondClient},
		Reads: []*Scenario{foreignRefresh},
		Judge: withRefreshToken(foreignRefresh, func(e *Evidence, j *Judgement) {
			j.Each(e.Of(foreignRefresh, "foreign"), ExpectRefusal, "invalid_grant for another client's refresh token",
				FailIf(GivesTokens), PassIf(Class(4), ErrorIs(spec.ErrInvalidGrant, spec.ErrInvalidClient)),
				WarnIf(Class(4)))
			j.Each(e.Of(foreignRefresh, "own"), ExpectTokens, "the refresh token to keep working for its own client",
				PassIf(GivesTokens), InconclusiveIf(Infrastructure), WarnIf(AnyAnswer))
		}),
	},
	{
		ID:    "DF-REFRESH-003",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover},
		Reads: []*Scenario{rotation},
		Judge: withRefreshToken(rotation, judgeRotation),
	},
	{
		ID:    "DF-REFRESH-004",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover},
		Reads: []*Scenario{widenedRefresh},
		Judge: withRefreshToken(widenedRefresh, judgeWidenedRefresh),
	},
	{
		ID:    "DF-REFRESH-005",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover},
		Reads: []*Scenario{mixedCredentials, unknownCodes},
		Judge: judgeMixedCredentials,
	},
	{
		ID:    "DF-REFRESH-006",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedOverlap},
		Reads: []*Scenario{refreshingRace},
		Judge: withRefreshToken(refreshingRace, judgeRefreshingRace),
	},
	{
		ID:    "DF-REFRESH-007",
		Gate:  GateStart,
		Reads: []*Scenario{inventedRefresh},
		Judge: judgeInventedRefresh,
	},
	{
		ID:    "DF-REFRESH-008",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedScope},
		Reads: []*Scenario{askedScopes},
		Wants: []*Scenario{refreshing},
		Judge: judgeRefreshedScope,
	},
}

func refreshRequest(x *Exchange) bool {
	grant, _ := x.Request.Params.Get("grant_type")
	return grant == spec.GrantRefreshToken
}

var refreshing = &Scenario{
	Name: "refresh", Lane: LaneApprove, Needs: []Capability{NeedApprover}, Cost: WaitingCost(6, 1, 1),
	Words: Words{againStep: "with the refresh token that a refresh brought"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		f, ok := refreshable(ctx, s)
		if !ok {
			return
		}
		s.InspectToken(ctx, f.Token.AccessToken, "introspect")
		if next := refreshAndInspect(ctx, s, f.Token.RefreshToken); next != f.Token.RefreshToken && next != "" {
			s.Refresh(ctx, next, Step(againStep))
		}
	},
}

const againStep = "refresh again"

// refreshAndInspect uses a refresh token, and looks what the new access token is worth. It
// returns the new refresh token, "" for none.
func refreshAndInspect(ctx context.Context, s *ScenarioRun, token string) string {
	x := s.Refresh(ctx, token)
	if x == nil || !x.HasTokens() {
		return ""
	}
	s.InspectToken(ctx, x.Tokens().AccessToken, "introspect")
	return x.Tokens().RefreshToken
}

func judgeRefreshing(e *Evidence, j *Judgement) {
	if e.Contract.Name == "documented-v1" {
		j.Skip("the contract documented-v1 has no refresh grant")
		return
	}
	if x := e.Issued(refreshing); x != nil && offlineInVain(e, x) {
		j.Warn("a refresh token in a response whose scope has offline_access", MemberText(x, "refresh_token"), x)
		return
	}
	withRefreshToken(refreshing, func(e *Evidence, j *Judgement) {
		first := e.Issued(refreshing)
		refused := WarnIf(Class(4))
		if e.Contract.Name == "documented-v2" || advertises(e, "grant_types_supported", spec.GrantRefreshToken) {
			refused = FailIf(Class(4))
		}
		for _, x := range e.Of(refreshing, "refresh", againStep) {
			judgeRefreshed(e, j, x, first, refused)
		}
		j.Each(e.Of(rotation, belated), ExpectTokens, "tokens for a refresh token whose access token has ended",
			PassIf(GivesTokens), InconclusiveIf(Infrastructure), WarnIf(Class(4))) // ruling R158
	})(e, j)
}

// offlineInVain reports whether offline_access was asked for and is told as granted, and no
// refresh token came, not even with a person's first approval (ruling R152).
func offlineInVain(e *Evidence, issued *Exchange) bool {
	refreshes := func(x *Exchange) bool { return x.Text("refresh_token") != "" }
	told, _, _ := GrantedScope(issued)
	return slices.Contains(strings.Fields(e.Scope), offlineAccess) && slices.Contains(told, offlineAccess) &&
		!(e.OwnDocument() && !e.Contract.Refreshes()) && !slices.ContainsFunc(e.TokenAnswers(), refreshes)
}

// judgeRefreshed says which part of a refresh response is wrong.
func judgeRefreshed(e *Evidence, j *Judgement, x, first *Exchange, refused Rule) {
	switch {
	case !x.HasTokens() || x.Status() != http.StatusOK && !declared(e)(x):
		j.Each([]*Exchange{x}, ExpectSuccess, "200 with a new access token for the refresh token",
			InconclusiveIf(Infrastructure), refused, FailIf(Class(2), Not(GivesTokens)))
	case !x.NoStore():
		j.Fail("a refresh response with Cache-Control: no-store", HeaderText(x, "Cache-Control"), x)
	case x.Text("access_token") == first.Text("access_token"):
		j.Warn("a new access token for the refresh token", "the access token that was issued before", first, x)
	case x.Text("token_type") == "":
		j.Warn("a refresh response with token_type", MemberText(x, "token_type"), x)
	default:
		j.Pass(x)
	}
}

// advertises reports whether the metadata lists a value.
func advertises(e *Evidence, member, value string) bool {
	doc := document(e)
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
	Name: "refresh by another client", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedSecondClient},
	Cost:  WaitingCost(4, 1, 1),
	Words: Words{"foreign": "by another client", "own": "by the client itself"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		if f, ok := refreshable(ctx, s); ok {
			s.Refresh(ctx, f.Token.RefreshToken, As(s.Target().Second), Step("foreign"), Provoked())
			s.Refresh(ctx, f.Token.RefreshToken, Step("own"))
		}
	},
}

// grace is how long a rotated refresh token may still be honoured for clients
// that lost an answer.
func grace(t Timing) time.Duration { return min(65*time.Second, 2*t.Lifetime) }

// rotation refreshes with r0 and, when a new token came and the grace window is
// over, with r0 again. Its wait hides in the expiry lane. Where the access token ends
// within it, the new refresh token is used as well, as by a device that had nothing to do.
var rotation = &Scenario{
	Name: "rotation", Lane: LaneExpiry, Needs: []Capability{NeedApprover},
	Cost:  func(t Timing) Cost { return Cost{Requests: 6, Starts: 1, Wait: t.Interval + Slack + grace(t)} },
	Words: Words{"replayed": "with the used refresh token", belated: "after the end of the access token"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		f, ok := refreshable(ctx, s)
		if !ok {
			return
		}
		x := s.Refresh(ctx, f.Token.RefreshToken, Step("first"))
		if x == nil || x.Text("refresh_token") == "" {
			return
		}
		wait := grace(s.Target().Timing)
		if !s.Wait(ctx, wait) {
			return
		}
		n, told := x.Number("expires_in")
		if next := x.Tokens().RefreshToken; next != f.Token.RefreshToken && told && n > 0 && n < int64(wait/time.Second) {
			s.Refresh(ctx, next, Step(belated))
		}
		s.Refresh(ctx, f.Token.RefreshToken, Step("replayed"), Provoked())
	},
}

const belated = "belated refresh"

func judgeRotation(e *Evidence, j *Judgement) {
	issued, first := e.Issued(rotation), e.One(rotation, "first")
	switch {
	case first == nil || !first.HasTokens():
		j.Inconclusive("the refresh token could not be used: " + Describe(first))
	case strings.EqualFold(issued.Text("token_type"), "dpop"):
		j.Pass(issued) // bound to its sender
	case first.Text("refresh_token") == "" || first.Text("refresh_token") == issued.Text("refresh_token"):
		j.Warn("a new refresh token with every use", "none, and the old one stays valid", first)
	default:
		j.Each(e.Of(rotation, "replayed"), ExpectRefusal, "the used refresh token to be refused",
			FailIf(GivesTokens), InconclusiveIf(Infrastructure), PassIf(Class(4)))
	}
}

var widenedRefresh = &Scenario{
	Name: "widened refresh", Lane: LaneApprove, Needs: []Capability{NeedApprover}, Cost: WaitingCost(3, 1, 1),
	Words: Words{"widened": "for more scope"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		f, ok := refreshable(ctx, s)
		if !ok {
			return
		}
		more := s.Target().Narrow
		if more == "" {
			more = "dfcheck_more"
		}
		s.Refresh(ctx, f.Token.RefreshToken, With("scope", JoinScopes(s.Target().Scope, more)), Step("widened"), Provoked())
	},
}

func judgeWidenedRefresh(e *Evidence, j *Judgement) {
	own, _, _ := GrantedScope(e.Issued(widenedRefresh))
	if own == nil {
		own = strings.Fields(e.Scope)
	}
	wider := func(x *Exchange) bool {
		got, _, ok := GrantedScope(x)
		for _, g := range got {
			if !strings.Contains(" "+strings.Join(own, " ")+" ", " "+g+" ") {
				return true
			}
		}
		return !ok && x.HasTokens() // left out, it equals the request (RFC 6749 section 5.1)
	}
	j.Each(e.Of(widenedRefresh, "widened"), ExpectRefusal, "invalid_scope, or no more scope than was granted",
		FailIf(wider), PassIf(GivesTokens), PassIf(StatusIs(400), ErrorIs(spec.ErrInvalidScope)), WarnIf(Class(4), HasError))
}

const randomRefresh = "random refresh token"

var mixedSteps = []string{"device code as refresh token", "refresh token as device code", "access token as device code",
	"access token as refresh token", randomRefresh, "no refresh token"}

// mixedCredentials offers each credential where another is due.
var mixedCredentials = &Scenario{
	Name: "mixed credentials", Lane: LaneApprove, Needs: []Capability{NeedApprover}, Cost: WaitingCost(9, 2, 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		live := s.Start(ctx)
		f, ok := s.Redeem(ctx)
		if !ok || !live.OK() {
			return
		}
		s.Refresh(ctx, live.Codes.DeviceCode, Step(mixedSteps[0]), Provoked())
		if f.Token.RefreshToken != "" {
			s.PollCode(ctx, f.Token.RefreshToken, Step(mixedSteps[1]), Provoked())
		}
		s.PollCode(ctx, f.Token.AccessToken, Step(mixedSteps[2]), Provoked())
		s.Refresh(ctx, f.Token.AccessToken, Step(mixedSteps[3]), Provoked())
		s.Refresh(ctx, RandomCode(43), Step(mixedSteps[4]), Provoked())
		s.Refresh(ctx, "", Without("refresh_token"), Step(mixedSteps[5]), Provoked())
	},
}

// judgeMixedCredentials holds each against an unknown credential of the kind
// that was due.
func judgeMixedCredentials(e *Evidence, j *Judgement) {
	rules := []Rule{
		FailIf(GivesTokens), FailIf(StillPending),
		PassIf(Class(4), ErrorIs(spec.ErrInvalidGrant, spec.ErrInvalidRequest)),
		PassIf(ErrorIs(spec.ErrUnsupportedGrantType), refreshRequest), // its status is DF-POLL-015's (ruling R26)
		e.FrameworkAnswer(),
		WarnIf(Class(4), HasError),
	}
	j.Each(e.Of(mixedCredentials, randomRefresh), ExpectRefusal, "invalid_grant for a refresh token that nobody issued",
		rules...)
	code, token := likeUnknown(e, j), j.Against(e.One(mixedCredentials, randomRefresh), "that of the random refresh token")
	for _, x := range e.Of(mixedCredentials, mixedSteps...) {
		switch {
		case x.Step == randomRefresh:
		case refreshRequest(x):
			token.Each([]*Exchange{x}, ExpectRefusal, "invalid_grant for a credential of another kind", rules...)
		default:
			code.Each([]*Exchange{x}, ExpectRefusal, "invalid_grant for a credential of another kind", rules...)
		}
	}
}

// inventedRefresh tries the refresh grant with a token that nobody issued.
var inventedRefresh = &Scenario{
	Name: "invented refresh token", Lane: LaneInstant, Cost: FixedCost(1, 0),
	Run: func(ctx context.Context, s *ScenarioRun) { s.Refresh(ctx, RandomCode(43), Provoked()) },
}

func judgeInventedRefresh(e *Evidence, j *Judgement) {
	rules := []Rule{FailIf(GivesTokens), FailIf(Class(5)), PassIf(StatusIs(400), ErrorIs(spec.ErrUnsupportedGrantType)),
		PassIf(StatusIs(400), FieldErrors), WarnIf(ErrorIs(spec.ErrInvalidGrant, spec.ErrInvalidRequest))}
	expected := "400 unsupported_grant_type (the server does not offer the refresh grant)"
	if e.Contract.Refreshes() {
		expected = "400 invalid_grant for a refresh token that nobody issued"
		rules = []Rule{FailIf(GivesTokens), FailIf(Class(5)), FailIf(ErrorIs(spec.ErrUnsupportedGrantType)),
			PassIf(StatusIs(400), ErrorIs(spec.ErrInvalidGrant)), FailIf(ErrorIs(spec.ErrInvalidRequest)), FailIf(FieldErrors)}
	}
	j.Each(e.Of(inventedRefresh), ExpectRefusal, expected, rules...)
}
