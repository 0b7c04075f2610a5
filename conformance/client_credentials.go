package conformance

import (
	"context"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

// secretOf returns the confidential client with another secret or method.
func (s *Scene) secretOf(secret, auth string) *Client {
	return &Client{ID: s.target.Confidential.ID, Secret: secret, Auth: auth}
}

var invalidClient = passIf(statusIs(400, 401), errorIs(spec.ErrInvalidClient))

// confidentialStarts starts with no secret, a wrong one and the right one.
var confidentialStarts = &Scenario{
	Name: "confidential starts", Lane: LaneInstant, Needs: []Need{NeedConfidential}, Cost: fixed(3, 3),
	Run: func(ctx context.Context, s *Scene) {
		auth := s.target.Confidential.Auth
		s.Start(ctx, As(s.secretOf("", auth)), Step("no secret"), Provoked())
		s.Start(ctx, As(s.secretOf(wrongSecret(), auth)), Step("wrong secret"), Provoked())
		s.Start(ctx, As(s.target.Confidential), Step("right secret"))
	},
}

func judgeConfidentialStarts(e *Evidence, j *Judgement) {
	expected := "400 or 401 with invalid_client"
	j.Each(e.Of(confidentialStarts, "no secret"), DueRefusal, expected, warnIf(givesCodes), invalidClient,
		warnIf(class(4)))
	j.Each(e.Of(confidentialStarts, "wrong secret"), DueRefusal, expected, failIf(givesCodes), invalidClient,
		warnIf(class(4)))
	j.Each(e.Of(confidentialStarts, "right secret"), DueSuccess, "200 with the right secret",
		passIf(givesCodes), openIf(anyAnswer))
}

// confidentialRedemption polls an approved code with no secret, a wrong one and
// the right one.
var confidentialRedemption = &Scenario{
	Name: "confidential redemption", Lane: LaneApprove, Needs: []Need{NeedApprover, NeedConfidential},
	Cost: waits(4, 1, 3),
	Run: func(ctx context.Context, s *Scene) {
		own, auth := s.target.Confidential, s.target.Confidential.Auth
		f := s.Start(ctx, As(own))
		if f.Approve(ctx) != Accepted {
			return
		}
		f.PollDue(ctx, As(s.secretOf("", auth)), Step("no secret"), Provoked())
		f.PollDue(ctx, As(s.secretOf(wrongSecret(), auth)), Step("wrong secret"), Provoked())
		f.PollDue(ctx, As(own), Step("right secret"))
	},
}

func judgeConfidentialRedemption(e *Evidence, j *Judgement) {
	for _, f := range e.FlowsOf(confidentialRedemption) {
		if !wasDecided(e, j, confidentialRedemption, f) {
			return
		}
	}
	j.Each(e.Of(confidentialRedemption, "no secret", "wrong secret"), DueRefusal, "400 or 401 with invalid_client",
		failIf(givesTokens), invalidClient, warnIf(class(4), hasError))
	for _, x := range e.Of(confidentialRedemption, "no secret", "wrong secret") {
		if x.HasTokens() {
			return // nothing is left to redeem
		}
	}
	j.Each(e.Of(confidentialRedemption, "right secret"), DueSuccess, "tokens with the right secret",
		passIf(givesTokens), openIf(infrastructure), openIf(stillPending), warnIf(anyAnswer))
}

// failedBasic authenticates with a wrong secret in the header.
var failedBasic = &Scenario{
	Name: "failed Basic", Lane: LaneInstant, Needs: []Need{NeedConfidential}, Cost: fixed(2, 1),
	Run: func(ctx context.Context, s *Scene) {
		wrong := s.secretOf(wrongSecret(), "basic")
		s.PollCode(ctx, madeUp(40), As(wrong), Step("token"), Provoked())
		s.Start(ctx, As(wrong), Step("device authorization"), Provoked())
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
			passIf(statusIs(401), errorIs(spec.ErrInvalidClient), func(*Exchange) bool { return basic }),
			warnIf(statusIs(401), complete),
			openIf(infrastructure),
		}
		if x.Step == "token" {
			rules = append(rules, failIf(anyAnswer))
		} else {
			rules = append(rules, failIf(class(5)), warnIf(anyAnswer))
		}
		j.Each([]*Exchange{x}, DueRefusal, expected, rules...)
	}
}

// secretMethods starts and polls with the secret in the header and in the body.
var secretMethods = &Scenario{
	Name: "secret methods", Lane: LaneInterval, Needs: []Need{NeedConfidential}, Cost: waits(4, 2, 1),
	Run: func(ctx context.Context, s *Scene) {
		// A client refused by one method could still poll a code it got by the
		// other, so each endpoint is asked by each method with a separate code.
		begun := s.Start(ctx, As(s.target.Confidential), Step("configured"))
		s.Parallel(
			func() { s.trySecret(ctx, "basic") },
			func() { s.trySecret(ctx, "post") },
			func() { begun.PollDue(ctx, As(s.target.Confidential), Step("configured")) })
	},
}

func (s *Scene) trySecret(ctx context.Context, method string) {
	c := s.secretOf(s.target.Confidential.Secret, method)
	f := s.Start(ctx, As(c), Step(method))
	if !f.OK() {
		f = s.Start(ctx, As(s.target.Confidential), Step("configured"))
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
				j.Inconclusive(ofInfrastructure(x), x)
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
		case m != e.confidentialAuth() && started.Class() == 4 && polled.Class() == 4:
			j.Pass(xs...)
		case m != e.confidentialAuth():
			j.Warn(authMethod(m)+" to be accepted, or refused with 4xx", atEndpoints(started, polled), xs...)
		default:
			j.Fail("the configured "+authMethod(m)+" to work at both endpoints", atEndpoints(started, polled), xs...)
		}
	}
	switch list, listed := e.authMethods(); {
	case working == 0:
		j.Fail("the client's secret to be accepted in the Authorization header or in the body", "neither")
	case working == 1 && e.confidentialAuth() == "post" && listed && !slices.Contains(list, any("client_secret_basic")):
		j.Warn("HTTP Basic to work for a client with a secret (RFC 6749 section 2.3.1)",
			"a server that accepts the secret only in the body, and metadata that lists no other method")
	}
}

// authMethods are the ways of client authentication that the metadata lists.
func (e *Evidence) authMethods() (list []any, ok bool) {
	doc := e.document()
	if doc == nil {
		return nil, false
	}
	list, ok = doc.Object()["token_endpoint_auth_methods_supported"].([]any)
	return list, ok
}

// confidentialAuth is the configured method of the confidential client, as the
// scenario used it.
func (e *Evidence) confidentialAuth() string {
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
	return describe(started) + " to the device authorization request, " + describe(polled) + " to the poll"
}

// doubleCredentials polls a live code with two sets of credentials at once.
var doubleCredentials = &Scenario{
	Name: "double credentials", Lane: LaneInstant, Needs: []Need{NeedConfidential}, Cost: fixed(6, 3),
	Run: func(ctx context.Context, s *Scene) {
		right := s.target.Confidential.Secret
		basic := s.secretOf(right, "basic")
		try := func(step string, starter *Client, o Option) {
			s.Start(ctx, As(starter)).Poll(ctx, As(basic), o, Step(step), Provoked())
		}
		try("agreeing", s.target.Confidential, With("client_secret", right))
		try("wrong in the body", s.target.Confidential, With("client_secret", wrongSecret()))
		try(overriddenClient, &s.target.Client, With("client_id", s.target.Client.ID))
	},
}

// doubleRedemption polls an approved code of one client with Basic for another:
// whoever gets the tokens is the one it was taken for.
var doubleRedemption = &Scenario{
	Name: "redemption with double credentials", Lane: LaneApprove, Needs: []Need{NeedApprover, NeedConfidential},
	Cost: waits(2, 1, 1),
	Run: func(ctx context.Context, s *Scene) {
		f := s.Start(ctx)
		if f.Approve(ctx) == Accepted {
			f.settle(ctx)
			f.collect(ctx, overriddenClient, As(s.secretOf(s.target.Confidential.Secret, "basic")),
				With("client_id", s.target.Client.ID), Provoked())
		}
	},
}

const overriddenClient = "another client in the body"

func judgeDoubleCredentials(e *Evidence, j *Judgement) {
	refused := passIf(statusIs(400, 401), errorIs(spec.ErrInvalidRequest, spec.ErrInvalidClient))
	j.Each(e.Of(doubleCredentials, "agreeing", "wrong in the body"), DueRefusal,
		"a request with two authentication methods to be refused",
		refused, warnIf(stillPending), warnIf(class(4), hasError))
	redeemed := e.Of(doubleRedemption, overriddenClient)
	pending, tokens := passIf(stillPending), failIf(givesTokens) // the approved code shows whose poll it was
	if len(redeemed) == 0 {
		pending = openIf(stillPending)
	}
	if slices.ContainsFunc(e.Of(foreignRedemption, "approved"), givesTokens) {
		tokens = openIf(givesTokens) // any client gets them: DF-CLIENT-002
	}
	const expected = "the poll to be taken as the authenticated client's, or refused"
	unknown := e.likeUnknown(j)
	unknown.Each(e.Of(doubleCredentials, overriddenClient), DueRefusal, expected, pending, failIf(givesTokens),
		refused, passIf(errorIs(spec.ErrInvalidGrant, spec.ErrUnauthorizedClient)))
	unknown.Each(redeemed, DueRefusal, expected+" (the code belongs to the client named in the body)", tokens,
		openIf(stillPending),
		refused, passIf(errorIs(spec.ErrInvalidGrant, spec.ErrUnauthorizedClient)))
}
