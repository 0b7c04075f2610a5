package checks

import (
	"context"
	"slices"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// concurrencyChecks judge what happens side by side: this file polls and starts,
// concurrency_redeeming.go redemptions, concurrency_decisions.go decisions,
// concurrency_moment.go the moment of a decision.
var concurrencyChecks = []Check{
	{
		ID:    "DF-CONC-001",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedOverlap},
		Reads: []*Scenario{codeSample, crossingPolls, redeemingRace},
		Wants: []*Scenario{manyDevices},
		Judge: judgeRedeemingRace,
	},
	{
		ID:    "DF-CONC-002",
		Gate:  GatePending,
		Needs: []Capability{NeedOverlap},
		Reads: []*Scenario{startingRace, pendingRace},
		Judge: judgePendingRace,
	},
	{
		ID:    "DF-CONC-003",
		Gate:  GatePending,
		Needs: []Capability{NeedOverlap},
		Reads: []*Scenario{startingRace, pendingRace},
		Judge: judgeStartingRace,
	},
	{
		ID:    "DF-CONC-004",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedProgram, NeedOverlap},
		Reads: []*Scenario{codeSample, crossingPolls, redeemingRace},
		Judge: judgeCrossingPolls,
	},
	{
		ID:    "DF-CONC-005",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedProgram, NeedOverlap},
		Reads: []*Scenario{startingRace, pendingRace, racingDecisions},
		Judge: judgeRacingDecisions,
	},
	{
		ID:    "DF-CONC-006",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover},
		Reads: []*Scenario{manyDevices},
		Judge: judgeManyDevices,
	},
	{
		ID:    "DF-CONC-007",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedProgram, NeedOverlap},
		Reads: []*Scenario{codeSample, crossingPolls, redeemingRace, approvedElsewhere},
		Judge: judgeAroundDecision,
	},
}

// contest keeps the answers of a race that the server itself gave, in the
// lifetime of its code. why says what keeps them from being a round, "" when they
// are one: two of them must have been in flight at the same time.
func contest(e *Evidence, race []*Exchange) (answers []*Exchange, why string) {
	for _, x := range race {
		switch {
		case x.Infrastructure():
			why = LostAnswers
		case !e.Alive(x):
			why = LostTime
		default:
			answers = append(answers, x)
		}
	}
	if Overlapping(answers) >= 2 {
		return answers, ""
	}
	if why == "" {
		why = LostOverlap
	}
	return answers, why
}

// raceStarts is how many starts leave at one instant.
const raceStarts = 24

// startingRace starts many flows at one instant; pendingRace polls them.
var startingRace = &Scenario{
	Name: "starting race", Lane: LaneInterval, Race: true,
	Cost: func(t Timing) Cost { return Cost{Requests: t.Rounds, Starts: t.Rounds, Wait: 0} },
	Run: func(ctx context.Context, s *ScenarioRun) {
		rounds, each := s.Target().Timing.Rounds, 1
		switch s.Followers() {
		case 2:
			each += 2 // the polls after the decisions
			fallthrough
		case 1:
			each += rivals(s.Target().Timing)
		}
		for first := 0; first < rounds; first += raceStarts {
			n := min(raceStarts, rounds-first)
			if !s.Room(ctx, n*each) {
				return
			}
			s.Barrier(ctx, n, func(_ int, unpaced Option) { s.Leave(s.Start(ctx, unpaced)) })
		}
	},
}

func judgeStartingRace(e *Evidence, j *Judgement) {
	starts := e.Of(startingRace, "start")
	for i, x := range starts {
		rivals := rivalsOf(x, starts)
		switch {
		case x.Infrastructure():
			j.Lost(LostAnswers)
		case len(rivals) == 0:
			j.Lost(LostOverlap)
		case GivesCodes(x):
			j.Round(x)
		default:
			j.Round()
			j.Fail("codes for each of the device authorization requests sent at the same moment", Describe(x), x)
		}
		for _, y := range rivalsOf(x, starts[:i]) {
			for _, m := range []string{"device_code", "user_code"} {
				if x.Text(m) != "" && x.Text(m) == y.Text(m) {
					j.Fail("a different "+m+" for each device authorization request",
						"the same "+m+" for two requests sent at the same moment", y, x)
				}
			}
		}
	}
	for _, flow := range e.FlowsOf(startingRace) {
		polls := slices.DeleteFunc(e.Polls(flow, "poll", inRace), func(x *Exchange) bool {
			return x.Infrastructure() || !e.Alive(x)
		})
		// one that is not is DF-CONC-002's
		if len(polls) > 0 && !e.SharesCode(flow) && !slices.ContainsFunc(polls, StillPending) {
			j.Each(polls[:1], ExpectPending,
				"a code from simultaneous device authorization requests to be pending like any other")
		}
	}
}

// rivalsOf are the starts that were in flight together with x.
func rivalsOf(x *Exchange, starts []*Exchange) []*Exchange {
	var out []*Exchange
	for _, y := range starts {
		if y != x && !y.Infrastructure() && x.Overlaps(y) {
			out = append(out, y)
		}
	}
	return out
}

// rivals is how many polls of one undecided code leave at one instant. Each but
// the first can earn a slow_down that every later poll has to serve.
func rivals(t Timing) int {
	served := int((t.Lifetime/4 - t.Interval) / (spec.SlowDownStep * time.Second))
	return min(max(served+1, 2), 4)
}

// slowed is the interval of a code after a pending race.
func slowed(t Timing) time.Duration {
	return t.Interval + time.Duration(rivals(t)-1)*spec.SlowDownStep*time.Second
}

// latePolls is the share of the codes, one of so many, that shows whether a pending
// race did any harm that lasts. The others are left undecided.
const latePolls = 9

// polledLate is how many codes that is.
func polledLate(t Timing) int { return (t.Rounds + latePolls - 1) / latePolls }

// pendingRace polls the undecided codes of the starting race several times at one
// instant and some of them, when all the slow_downs are served, once more.
var pendingRace = &Scenario{
	Name: "pending race", Lane: LaneInterval, After: startingRace, Race: true,
	Cost: func(t Timing) Cost {
		return Cost{Requests: t.Rounds*rivals(t) + polledLate(t), Starts: 0, Wait: t.Interval + Slack + slowed(t)}
	},
	Run: func(ctx context.Context, s *ScenarioRun) {
		t := s.Target().Timing
		s.Rounds(t.Rounds, t.Rounds, func(i int) {
			f := s.Undecided(ctx, t.Interval+Slack)
			if !f.OK() || !f.WaitInterval(ctx, Slack) {
				return
			}
			s.Barrier(ctx, rivals(t), func(_ int, unpaced Option) { f.Poll(ctx, Step(inRace), unpaced) })
			if i%latePolls != 0 {
				s.Leave(f)
			} else if f.WithinLifetime(f.Interval()) {
				f.PollDue(ctx, Step("late"))
			}
		})
	},
}

func judgePendingRace(e *Evidence, j *Judgement) {
	const expected = "a code to stay pending when it is polled several times at the same moment"
	for _, flow := range e.FlowsOf(pendingRace) {
		race := e.Polls(flow, inRace)
		if len(race) == 0 || e.SharesCode(flow) {
			continue
		}
		answers, why := contest(e, race)
		if why == "" {
			j.Round()
		} else {
			j.Lost(why)
		}
		j.Each(answers, ExpectPending, expected, PassIf(StillPending), WarnIf(StatusIs(409)))
		for _, x := range e.Polls(flow, "late") {
			if x.Infrastructure() || !e.Alive(x) {
				continue
			}
			j.Each([]*Exchange{x}, ExpectPending, spec.ErrAuthorizationPending+
				" once the device has waited as long as slow_down asks for",
				PassIf(ErrorIs(spec.ErrAuthorizationPending)),
				InconclusiveIf(ErrorIs(spec.ErrSlowDown), // DF-POLL-006, or DF-POLL-001
					func(x *Exchange) bool { return slows(e, x) > 0 || e.Timing.Adapted != nil }),
				WarnIf(ErrorIs(spec.ErrSlowDown)))
		}
	}
}

// slows counts the slow_downs that a device had got when x was sent.
func slows(e *Evidence, x *Exchange) int {
	return int((e.Interval(x) - e.Pace(x.Flow)) / (spec.SlowDownStep * time.Second))
}
