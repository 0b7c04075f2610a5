package conformance

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/conformance/approve"
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
		Needs: []Need{NeedApprover},
		Reads: []*Scenario{crossingPolls},
		Judge: judgeCrossingPolls,
	},
	{
		ID:    "DF-CONC-005",
		Gate:  GateTokens,
		Needs: []Need{NeedApprover},
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
	Cost: waits(racingFlows*(racingPolls+1), racingFlows, 1),
	Run: func(ctx context.Context, s *Scene) {
		s.Times(racingFlows, func(int) {
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
			if x.Class() == 5 {
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
		passIf(stillPending), warnIf(statusIs(409, 429)), openIf(infrastructure))
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
		if x.Status() == 429 {
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
	} else if limited > 0 {
		j.Warn("24 starts at once served", fmt.Sprintf("%d answered 429", limited))
	}
	j.Each(e.Of(startingRace, "poll"), DuePending, "every grant pending", passIf(stillPending))
}

// crossings are when polls are sent, counted from 20 ms before the approval.
var crossings = []time.Duration{0, 20 * time.Millisecond, 40 * time.Millisecond, 80 * time.Millisecond}

const crossingFlows = 12

// crossing is how many polls cross: each but the first can earn a slow_down, and
// all of those must be served before the code ends.
func crossing(t Timing) int {
	served := int((t.Lifetime - t.Interval - 4*time.Second) / (spec.SlowDownStep * time.Second))
	return min(max(served+1, 2), len(crossings))
}

// crossingPolls lets polls be under way while the approval arrives. Most are
// too fast; the last poll comes when their slow_downs are served.
var crossingPolls = &Scenario{
	Name: "polls across the approval", Lane: LaneApprove, Needs: []Need{NeedApprover},
	Cost: func(t Timing) Cost {
		return Cost{crossingFlows * 6, crossingFlows, t.Interval + time.Duration(crossing(t)-1)*spec.SlowDownStep*time.Second + time.Second}
	},
	Run: func(ctx context.Context, s *Scene) {
		s.Times(crossingFlows, func(int) {
			f := s.Start(ctx)
			if !f.OK() {
				return
			}
			var approval sync.WaitGroup
			var once sync.Once
			s.Barrier(ctx, crossing(s.target.Timing), func(i int, unpaced Option) {
				once.Do(func() {
					approval.Go(func() { s.Wait(ctx, crossings[1]); f.Approve(ctx) })
				})
				if s.Wait(ctx, crossings[i]) {
					f.Poll(ctx, Step("crossing"), unpaced)
				}
			})
			approval.Wait()
			for range 2 {
				if f.Token.AccessToken != "" || !f.Lives(f.Interval()) || !f.WaitInterval(ctx, 500*time.Millisecond) {
					return
				}
				f.Poll(ctx, Step("late"))
			}
		})
	},
}

func judgeCrossingPolls(e *Evidence, j *Judgement) {
	for _, flow := range e.FlowsOf(crossingPolls) {
		if !decided(e, j, crossingPolls, flow) {
			continue
		}
		polls, late := e.Polls(flow), e.Polls(flow, "late")
		crossing := tokenSets(e.Polls(flow, "crossing"))
		switch sets := tokenSets(polls); {
		case len(sets) > 1:
			j.Fail("one token set", fmt.Sprintf("%d different ones", len(sets)), polls...)
		case len(crossing) == 1 || len(late) > 0 && late[0].HasTokens():
			j.Pass(polls...)
		case len(sets) == 1:
			j.Warn("tokens on the first poll after the crossing", "only one poll later", late...)
		case len(late) == 0:
			j.Inconclusive("the code ended before its slow_downs were served")
		default:
			j.Each(late[len(late)-1:], DueSuccess, "tokens: the approval was confirmed",
				failIf(stillPending), openIf(infrastructure), failIf(terminal))
		}
	}
}

// racingDecisions approves and denies the same codes at one instant.
var racingDecisions = &Scenario{
	Name: "racing decisions", Lane: LaneApprove, Needs: []Need{NeedApprover}, Cost: waits(3*racingFlows, racingFlows, 2),
	Run: func(ctx context.Context, s *Scene) {
		s.Times(racingFlows, func(int) {
			f := s.Start(ctx)
			var both sync.WaitGroup
			both.Go(func() { f.Decide(ctx, approve.Approve, Ask{Label: "approval"}) })
			both.Go(func() { f.Decide(ctx, approve.Deny, Ask{Label: "denial"}) })
			both.Wait()
			if !f.OK() || !f.WaitInterval(ctx, 500*time.Millisecond) {
				return
			}
			f.Poll(ctx, Step("first"))
			f.PollDue(ctx, Step("second"))
		})
	},
}

func judgeRacingDecisions(e *Evidence, j *Judgement) {
	for _, flow := range e.FlowsOf(racingDecisions) {
		accepted := 0
		for _, label := range []string{"approval", "denial"} {
			if d, ok := e.Decision(racingDecisions, flow, label); ok && d.Decision.Outcome == Accepted {
				accepted++
			} else if ok && d.Decision.Outcome == Unsupported {
				j.Skip("the approver cannot " + d.Decision.Decision)
				return
			} else if ok && d.Decision.Outcome == Broken {
				j.Inconclusive(d.Detail)
				return
			}
		}
		polls := e.Polls(flow)
		if len(polls) < 2 || accepted == 0 {
			continue
		}
		first, second := polls[0], polls[1]
		switch {
		case first.Class() == 5 || second.Class() == 5:
			j.Fail("an OAuth answer", describe(first)+", then "+describe(second), first, second)
		case first.ErrorCode() == spec.ErrAccessDenied && second.HasTokens():
			j.Fail("a denial that lasts", "tokens after "+spec.ErrAccessDenied, first, second)
		case second.StillPending() && first.StillPending() && accepted == 2:
			j.Fail("one of the two decisions", "still pending after both were confirmed", first, second)
		case first.Infrastructure() || second.Infrastructure():
			j.Inconclusive(describe(first)+", then "+describe(second), first, second)
		default:
			j.Pass(first, second)
		}
	}
}

// A third of the devices is approved, a third denied, a third left alone.
const fleet = 15

var manyDevices = &Scenario{
	Name: "many devices", Lane: LaneApprove, Needs: []Need{NeedApprover}, Cost: waits(2*fleet, fleet, 1),
	Run: func(ctx context.Context, s *Scene) {
		flows := make([]*Flow, fleet)
		for i := range flows { // all of one make
			flows[i] = s.Start(ctx, Sending(s.target.baseStart(fmt.Sprintf("fleet-%d", i))), Step([]string{"approved", "denied", "left alone"}[i%3]))
		}
		rand.Shuffle(fleet, func(a, b int) { flows[a], flows[b] = flows[b], flows[a] })
		s.Times(fleet, func(i int) {
			switch f := flows[i]; {
			case f.Begun == nil:
			case f.Begun.Step == "approved":
				f.Approve(ctx)
			case f.Begun.Step == "denied":
				f.Deny(ctx)
			}
		})
		s.Times(fleet, func(i int) {
			if f := flows[i]; f.Begun != nil && f.Begun.Step == "left alone" {
				f.PollDue(ctx, Step("poll"))
			} else {
				f.settle(ctx)
				f.collect(ctx, "poll") // some servers agree with themselves late
			}
		})
	},
}

func judgeManyDevices(e *Evidence, j *Judgement) {
	for _, flow := range e.FlowsOf(manyDevices) {
		begun, polls := e.Begun(flow), e.Polls(flow)
		if begun == nil || len(polls) == 0 {
			continue
		}
		due := []Rule{passIf(stillPending), openIf(infrastructure), failIf(anyAnswer)}
		if begun.Step != "left alone" {
			if !decided(e, j, manyDevices, flow) {
				continue
			}
			due = []Rule{passIf(givesTokens), openIf(infrastructure), failIf(anyAnswer)}
			if begun.Step == "denied" {
				due = []Rule{passIf(terminal), openIf(infrastructure), failIf(anyAnswer)}
			}
		}
		j.Each(polls[len(polls)-1:], DueRefusal, "the outcome of the device that was "+begun.Step, due...)
	}
}
