package checks

import (
	"context"
	"slices"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// Where a request says who sends it and what it wants: in the header alone, or in the
// address.

// basicAlone starts and polls with HTTP Basic and no client_id in the body, and polls the
// code of a start with both.
var basicAlone = &Scenario{
	Name: "HTTP Basic alone", Lane: LaneInstant, Needs: []Capability{NeedConfidential}, Cost: FixedCost(4, 2),
	Run: func(ctx context.Context, s *ScenarioRun) {
		c := secretOf(s, s.Target().Confidential.Secret, "basic")
		alone := []Option{As(c), Without("client_id"), Step("with HTTP Basic alone")}
		for _, start := range [][]Option{alone, {As(c), Step("basic")}} {
			s.Start(ctx, start...).Poll(ctx, alone...)
		}
	},
}

// judgeBasicAlone: client_id is required of clients that do not authenticate (RFC 8628
// sections 3.1, 3.4). Whether Basic works at all is DF-CLIENT-009's.
func judgeBasicAlone(e *Evidence, j *Judgement) {
	control, declared := e.One(basicAlone, "basic"), slices.Concat(e.Contract.Start.Required(),
		e.Contract.Token.Required())
	switch {
	case e.OwnDocument() && slices.Contains(declared, "client_id"):
		j.Skip("the document requires client_id in the body of every request")
		return
	case control == nil || control.Infrastructure():
		j.Inconclusive("the same request with client_id got "+Describe(control), control)
		return
	case !control.HasCodes():
		j.Skip("the client with a secret does not authenticate with HTTP Basic")
		return
	}
	for _, x := range e.Of(basicAlone, "with HTTP Basic alone") {
		if x.Op == OpStart {
			j.Each([]*Exchange{x}, ExpectSuccess, "codes, as with client_id in the body beside HTTP Basic",
				PassIf(GivesCodes), FailIf(Class(4)))
		} else {
			j.Each([]*Exchange{x}, ExpectPending, "authorization_pending, as with client_id in the body beside HTTP Basic",
				PassIf(StillPending), FailIf(Class(4)))
		}
	}
}

// addressedPolls sends token requests whose parameters, or the client's secret alone, are
// in the URL.
var addressedPolls = &Scenario{
	Name: "polls with parameters in the URL", Lane: LaneInstant, Cost: FixedCost(5, 2),
	Starts: together(exactly(1), where(NeedConfidential, 1)),
	Run: func(ctx context.Context, s *ScenarioRun) {
		if f := s.Start(ctx); f.OK() {
			f.Poll(ctx, Provoked(), Step("query"), Body(string(spec.Form), []byte{}),
				addressed(s.Target().BasePoll(f.Codes.DeviceCode)))
		}
		if c := s.Target().Confidential; c != nil {
			f, plain := s.Start(ctx, As(c)), As(&Client{ID: c.ID})
			f.Poll(ctx, plain, Provoked(), Step("no secret"))
			f.Poll(ctx, plain, Provoked(), Step("with the client secret in the URL"),
				addressed(spec.Params{{Name: "client_secret", Value: c.Secret}}))
		}
	},
}

// addressed puts parameters into the URL.
func addressed(params spec.Params) Option {
	return func(c *Call) { c.URL = spec.InURL(c.URL, params) }
}

func judgeAddressedPolls(e *Evidence, j *Judgement) {
	j.Each(e.Of(addressedPolls, "query"), ExpectRefusal, "4xx, because parameters in the URL must be ignored",
		WarnIf(StillPending), WarnIf(GivesTokens), InconclusiveIf(Class(5)), PassIf(Class(4)))
	plain := e.One(addressedPolls, "no secret")
	if plain == nil || plain.StillPending() || plain.GivesCredentials() {
		return // whether the secret is asked for is DF-CLIENT-007's
	}
	j.Against(plain, "DF-CLIENT-007").Each(e.Of(addressedPolls, "with the client secret in the URL"), ExpectRefusal,
		"the refusal of a client without its secret, because one in the URL must be ignored",
		FailIf(StillPending), FailIf(GivesTokens), InconclusiveIf(Class(5)), PassIf(Class(4)))
}
