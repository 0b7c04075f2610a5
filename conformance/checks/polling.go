package checks

import (
	"context"
	"fmt"
	"sync"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// pollingChecks judge the token endpoint before the decision: this file the
// pending state, polling_pace.go the interval, polling_served.go which one is served,
// polling_patient.go a device that polls for long, polling_slow_down.go slow_down,
// polling_refusals.go what must be refused.
var pollingChecks = []Check{
	{
		ID:    GatePending,
		Gate:  GateStart,
		Reads: []*Scenario{firstPoll},
		Wants: []*Scenario{pacesServed},
		Judge: judgeFirstPoll,
	},
	{
		ID:    "DF-POLL-002",
		Gate:  GatePending,
		Reads: []*Scenario{hastyFirstPoll},
		Judge: judgeHastyFirstPoll,
	},
	{ID: "DF-POLL-003", Gate: GatePending, Reads: []*Scenario{steadyPolls, servedSlowDown, firstPoll},
		Wants: []*Scenario{pacesServed}, Judge: judgeSteadyPolls},
	{ID: "DF-POLL-004", Gate: GatePending, OfPace: true, Reads: []*Scenario{servedSlowDown}, Judge: judgeEarnedSlowDown},
	{ID: "DF-POLL-005", Gate: GatePending, OfPace: true, Reads: []*Scenario{servedSlowDown}, Judge: judgeServedSlowDown},
	{ID: "DF-POLL-006", Gate: GatePending, OfPace: true, Reads: []*Scenario{addedSlowDowns, servedSlowDown},
		Judge: judgeAddedSlowDowns},
	{ID: "DF-POLL-007", Gate: GatePending, OfPace: true, Reads: []*Scenario{rememberedSlowDown},
		Judge: judgeRememberedSlowDown},
	{ID: "DF-POLL-008", Gate: GateTokens, Needs: []Capability{NeedApprover}, Reads: []*Scenario{slowedThenApproved},
		Judge: judgeSlowedThenApproved},
	{
		ID:     "DF-POLL-009",
		Gate:   GatePending,
		OfPace: true,
		Reads:  []*Scenario{hastyNeighbour, servedSlowDown},
		Judge:  judgePatient(hastyNeighbour, "for a device that keeps its interval"),
	},
	{
		ID:     "DF-POLL-010",
		Gate:   GatePending,
		OfPace: true,
		Reads:  []*Scenario{guessingNeighbour, servedSlowDown},
		Judge:  judgePatient(guessingNeighbour, "for a device while somebody else polls unknown codes"),
	},
	{ID: "DF-POLL-011", Gate: GatePending, Reads: []*Scenario{unknownCodes}, Judge: judgeUnknownCodes},
	{ID: "DF-POLL-012", Gate: GatePending, Reads: []*Scenario{alteredCodes, unknownCodes}, Judge: judgeAlteredCodes},
	{ID: "DF-POLL-013", Gate: GatePending, Reads: []*Scenario{missingCode}, Judge: judgeMissingCode},
	{ID: "DF-POLL-014", Gate: GatePending, Reads: []*Scenario{missingGrantType},
		Judge: taking(OpToken, "grant_type", judgeMissingGrantType)},
	{ID: "DF-POLL-015", Gate: GatePending, Reads: []*Scenario{foreignGrantTypes, missingGrantType, firstPoll},
		Judge: taking(OpToken, "grant_type", judgeForeignGrantTypes)},
	{ID: "DF-POLL-016", Gate: GatePending, Reads: []*Scenario{overlongPolls, unknownCodes}, Judge: judgeOverlongPolls},
	{ID: "DF-POLL-017", Gate: GatePending, Reads: []*Scenario{steadyPolls, servedSlowDown}, Judge: judgeDefaultInterval},
	{ID: "DF-POLL-018", Gate: GateTokens, Needs: []Capability{NeedApprover, NeedSteps}, Reads: []*Scenario{enteredCode},
		Judge: judgeEnteredCode},
	{ID: "DF-POLL-019", Gate: GatePending, Needs: []Capability{NeedApprover},
		Reads: []*Scenario{unprimedFlow, approvedFlow},
		Judge: judgeUnprimedFlow},
	{ID: "DF-POLL-020", Gate: GatePending, Reads: []*Scenario{extraPollMembers}, Judge: judgeExtraPollMembers},
	{ID: "DF-POLL-021", Gate: GatePending, Reads: []*Scenario{repeatedPollMembers, unknownCodes, unknownClientPoll},
		Judge: judgeRepeatedPollMembers},
	{ID: "DF-POLL-022", Gate: GatePending, OwnsLimits: true, OfPace: true,
		Reads: []*Scenario{patientPolls, patientAlone, servedSlowDown}, Wants: []*Scenario{idleUntilEnd},
		Judge: judgePatience},
}

// firstPoll is the plainest flow: start, wait the interval, poll, and the same again.
var firstPoll = &Scenario{
	Name: "first poll", Lane: LaneFirst, Cost: WaitingCost(3, 1, 2),
	Words: Words{"due again": "after the interval, once more"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if x := f.PollDue(ctx, Step("due")); x != nil && x.ErrorCode() == spec.ErrAuthorizationPending {
			f.PollDue(ctx, Step("due again"))
		}
	},
}

func judgeFirstPoll(e *Evidence, j *Judgement) {
	const expected = spec.ErrAuthorizationPending + " after a full interval"
	due := e.Of(firstPoll, "due")
	if a := e.Timing.Adapted; a != nil && len(due) == 1 && due[0].ErrorCode() == spec.ErrSlowDown {
		j.Fail(expected, due[0].Replied()+"; "+a.String(), due[0])
		return
	}
	j.Each(due, ExpectPending, expected, PassIf(Class(4), ErrorIs(spec.ErrAuthorizationPending)),
		InconclusiveIf(Infrastructure), FailIf(AnyAnswer))
}

// hastyFirstPoll polls as soon as the codes are there.
var hastyFirstPoll = &Scenario{
	Name: "hasty first poll", Lane: LaneInstant, Cost: FixedCost(2, 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		s.Burst(ctx, 2, func(unpaced Option) { s.Start(ctx, unpaced).Poll(ctx, unpaced, Step("at once")) })
	},
}

func judgeHastyFirstPoll(e *Evidence, j *Judgement) {
	for _, x := range e.Of(hastyFirstPoll, "at once") {
		if begun := e.Authorization(x.Flow); begun != nil && x.Received-begun.Received >= e.Pace(x.Flow) {
			j.Inconclusive("the poll took longer than the interval", x)
			continue
		}
		if a := e.Timing.Adapted; a != nil && x.ErrorCode() == spec.ErrSlowDown {
			j.Inconclusive(a.String()+": see DF-POLL-001", x)
			continue
		}
		j.Each([]*Exchange{x}, ExpectPending, spec.ErrAuthorizationPending,
			PassIf(ErrorIs(spec.ErrAuthorizationPending)), WarnIf(ErrorIs(spec.ErrSlowDown)), InconclusiveIf(Infrastructure),
			FailIf(AnyAnswer))
	}
}

// hastyNeighbour lets one device poll five times a second while another of the
// same client keeps its interval.
var hastyNeighbour = &Scenario{
	Name: "hasty neighbour", Lane: LaneIsolation,
	Cost: func(t Timing) Cost { return Cost{Requests: 16, Starts: 2, Wait: 2*(t.Interval+Slack) + Slack} },
	Run: func(ctx context.Context, s *ScenarioRun) {
		hasty, patient := s.Start(ctx), s.Start(ctx)
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for range 12 {
				hasty.Poll(ctx, Step("hasty"), Once(), Provoked())
				select {
				case <-stop:
					return
				case <-time.After(200 * time.Millisecond):
				}
			}
		})
		for range 2 {
			patient.PollDue(ctx, Step("patient"))
		}
		close(stop)
		wg.Wait()
	},
}

// guesses is how many unknown codes are polled beside a patient device.
const guesses = 10

// guessingNeighbour polls unknown codes while a device keeps its interval.
var guessingNeighbour = &Scenario{
	Name: "guessing neighbour", Lane: LaneInterval, Cost: WaitingCost(guesses+3, 1, 2),
	Words: Words{"guess": "with a guessed code"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		as := As(&s.Target().Client) // another client, so that a limit on this one stays here
		if s.Target().Second != nil {
			as = As(s.Target().Second)
		}
		f := s.Start(ctx, as)
		f.PollDue(ctx, as, Step("patient"))
		s.Burst(ctx, guesses, func(unpaced Option) { // together, for a limiter forgets
			for range guesses {
				s.PollCode(ctx, LookAlike(f.Codes.DeviceCode), as, Step("guess"), Once(), Provoked(), unpaced)
			}
		})
		f.PollDue(ctx, as, Step("patient"))
	},
}

// judgePatient judges the polls of a device that keeps every rule beside one that does
// not.
func judgePatient(s *Scenario, whose string) func(*Evidence, *Judgement) {
	return func(e *Evidence, j *Judgement) {
		j.Each(e.Of(s, "patient"), ExpectPending, "only "+spec.ErrAuthorizationPending+" "+whose,
			PassIf(ErrorIs(spec.ErrAuthorizationPending)), InconclusiveIf(throttled(e)),
			FailIf(ErrorIs(spec.ErrSlowDown)),
			WarnIf(StatusIs(429)))
	}
}

// enteredCode types the user code and stops before the decision; later it
// approves.
var enteredCode = &Scenario{
	Name: "entered code", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedSteps}, Cost: WaitingCost(4, 1, 2),
	Decisions: DecisionCount(2),
	Words:     Words{"entered": "after the user code was entered"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if f.Enter(ctx, DecisionOptions{}) != Accepted {
			return
		}
		f.PollDue(ctx, Step("entered"))
		if f.Approve(ctx) == Accepted {
			f.Settle(ctx)
			f.Collect(ctx, "approved")
		}
	},
}

func judgeEnteredCode(e *Evidence, j *Judgement) {
	for _, f := range e.FlowsOf(enteredCode) {
		if !WasDecided(e, j, enteredCode, f) {
			continue
		}
		j.Each(e.Polls(f, "entered"), ExpectPending,
			"the grant to stay pending (the user entered the code and decided nothing)",
			PassIf(StillPending), InconclusiveIf(Infrastructure), FailIf(AnyAnswer))
		for _, x := range e.Polls(f, "entered") {
			if !x.StillPending() {
				return // what follows is no longer a first decision
			}
		}
		if polls := e.Polls(f, "approved"); len(polls) > 0 {
			j.Each(polls[len(polls)-1:], ExpectTokens, "tokens after the approval",
				PassIf(GivesTokens), InconclusiveIf(Infrastructure), InconclusiveIf(StillPending), FailIf(IsTerminal))
		}
	}
}

// unprimedFlow is approved before its first poll.
var unprimedFlow = &Scenario{
	Name: "unprimed flow", Lane: LaneApprove, Needs: []Capability{NeedApprover}, Cost: WaitingCost(2, 1, 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if f.Approve(ctx) == Accepted {
			f.Settle(ctx)
			f.Collect(ctx, "first")
		}
	},
}

// judgeUnprimedFlow holds the flow against one that was polled before its
// approval: a server that gives neither tokens fails DF-TOKEN-001 alone.
func judgeUnprimedFlow(e *Evidence, j *Judgement) {
	primed := e.One(approvedFlow, "after")
	for _, f := range e.FlowsOf(unprimedFlow) {
		polls := Unlimited(e.Polls(f, "first"))
		if !WasDecided(e, j, unprimedFlow, f) || len(polls) == 0 {
			continue
		}
		last := polls[len(polls)-1]
		switch {
		case last.HasTokens() && len(polls) == 1:
			j.Pass(last)
		case last.HasTokens():
			j.Warn("tokens on the first poll (the code was approved before it)", Describe(polls[0])+", then tokens", polls...)
		case last.Infrastructure():
			j.Inconclusive(OfInfrastructure(last), last)
		case last.Class() == 5: // DF-ERR-008's (ruling R33)
			j.Each(polls[len(polls)-1:], ExpectTokens, "tokens on the first poll")
		case primed == nil || !primed.HasTokens():
			j.Inconclusive("a flow that was polled before its approval got no tokens either", polls...)
		default:
			j.Fail("tokens on the first poll (the code was approved before it)",
				fmt.Sprintf("%s on all of %d polls", Describe(last), len(polls)), polls...)
		}
	}
}

// extraPollMembers polls with parameters that mean nothing here, and again
// without those that were refused.
var extraPollMembers = &Scenario{
	Name: "poll with unknown parameters", Lane: LaneInterval, Cost: WaitingCost(6, 2, 2),
	Words: Words{
		withExtra:             "with unknown parameters",
		"empty client_secret": "with an empty client_secret",
		"without":             "without unknown parameters",
	},
	Run: func(ctx context.Context, s *ScenarioRun) {
		extra := []spec.Param{{Name: "dfcheck_extra", Value: "1"}}
		if !s.Operation(OpToken).Has("device_type") {
			extra = append(extra, spec.Param{Name: "device_type", Value: "tv"})
		}
		if s.Target().Scope != "" {
			extra = append(extra, spec.Param{Name: "scope", Value: s.Target().Scope})
		}
		try := func(step string, extra ...spec.Param) {
			f := s.Start(ctx)
			if x := f.PollDue(ctx, Also(extra...), Step(step)); x != nil && !x.StillPending() {
				f.PollDue(ctx, Step("without"))
			}
		}
		s.Parallel(
			func() { try(withExtra, extra...) },
			func() {
				if s.Target().Client.Secret == "" {
					try("empty client_secret", spec.Param{Name: "client_secret", Value: ""})
				}
			})
	},
}

// withExtra is the step of the poll with parameters that nobody declared.
const withExtra = "extra"

func judgeExtraPollMembers(e *Evidence, j *Judgement) {
	for _, f := range e.FlowsOf(extraPollMembers) {
		polls := e.Polls(f)
		if len(polls) == 0 {
			continue
		}
		refused := WarnIf(Class(4))
		if polls[0].Step == withExtra && !e.Contract.Token.Closed() { // ruling R91
			refused = FailIf(Class(4))
		}
		if without := e.Polls(f, "without"); len(without) > 0 && !without[0].StillPending() {
			j.Inconclusive("the poll without the extra parameters got "+Describe(without[0]), polls...)
			continue
		}
		j.Each(polls[:1], ExpectPending, "the same answer as without the extra parameters", PassIf(StillPending),
			InconclusiveIf(Infrastructure), refused)
	}
}
