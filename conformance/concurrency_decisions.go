package conformance

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http/httptrace"
	"slices"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/spec"
)

// crossing is how many polls cross an approval: each but the first can earn a
// slow_down, and half the lifetime must do to serve them.
func crossing(t Timing) int {
	served := int((t.Lifetime/2 - t.Interval - time.Second) / (spec.SlowDownStep * time.Second))
	return min(max(served+1, 2), 4)
}

// untilServed is how long a crossing takes until its slow_downs are served.
func untilServed(t Timing) time.Duration {
	return t.Interval + time.Duration(crossing(t)-1)*spec.SlowDownStep*time.Second + time.Second
}

// crossingPolls lets polls be in flight while the approval arrives. Most are
// too fast; the last poll comes when their slow_downs are served. The codes are
// those of the code sample, which nobody polled.
var crossingPolls = &Scenario{
	Name: "polls across the approval", Lane: LaneApprove, Needs: []Need{NeedApprover, NeedProgram, NeedOverlap}, After: codeSample, Race: true,
	Decisions: func(f *Facts) int { return f.Timing.Decided },
	Cost: func(t Timing) Cost {
		return Cost{t.Decided * (crossing(t) + 1), max(0, t.Decided-SampleCodes), untilServed(t)}
	},
	Run: func(ctx context.Context, s *Scene) {
		t := s.target.Timing
		places := make(chan struct{}, decidingAbreast)
		s.Rounds(t.Decided, racingAbreast, func(i int) {
			f := s.Waiting(ctx, untilServed(t)) // at once: it must not grow old in a queue
			if f == nil && s.Room(ctx, crossing(t)+1) {
				f = s.Start(ctx)
			}
			if f == nil || !f.OK() {
				return
			}
			places <- struct{}{}
			f.cross(ctx, crossing(t), s.usualDecision()/4, i%4)
			<-places
			for range 2 {
				if f.Token.AccessToken != "" || !f.Lives(f.Interval()) || !f.WaitInterval(ctx, settling) {
					return
				}
				f.Poll(ctx, Step("late"), Punctual()) // as paced as the crossing was, and the code may be near its end
			}
		})
	},
}

// decidingAbreast is how many decisions one scenario wants at the same time.
const decidingAbreast = 12

// longEnough is a decision in whose course polls can be aimed at a moment.
const longEnough = 20 * time.Millisecond

// usualDecision is how long the approver has taken for an approval in the middle, 0
// when that is too short to aim at a part of it.
func (s *Scene) usualDecision() time.Duration {
	var took []time.Duration
	for _, d := range s.decided() {
		if d.Outcome == Accepted && d.Decision == string(approve.Approve) {
			took = append(took, d.Took)
		}
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	if usual := took[len(took)/2]; usual > longEnough {
		return usual
	}
	return 0
}

// cross approves a code and polls n times while the server learns of it, which is at
// an unknown moment of the decision: the polls are spread over one quarter of it. The
// first one is on its way before the approval is, so that it reads the record as it
// was even where both take no time at all.
func (f *Flow) cross(ctx context.Context, n int, quarter time.Duration, which int) {
	s := f.scene
	var approval sync.WaitGroup
	s.Barrier(ctx, n, func(i int, unpaced Option) {
		aim := quarter*time.Duration(which) + quarter*time.Duration(i)/time.Duration(n)
		poll := ctx
		if i == 0 {
			begin := sync.OnceFunc(func() { approval.Go(func() { f.Approve(ctx) }) })
			defer begin() // should nothing have been written
			if aim > 0 {
				begin()
			} else {
				poll = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { begin() }})
			}
		}
		if s.Wait(ctx, aim) {
			f.Poll(poll, Step("crossing"), unpaced, func(c *Call) {
				if quarter > 0 {
					c.gate = nil // each has a moment
				}
			})
		}
	})
	approval.Wait()
}

// judgeCrossingPolls: what is looked for is an approval that a poll erased. More
// than one set of tokens is DF-CONC-001's and DF-REUSE-001's.
func judgeCrossingPolls(e *Evidence, j *Judgement) {
	for _, flow := range e.FlowsOf(crossingPolls) {
		if !e.accepted(j, crossingPolls, flow) {
			continue
		}
		polls, late := e.Polls(flow), e.Polls(flow, "late")
		switch {
		case e.sharesCode(flow):
			j.Lost("another device got the same user code")
		case !e.crossed(flow):
			j.Lost("no poll that saw the code undecided was in flight during the approval")
		case len(withTokens(polls)) > 0: // how soon is DF-POLL-008's
			j.Round(withTokens(polls)...)
		case len(late) == 0 || len(late) == 1 && late[0].StillPending():
			j.Lost("the code ended before its slow_downs were served")
		default:
			judgeErased(e, j, late[len(late)-1])
		}
	}
}

// judgeErased judges the last poll of an approved code that gave no tokens.
func judgeErased(e *Evidence, j *Judgement, x *Exchange) {
	switch {
	case x.Infrastructure():
		j.Lost(lostAnswers)
		return
	case !e.Alive(x):
		j.Lost(lostTime)
		return
	}
	j.Round()
	j.Each([]*Exchange{x}, DueSuccess, "tokens for a code whose approval was confirmed while it was polled",
		failIf(stillPending), failIf(terminal))
}

// crossed reports whether a poll of the flow was in flight during its approval that
// may have read the record as it was before: one that got tokens did not.
func (e *Evidence) crossed(flow string) bool {
	d, _ := e.Decision(crossingPolls, flow, "")
	for _, x := range e.Polls(flow, "crossing") {
		if !x.Infrastructure() && !x.HasTokens() && x.Sent <= d.At && x.Received >= d.At-d.Decision.Took {
			return true
		}
	}
	return false
}

// untilOutcome is how long two polls take at the pace of a code that was raced for.
func untilOutcome(t Timing) time.Duration { return 2*slowed(t) + settling + Slack }

// racingDecisions approves and denies codes at one instant: those that the
// pending race left.
var racingDecisions = &Scenario{
	Name: "racing decisions", Lane: LaneApprove, Needs: []Need{NeedApprover, NeedProgram, NeedOverlap}, After: pendingRace,
	Decisions: func(f *Facts) int { return 2 * f.Timing.Decided },
	Cost: func(t Timing) Cost {
		return Cost{2 * t.Decided, max(0, t.Decided-t.Rounds+t.Rounds/latePolls), t.Interval + Slack + untilOutcome(t)}
	},
	Run: func(ctx context.Context, s *Scene) {
		t := s.target.Timing
		places := make(chan struct{}, decidingAbreast)
		s.Rounds(t.Decided, t.Decided, func(int) {
			f := s.Undecided(ctx, untilOutcome(t))
			places <- struct{}{}
			var both sync.WaitGroup
			both.Go(func() { f.Decide(ctx, approve.Approve, Ask{Label: "approval"}) })
			both.Go(func() { f.Decide(ctx, approve.Deny, Ask{Label: "denial"}) })
			both.Wait()
			<-places
			if !f.OK() || !f.WaitInterval(ctx, settling) {
				return
			}
			f.Poll(ctx, Step("first"))
			f.PollDue(ctx, Step("second"))
		})
	},
}

func judgeRacingDecisions(e *Evidence, j *Judgement) {
	for _, flow := range e.FlowsOf(racingDecisions) {
		if e.sharesCode(flow) {
			continue
		}
		accepted, why := e.decisionsOf(j, flow)
		polls := e.Polls(flow, "first", "second")
		switch {
		case why != "":
			j.Lost(why)
		case len(polls) < 2:
			j.Lost("it was not polled twice")
		case polls[0].Infrastructure() || polls[1].Infrastructure():
			j.Lost(lostAnswers)
		case !e.Alive(polls[1]):
			j.Lost(lostTime)
		default:
			j.Round()
			judgeOutcomes(j, polls[0], polls[1], accepted)
		}
	}
}

// decisionsOf is how many of the two decisions on a flow were accepted; why says
// what keeps them from being a round.
func (e *Evidence) decisionsOf(j *Judgement, flow string) (accepted int, why string) {
	var end [2]time.Duration
	for i, label := range []string{"approval", "denial"} {
		d, ok := e.Decision(racingDecisions, flow, label)
		if !ok {
			return 0, "no decision was made"
		}
		switch d.Decision.Outcome {
		case Accepted:
			accepted++
		case Unsupported:
			j.Skip(approverCannot + d.Decision.Decision)
			return 0, "one decision alone"
		case Refused: // the second of the two
		default:
			return 0, "a decision was " + string(d.Decision.Outcome) + ": " + d.Detail
		}
		begun := d.At - d.Decision.Took
		if i == 1 && (begun > end[0] || d.At < end[1]) {
			return 0, "the approver made one decision after the other"
		}
		end[0], end[1] = d.At, begun
	}
	if accepted == 0 {
		return 0, "both decisions were refused"
	}
	return accepted, ""
}

// judgeOutcomes holds ruling R18 against the two polls after racing decisions.
func judgeOutcomes(j *Judgement, first, second *Exchange, accepted int) {
	switch {
	case first.Class() == 5 || second.Class() == 5:
		j.Fail("an OAuth answer to the polls after an approval and a denial at the same moment", describe(first)+", then "+describe(second), first, second)
	case first.ErrorCode() == spec.ErrAccessDenied && second.HasTokens():
		j.Fail("a denial to last", "tokens after "+spec.ErrAccessDenied, first, second)
	case second.StillPending() && first.StillPending() && accepted == 2:
		j.Fail("one of the two decisions to hold", "a code that is still pending after both were confirmed", first, second)
	default:
		j.Pass(first, second)
	}
}

const fleetPolls = 4 // of an approved device, at one instant

// manyDevices starts devices of one make and lets a third be approved, a third
// denied, and a third left alone, in mixed order.
var manyDevices = &Scenario{
	Name: "many devices", Lane: LaneApprove, Needs: []Need{NeedApprover}, Race: true,
	Cost: func(t Timing) Cost {
		n := devices(t)
		return Cost{n * (4 + fleetPolls) / 3, n, time.Duration((n+fleet-1)/fleet) * (t.Interval + settling)}
	},
	Decisions: func(f *Facts) int { return devices(f.Timing) - devices(f.Timing)/3 },
	Run: func(ctx context.Context, s *Scene) {
		for left := devices(s.target.Timing); left > 0 && s.Room(ctx, min(left, fleet)*(4+fleetPolls)/3); left -= fleet {
			s.decideFleet(ctx, min(left, fleet))
		}
	},
}

func devices(t Timing) int { return t.flows(t.Decided, 3) }

// fleet is how many devices are decided at the same time.
const fleet = 12

func (s *Scene) decideFleet(ctx context.Context, n int) {
	flows := make([]*Flow, n)
	for i := range flows {
		flows[i] = s.Start(ctx, Sending(s.target.baseStart(fmt.Sprintf("fleet-%d", i))), Step([]string{"approved", "denied", "left alone"}[i%3]))
	}
	rand.Shuffle(n, func(a, b int) { flows[a], flows[b] = flows[b], flows[a] })
	s.Times(n, func(i int) {
		switch f := flows[i]; {
		case f.Begun == nil:
		case f.Begun.Step == "approved":
			f.Approve(ctx)
		case f.Begun.Step == "denied":
			f.Deny(ctx)
		}
	})
	s.Times(n, func(i int) { flows[i].outcome(ctx) })
}

// outcome polls a device of the fleet until it knows how it was decided.
func (f *Flow) outcome(ctx context.Context) {
	if f.Begun == nil {
		return
	}
	if f.Begun.Step == "left alone" {
		f.PollDue(ctx, Step("poll"))
		return
	}
	if f.Begun.Step == "approved" && f.OK() && f.WaitInterval(ctx, settling) {
		f.redeemAtOnce(ctx, fleetPolls) // a round of the redeeming race
		if f.Token.AccessToken != "" {
			return
		}
	} else {
		f.settle(ctx)
	}
	f.collect(ctx, "poll") // some servers agree with themselves late
}

func judgeManyDevices(e *Evidence, j *Judgement) {
	for _, flow := range e.FlowsOf(manyDevices) {
		begun, polls := e.Begun(flow), e.Polls(flow)
		if begun == nil || len(polls) == 0 {
			continue
		}
		due := []Rule{passIf(stillPending), failIf(anyAnswer)}
		if begun.Step != "left alone" {
			if !e.accepted(j, manyDevices, flow) {
				continue
			}
			due = []Rule{passIf(givesTokens), failIf(anyAnswer)}
			if begun.Step == "denied" {
				due = []Rule{passIf(terminal), failIf(anyAnswer)}
			}
		}
		x, winners := polls[len(polls)-1], withTokens(polls)
		if len(winners) > 0 {
			x = winners[0]
		}
		switch {
		case len(winners) == 0 && slices.ContainsFunc(polls, (*Exchange).Infrastructure):
			j.Lost(lostAnswers) // the winner's may be among them (ruling R46)
		case x.Infrastructure():
			j.Lost(lostAnswers)
		case !e.Alive(x):
			j.Lost(lostTime)
		default:
			j.Round()
			j.Each([]*Exchange{x}, DueRefusal, "each of many devices to get its own outcome (this one was "+begun.Step+")", due...)
		}
	}
}
