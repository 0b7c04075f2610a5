package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports/redact"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/jwt"
)

var assertionChecks = []Check{
	{
		ID:    "DF-ASSERT-001",
		Needs: []Capability{NeedAssertion},
		Reads: []*Scenario{assertedStarts},
		Judge: judgeAsserted,
	},
	wrongAssertionCheck("DF-ASSERT-002", forAnother),
	wrongAssertionCheck("DF-ASSERT-003", outOfTime),
	wrongAssertionCheck("DF-ASSERT-004", unsignedBy),
	wrongAssertionCheck("DF-ASSERT-005", byAnother),
	{
		ID:    "DF-ASSERT-006",
		Needs: []Capability{NeedAssertion},
		Reads: []*Scenario{replayedAssertions},
		Judge: judgeReplayedAssertions,
	},
	wrongAssertionCheck("DF-ASSERT-007", noAssertion),
	{
		ID:    "DF-ASSERT-008",
		Needs: []Capability{NeedAssertion},
		Reads: []*Scenario{metadata},
		Judge: withMetadata(judgeAssertionAlgorithms),
	},
}

// wrongAssertionCheck makes a check of assertions that must be refused.
func wrongAssertionCheck(id string, wrong []wrongAssertion) Check {
	return Check{ID: id, Needs: []Capability{NeedAssertion}, Reads: []*Scenario{assertedStarts},
		Wants: []*Scenario{assertedPolls},
		Judge: func(e *Evidence, j *Judgement) { judgeWrongAssertions(e, j, wrong) }}
}

// bearing sends an assertion, whatever it is, in place of a new one of the client's.
func bearing(c *Client, assertion string) Option {
	return func(call *Call) {
		As(&Client{ID: c.ID, Auth: "none"})(call)
		With("client_assertion_type", jwt.AssertionType)(call)
		With(redact.Assertion, assertion)(call)
		call.Provoked, call.Once = true, true // what sends it again is not what is asked
	}
}

// What is sent as it should be.
const (
	goodAssertion = "with a good assertion"
	goodPoll      = "with another good assertion"
	firstSending  = "with an assertion"
	sentAgain     = "with the same assertion again"
)

// assertedStarts starts and polls with a good assertion, and starts with wrong ones.
var assertedStarts = &Scenario{
	Name: "starts with assertions", Lane: LaneQuiet, Needs: []Capability{NeedAssertion},
	Cost: FixedCost(2+len(wrongAssertions), 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		own := s.Target().Asserting()
		s.Start(ctx, As(own), Step(goodAssertion)).Poll(ctx, As(own), Step(goodPoll))
		for _, w := range wrongAssertions {
			s.Start(ctx, w.sent(s, own)...)
		}
	},
}

// judgeAsserted: what works at one endpoint works at the other.
func judgeAsserted(e *Evidence, j *Judgement) {
	for _, x := range e.Of(assertedStarts, goodAssertion, goodPoll) {
		if x.Op == OpStart {
			j.Each([]*Exchange{x}, ExpectSuccess, "codes for a good assertion", PassIf(GivesCodes),
				InconclusiveIf(AnyAnswer)) // whether it is good, the server alone knows
		} else {
			j.Each([]*Exchange{x}, ExpectPending, "authorization_pending for a good assertion, as one works at the "+
				"device authorization endpoint", PassIf(StillPending), FailIf(Class(4)))
		}
	}
}

// codesOfWrong is on how many codes the wrong assertions are tried: each costs an interval.
const codesOfWrong = 4

// assertedPolls polls approved codes with wrong assertions, and with a good one at last: a
// server need not look at the client before there are tokens to be had.
var assertedPolls = &Scenario{
	Name: "polls with assertions", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedAssertion},
	Cost:      WaitingCost(2*codesOfWrong+len(wrongAssertions), codesOfWrong, 1+(len(wrongAssertions)-1)/codesOfWrong+1),
	Decisions: DecisionCount(codesOfWrong), Spared: true,
	Run: func(ctx context.Context, s *ScenarioRun) {
		own := s.Target().Asserting()
		s.Times(codesOfWrong, func(i int) {
			f := s.Start(ctx, As(own))
			if f.Approve(ctx) != Accepted {
				return
			}
			f.Settle(ctx)
			for n := i; n < len(wrongAssertions); n += codesOfWrong {
				if x := f.PollDue(ctx, wrongAssertions[n].sent(s, own)...); x == nil || x.HasTokens() {
					return
				}
			}
			f.PollDue(ctx, As(own), Step(goodAssertion))
		})
	},
}

func judgeWrongAssertions(e *Evidence, j *Judgement, wrong []wrongAssertion) {
	control := e.One(assertedStarts, goodAssertion)
	if control == nil || !control.HasCodes() {
		j.Inconclusive("the device authorization request with a good assertion got "+Describe(control), control)
		return
	}
	for _, w := range wrong {
		for _, x := range e.Of(assertedStarts, w.step) {
			served := FailIf(GivesCodes)
			if w.tolerable || w.atStart {
				served = WarnIf(GivesCodes)
			}
			j.Each([]*Exchange{x}, ExpectRefusal, w.expected(), append([]Rule{served}, w.refused()...)...)
		}
	}
	for _, f := range e.FlowsOf(assertedPolls) {
		if !WasDecided(e, j, assertedPolls, f) {
			continue
		}
		for _, w := range wrong {
			judgeWrongPoll(e, j, f, w)
		}
	}
}

// judgeWrongPoll blames a refusal in other words where the code was alive, as the good
// assertion at last shows.
func judgeWrongPoll(e *Evidence, j *Judgement, flow string, w wrongAssertion) {
	alive := slices.ContainsFunc(e.Polls(flow, goodAssertion), GivesTokens)
	for _, x := range e.Polls(flow, w.step) {
		served := FailIf(GivesTokens)
		if w.tolerable {
			served = WarnIf(GivesTokens)
		}
		ended := InconclusiveIf(func(x *Exchange) bool { return IsTerminal(x) && !alive })
		j.Each([]*Exchange{x}, ExpectRefusal, w.expected(), append([]Rule{served, InconclusiveIf(StillPending), ended},
			w.refused()...)...)
	}
}

// replayedAssertions sends assertions twice, to either endpoint.
var replayedAssertions = &Scenario{
	Name: "replayed assertions", Lane: LaneInterval, Needs: []Capability{NeedAssertion}, Cost: WaitingCost(4, 2, 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		own := s.Target().Asserting()
		a := s.Target().Assertor(own)
		same := bearing(own, a.Fresh())
		f := s.Start(ctx, same, Step(firstSending))
		s.Start(ctx, same, Step(sentAgain))
		same = bearing(own, a.Fresh())
		f.Poll(ctx, same, Step(firstSending))
		f.PollDue(ctx, same, Step(sentAgain))
	},
}

func judgeReplayedAssertions(e *Evidence, j *Judgement) {
	taken := func(x *Exchange) bool { return x.HasCodes() || x.StillPending() || x.HasTokens() }
	for _, op := range []Operation{OpStart, OpToken} {
		of := func(step string) []*Exchange {
			return slices.DeleteFunc(e.Of(replayedAssertions, step), func(x *Exchange) bool { return x.Op != op })
		}
		first, again := of(firstSending), of(sentAgain)
		if len(first) == 0 || len(again) == 0 || !taken(first[0]) {
			j.Inconclusive("no assertion was taken a first time", first...)
			continue
		}
		if taken(again[0]) {
			j.Warn("an assertion to be good once", "the same answer a second time", first[0], again[0]) // ruling R162
			continue
		}
		j.Each(again, ExpectRefusal, "an assertion that was used to be refused", PassIf(Class(4)))
	}
}

// judgeAssertionAlgorithms: the metadata says by what assertions are signed (RFC 8414
// section 2).
func judgeAssertionAlgorithms(_ *Evidence, j *Judgement, doc *Exchange) {
	const member = "token_endpoint_auth_signing_alg_values_supported"
	methods, _ := doc.Object()["token_endpoint_auth_methods_supported"].([]any)
	v, there := doc.Member(member)
	list, isList := v.([]any)
	switch {
	case !slices.Contains(methods, any(AuthAssertion)):
		j.Skip("the metadata does not list private_key_jwt")
		return
	case !there:
		j.Fail(member+", as token_endpoint_auth_methods_supported lists private_key_jwt", "no such member", doc)
		return
	case !isList:
		j.Pass(doc) // its type is DF-DISC-006's business
		return
	}
	for _, alg := range list {
		if name, _ := alg.(string); strings.EqualFold(name, "none") {
			j.Fail(member+" without none", fmt.Sprintf("%.200s", JSONText(v)), doc)
		}
	}
	j.Pass(doc)
}

// refusedAssertion are the answers to an assertion that is wrong (RFC 7523 section 3.2).
var refusedAssertion = []Rule{PassIf(StatusIs(400, 401), ErrorIs(spec.ErrInvalidClient)), WarnIf(Class(4))}
