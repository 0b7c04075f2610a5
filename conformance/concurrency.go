package conformance

import (
	"context"
	"fmt"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// concurrencyChecks judge what happens side by side: this file polls and starts,
// concurrency_decisions.go decisions that race.
var concurrencyChecks = []Check{
	{
		ID:    "DF-CONC-001",
		Gate:  GateTokens,
		Needs: []Need{NeedApprover},
		Reads: []*Scenario{redeemingRace},
		Judge: judgeRedeemingRace,
	},
	{
		ID:    "DF-CONC-002",
		Gate:  GatePending,
		Reads: []*Scenario{pendingRace},
		Judge: judgePendingRace,
	},
	{
		ID:    "DF-CONC-003",
		Gate:  GatePending,
		Reads: []*Scenario{startingRace},
		Judge: judgeStartingRace,
	},
	{
		ID:    "DF-CONC-004",
		Gate:  GateTokens,
		Needs: []Need{NeedApprover, NeedProgram},
		Reads: []*Scenario{crossingPolls},
		Judge: judgeCrossingPolls,
	},
	{
		ID:    "DF-CONC-005",
		Gate:  GateTokens,
		Needs: []Need{NeedApprover, NeedProgram},
		Reads: []*Scenario{racingDecisions},
		Judge: judgeRacingDecisions,
	},
	{
		ID:    "DF-CONC-006",
		Gate:  GateTokens,
		Needs: []Need{NeedApprover},
		Reads: []*Scenario{manyDevices},
		Judge: judgeManyDevices,
	},
}

const (
	racingFlows = 6
	racingPolls = 8
)

// redeemingRace approves six flows and polls each eight times at one instant.
// A flow that got nothing from the eight is asked once more when it may be.
var redeemingRace = &Scenario{
	Name: "redeeming race", Lane: LaneApprove, Needs: []Need{NeedApprover},
	Cost: func(t Timing) Cost {
		n := t.flows(racingFlows, 2)
		return Cost{n * (racingPolls + 1), n, t.Interval + Slack}
	},
	Decisions: func(f *Facts) int { return f.Timing.flows(racingFlows, 2) },
	Run: func(ctx context.Context, s *Scene) {
		s.Times(s.target.Timing.flows(racingFlows, 2), func(int) {
			f := s.Start(ctx)
			if f.Approve(ctx) != Accepted || !f.WaitInterval(ctx, 500*time.Millisecond) {
				return
			}
			s.Barrier(ctx, racingPolls, func(_ int, unpaced Option) { f.Poll(ctx, Step("race"), unpaced) })
			if f.Token.AccessToken == "" && f.Lives(f.Interval()) {
				f.PollDue(ctx, Step("late"))
			}
		})
	},
}

func judgeRedeemingRace(e *Evidence, j *Judgement) {
	for _, flow := range e.FlowsOf(redeemingRace) {
		race, late := e.Polls(flow, "race"), e.Polls(flow, "late")
		if !decided(e, j, redeemingRace, flow) || len(race) == 0 {
			continue
		}
		if overlapping(race) < 2 {
			j.Inconclusive("the polls did not overlap in time", race...)
			continue
		}
		sets, answers := tokenSets(race), 0
		for _, x := range race {
			if x.HasTokens() {
				answers++
			}
			if x.Class() == 5 && !x.Infrastructure() {
				j.Fail("an OAuth error for the losers of a race", describe(x), x)
			}
		}
		switch {
		case len(sets) > 1:
			j.Fail("one token set", fmt.Sprintf("%d different ones", len(sets)), race...)
		case answers > 1:
			j.Warn("one answer with tokens", fmt.Sprintf("the same tokens %d times", answers), race...)
		case answers == 1:
			j.Pass(race...)
		case len(late) > 0 && late[0].HasTokens():
			j.Warn("tokens for one of the polls", "tokens only on a later poll", append(race, late...)...)
		case len(late) > 0 && terminal(late[0]):
			j.Warn("tokens for one of the polls", "none, and the code is dead: the device lost its grant", append(race, late...)...)
		default:
			j.Inconclusive("no poll got tokens, and the code ended before another could be sent", race...)
		}
	}
}

// tokenSets counts the answers by their tokens.
func tokenSets(xs []*Exchange) map[[2]string]int {
	sets := map[[2]string]int{}
	for _, x := range xs {
		if x.HasTokens() {
			sets[[2]string{x.text("access_token"), x.text("refresh_token")}]++
		}
	}
	return sets
}

// overlapping is the largest number of exchanges under way with any one of them.
func overlapping(xs []*Exchange) int {
	most := 0
	for _, x := range xs {
		n := 0
		for _, y := range xs {
			if x.Overlaps(y) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// pendingRace polls an undecided grant four times at one instant and, after all
// the slow_downs are served, once more.
var pendingRace = &Scenario{
	Name: "pending race", Lane: LaneInterval,
	Cost: func(t Timing) Cost { return Cost{6, 1, 2*(t.Interval+Slack) + 3*spec.SlowDownStep*time.Second} },
	Run: func(ctx context.Context, s *Scene) {
		f := s.Start(ctx)
		if !f.OK() || !f.WaitInterval(ctx, Slack) {
			return
		}
		s.Barrier(ctx, 4, func(_ int, unpaced Option) { f.Poll(ctx, Step("race"), unpaced) })
		if f.Lives(f.Interval()) {
			f.PollDue(ctx, Step("late"))
		}
	},
}

func judgePendingRace(e *Evidence, j *Judgement) {
	j.Each(e.Of(pendingRace, "race"), DuePending, "every poll answered as pending",
		passIf(stillPending), openIf(infrastructure), warnIf(statusIs(409, 429)))
	j.Each(e.Of(pendingRace, "late"), DuePending, spec.ErrAuthorizationPending+" when the slow_downs were served",
		passIf(errorIs(spec.ErrAuthorizationPending)),
		openIf(errorIs(spec.ErrSlowDown), func(x *Exchange) bool { return e.slows(x) > 1 }), // DF-POLL-006
		warnIf(errorIs(spec.ErrSlowDown)))
}

// slows counts the slow_downs that a device had got when x was sent.
func (e *Evidence) slows(x *Exchange) int {
	return int((e.Interval(x) - e.announced(x.Flow)) / (spec.SlowDownStep * time.Second))
}

// raceStarts is also the pool of codes that the statistics rest on.
const raceStarts = 24

// startingRace starts many flows at one instant and polls each once.
var startingRace = &Scenario{
	Name: "starting race", Lane: LaneInstant, Cost: waits(2*raceStarts, raceStarts, 1),
	Run: func(ctx context.Context, s *Scene) {
		flows := make([]*Flow, raceStarts)
		s.Barrier(ctx, raceStarts, func(i int, unpaced Option) { flows[i] = s.Start(ctx, unpaced) })
		s.Times(raceStarts, func(i int) {
			if flows[i] != nil {
				flows[i].PollDue(ctx)
			}
		})
	},
}

func judgeStartingRace(e *Evidence, j *Judgement) {
	starts := e.Of(startingRace, "start")
	limited := 0
	for i, x := range starts {
		if x.Infrastructure() {
			limited++
			continue
		}
		j.Each([]*Exchange{x}, DueSuccess, "200 for every start", passIf(givesCodes), openIf(infrastructure), failIf(anyAnswer))
		for _, y := range starts[:i] {
			for _, m := range []string{"device_code", "user_code"} {
				if x.Overlaps(y) && x.text(m) != "" && x.text(m) == y.text(m) {
					j.Fail("a "+m+" of its own for every start", "one for two starts at the same time", y, x)
				}
			}
		}
	}
	if limited > len(starts)/2 {
		j.Inconclusive(fmt.Sprintf("%d of %d starts were limited", limited, len(starts)))
	}
	j.Each(e.Of(startingRace, "poll"), DuePending, "every grant pending", passIf(stillPending))
}
