package checks

import (
	"context"
	"slices"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// secretOf returns the confidential client with another secret or method.
func secretOf(s *ScenarioRun, secret, auth string) *Client {
	return &Client{ID: s.Target().Confidential.ID, Secret: secret, Auth: auth}
}

var invalidClient = PassIf(StatusIs(400, 401), ErrorIs(spec.ErrInvalidClient))

// confidentialStarts starts with no secret, a wrong one and the right one.
var confidentialStarts = &Scenario{
	Name: "confidential starts", Lane: LaneInstant, Needs: []Capability{NeedConfidential}, Cost: FixedCost(3, 3),
	Run: func(ctx context.Context, s *ScenarioRun) {
		auth := s.Target().Confidential.Auth
		s.Start(ctx, As(secretOf(s, "", auth)), Step("no secret"), Provoked())
		s.Start(ctx, As(secretOf(s, WrongSecret(), auth)), Step("wrong secret"), Provoked())
		s.Start(ctx, As(s.Target().Confidential), Step("right secret"))
	},
}

func judgeConfidentialStarts(e *Evidence, j *Judgement) {
	expected := "400 or 401 with invalid_client"
	j.Each(e.Of(confidentialStarts, "no secret"), ExpectRefusal, expected, WarnIf(GivesCodes), invalidClient,
		WarnIf(Class(4)))
	j.Each(e.Of(confidentialStarts, "wrong secret"), ExpectRefusal, expected, FailIf(GivesCodes), invalidClient,
		WarnIf(Class(4)))
	j.Each(e.Of(confidentialStarts, "right secret"), ExpectSuccess, "200 with the right secret",
		PassIf(GivesCodes), InconclusiveIf(AnyAnswer))
}

// confidentialRedemption polls an approved code with no secret, a wrong one and
// the right one, and refreshes with no secret.
var confidentialRedemption = &Scenario{
	Name: "confidential redemption", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedConfidential},
	Cost:  WaitingCost(5, 1, 3),
	Words: Words{unprovenRefresh: "with its client_id and no secret"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		own, auth := s.Target().Confidential, s.Target().Confidential.Auth
		f := s.Start(ctx, As(own))
		if f.Approve(ctx) != Accepted {
			return
		}
		f.PollDue(ctx, As(secretOf(s, "", auth)), Step("no secret"), Provoked())
		f.PollDue(ctx, As(secretOf(s, WrongSecret(), auth)), Step("wrong secret"), Provoked())
		x := f.PollDue(ctx, As(own), Step("right secret"))
		if x != nil && x.Text("refresh_token") != "" {
			s.Refresh(ctx, x.Tokens().RefreshToken, As(secretOf(s, "", auth)), Step(unprovenRefresh), Provoked())
		}
	},
}

const unprovenRefresh = "refresh without secret"

func judgeConfidentialRedemption(e *Evidence, j *Judgement) {
	for _, f := range e.FlowsOf(confidentialRedemption) {
		if !WasDecided(e, j, confidentialRedemption, f) {
			return
		}
	}
	j.Each(e.Of(confidentialRedemption, "no secret", "wrong secret"), ExpectRefusal, "400 or 401 with invalid_client",
		FailIf(GivesTokens), invalidClient, WarnIf(Class(4), HasError))
	for _, x := range e.Of(confidentialRedemption, "no secret", "wrong secret") {
		if x.HasTokens() {
			return // nothing is left to redeem
		}
	}
	j.Each(e.Of(confidentialRedemption, "right secret"), ExpectSuccess, "tokens with the right secret",
		PassIf(GivesTokens), InconclusiveIf(Infrastructure), InconclusiveIf(StillPending), WarnIf(AnyAnswer))
	// How a client that does not authenticate is refused, the polls have shown.
	j.Each(e.Of(confidentialRedemption, unprovenRefresh), ExpectRefusal,
		"invalid_client for a confidential client's refresh token without its secret", FailIf(GivesTokens), PassIf(Class(4)))
}

// failedBasic authenticates with a wrong secret in the header.
var failedBasic = &Scenario{
	Name: "failed Basic", Lane: LaneInstant, Needs: []Capability{NeedConfidential}, Cost: FixedCost(2, 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		wrong := secretOf(s, WrongSecret(), "basic")
		s.PollCode(ctx, RandomCode(40), As(wrong), Step(ToToken), Provoked())
		s.Start(ctx, As(wrong), Step(ToStart), Provoked())
	},
}

func judgeFailedBasic(e *Evidence, j *Judgement) {
	const expected = "401 invalid_client with WWW-Authenticate: Basic"
	for _, x := range e.Of(failedBasic) {
		if x.HasCodes() {
			continue // DF-CLIENT-006
		}
		challenge := x.Response != nil && x.Response.Header.Get("WWW-Authenticate") != ""
		basic := challenge && strings.HasPrefix(strings.ToLower(x.Response.Header.Get("WWW-Authenticate")), "basic")
		complete := func(*Exchange) bool { return challenge }
		rules := []Rule{
			PassIf(StatusIs(401), ErrorIs(spec.ErrInvalidClient), func(*Exchange) bool { return basic }),
			WarnIf(StatusIs(401), complete),
			InconclusiveIf(Infrastructure),
		}
		if x.Step == ToToken {
			rules = append(rules, FailIf(AnyAnswer))
		} else {
			rules = append(rules, FailIf(Class(5)), WarnIf(AnyAnswer))
		}
		j.Each([]*Exchange{x}, ExpectRefusal, expected, rules...)
	}
}

// secretMethods starts and polls with the secret in the header and in the body.
var secretMethods = &Scenario{
	Name: "secret methods", Lane: LaneInterval, Needs: []Capability{NeedConfidential}, Cost: WaitingCost(7, 4, 1),
	Words: Words{"configured": "with the configured authentication method"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		// A client refused by one method could still poll a code it got by the
		// other, so each endpoint is asked by each method with a separate code.
		begun := s.Start(ctx, As(s.Target().Confidential), Step("configured"))
		s.Parallel(
			func() { trySecret(ctx, s, "basic") },
			func() { trySecret(ctx, s, "post") },
			func() { begun.PollDue(ctx, As(s.Target().Confidential), Step("configured")) })
	},
}

func trySecret(ctx context.Context, s *ScenarioRun, method string) {
	c := secretOf(s, s.Target().Confidential.Secret, method)
	f := s.Start(ctx, As(c), Step(method))
	if !f.OK() {
		f = s.Start(ctx, As(s.Target().Confidential), Step("configured"))
	}
	f.PollDue(ctx, As(c), Step(method))
}

// judgeSecretMethods: the configured method works at both endpoints, and the other
// one at both or at neither, since a client may be registered for one alone
// (ruling R27).
func judgeSecretMethods(e *Evidence, j *Judgement) {
	working := 0
	for _, m := range []string{"basic", "post"} {
		xs := e.Of(secretMethods, m)
		var started, polled *Exchange
		for _, x := range xs {
			if x.Infrastructure() {
				j.Inconclusive(OfInfrastructure(x), x)
				return
			}
			if x.Op == OpStart {
				started = x
			} else {
				polled = x
			}
		}
		if started == nil || polled == nil {
			j.Inconclusive("the device authorization request failed with the client's configured authentication method")
			return
		}
		switch s, p := started.HasCodes(), polled.StillPending(); {
		case s && p:
			working++
			j.Pass(xs...)
		case s != p:
			j.Fail(authMethod(m)+" to work at both endpoints or at neither", atEndpoints(started, polled), xs...)
		case m != confidentialAuth(e) && started.Class() == 4 && polled.Class() == 4:
			j.Pass(xs...)
		case m != confidentialAuth(e):
			j.Warn(authMethod(m)+" to be accepted, or refused with 4xx", atEndpoints(started, polled), xs...)
		default:
			j.Fail("the configured "+authMethod(m)+" to work at both endpoints", atEndpoints(started, polled), xs...)
		}
	}
	switch list, listed := authMethods(e); {
	case working == 0:
		j.Fail("the client's secret to be accepted in the Authorization header or in the body", "neither")
	case working == 1 && confidentialAuth(e) == "post" && listed && !slices.Contains(list, any("client_secret_basic")):
		j.Warn("HTTP Basic to work for a client with a secret (RFC 6749 section 2.3.1)",
			"a server that accepts the secret only in the body, and metadata that lists no other method")
	}
}

// authMethods are the ways of client authentication that the metadata lists.
func authMethods(e *Evidence) (list []any, ok bool) {
	doc := document(e)
	if doc == nil {
		return nil, false
	}
	list, ok = doc.Object()["token_endpoint_auth_methods_supported"].([]any)
	return list, ok
}

// confidentialAuth is the configured method of the confidential client, as the
// scenario used it.
func confidentialAuth(e *Evidence) string {
	for _, x := range e.Of(secretMethods, "configured") {
		if x.Request.Header.Get("Authorization") != "" {
			return "basic"
		}
	}
	return "post"
}

func authMethod(m string) string {
	if m == "basic" {
		return "HTTP Basic"
	}
	return "client_secret in the body"
}

func atEndpoints(started, polled *Exchange) string {
	return Describe(started) + " to the device authorization request, " + Describe(polled) + " to the poll"
}

// doubleCredentials polls a live code with two sets of credentials at once.
var doubleCredentials = &Scenario{
	Name: "double credentials", Lane: LaneInstant, Needs: []Capability{NeedConfidential}, Cost: FixedCost(6, 3),
	Words: Words{"agreeing": "with the same credentials twice"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		right := s.Target().Confidential.Secret
		basic := secretOf(s, right, "basic")
		try := func(step string, starter *Client, o Option) {
			s.Start(ctx, As(starter)).Poll(ctx, As(basic), o, Step(step), Provoked())
		}
		try("agreeing", s.Target().Confidential, With("client_secret", right))
		try("wrong in the body", s.Target().Confidential, With("client_secret", WrongSecret()))
		try(overriddenClient, &s.Target().Client, With("client_id", s.Target().Client.ID))
	},
}

// doubleRedemption polls an approved code of one client with Basic for another:
// whoever gets the tokens is the one it was taken for.
var doubleRedemption = &Scenario{
	Name: "redemption with double credentials", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedConfidential},
	Cost: WaitingCost(2, 1, 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if f.Approve(ctx) == Accepted {
			f.Settle(ctx)
			f.Collect(ctx, overriddenClient, As(secretOf(s, s.Target().Confidential.Secret, "basic")),
				With("client_id", s.Target().Client.ID), Provoked())
		}
	},
}

const overriddenClient = "another client in the body"

func judgeDoubleCredentials(e *Evidence, j *Judgement) {
	refused := PassIf(StatusIs(400, 401), ErrorIs(spec.ErrInvalidRequest, spec.ErrInvalidClient))
	j.Each(e.Of(doubleCredentials, "agreeing", "wrong in the body"), ExpectRefusal,
		"a request with two authentication methods to be refused",
		refused, WarnIf(StillPending), WarnIf(Class(4), HasError))
	redeemed := e.Of(doubleRedemption, overriddenClient)
	pending, tokens := PassIf(StillPending), FailIf(GivesTokens) // the approved code shows whose poll it was
	if len(redeemed) == 0 {
		pending = InconclusiveIf(StillPending)
	}
	if slices.ContainsFunc(e.Of(foreignRedemption, "approved"), GivesTokens) {
		tokens = InconclusiveIf(GivesTokens) // any client gets them: DF-CLIENT-002
	}
	const expected = "the poll to be taken as the authenticated client's, or refused"
	unknown := likeUnknown(e, j)
	unknown.Each(e.Of(doubleCredentials, overriddenClient), ExpectRefusal, expected, pending, FailIf(GivesTokens),
		refused, PassIf(ErrorIs(spec.ErrInvalidGrant, spec.ErrUnauthorizedClient)))
	unknown.Each(redeemed, ExpectRefusal, expected+" (the code belongs to the client named in the body)", tokens,
		InconclusiveIf(StillPending),
		refused, PassIf(ErrorIs(spec.ErrInvalidGrant, spec.ErrUnauthorizedClient)))
}
