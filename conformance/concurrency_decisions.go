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
	Name: "polls across the approval", Lane: LaneApprove, Needs: []Need{NeedApprover, NeedProgram},
	Decisions: asks(crossingFlows),
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
	Name: "racing decisions", Lane: LaneApprove, Needs: []Need{NeedApprover, NeedProgram}, Cost: waits(3*racingFlows, racingFlows, 2),
	Decisions: asks(2 * racingFlows),
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
				j.Skip(approverCannot + d.Decision.Decision)
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
func fleet(t Timing) int { return t.flows(15, 3) }

var manyDevices = &Scenario{
	Name: "many devices", Lane: LaneApprove, Needs: []Need{NeedApprover},
	Cost:      func(t Timing) Cost { return Cost{2 * fleet(t), fleet(t), t.Interval + Slack} },
	Decisions: func(f *Facts) int { return fleet(f.Timing) * 2 / 3 },
	Run: func(ctx context.Context, s *Scene) {
		fleet := fleet(s.target.Timing)
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
