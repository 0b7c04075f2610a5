package checks

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/spec"
)

// crossingPolls lets polls be in flight while the approval arrives. The codes are those of the code sample, which
// nobody polled, and then new ones; the redeeming race goes on with them.
var crossingPolls = &Scenario{
	Name: "polls across the approval", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedProgram, NeedOverlap},
	After: codeSample, Race: true,
	Decisions: func(f *Facts) int { return CrossingRounds(f.Timing) },
	Cost: func(t Timing) Cost {
		n := CrossingRounds(t)
		return Cost{Requests: n + (n+crossingTwice-1)/crossingTwice + max(0, n-SampleCodes), Starts: max(0, n-SampleCodes)}
	},
	Run: func(ctx context.Context, s *ScenarioRun) {
		t, each := s.Target().Timing, crossingMost+1+racers(s.Target().Timing)
		if s.Followers() > 1 {
			each += 3 // the replays
		}
		var met atomic.Int32
		aim, places := &aim{}, make(chan struct{}, crossingAbreast)
		round := func(i int) {
			f := s.Waiting(ctx, untilReplayed(t)) // at once: it must not grow old in a queue
			if f == nil && s.Room(ctx, each) {
				f = s.Start(ctx)
			}
			if f == nil || !f.OK() {
				return
			}
			places <- struct{}{}
			outcome, crossed := cross(ctx, f, aim, i)
			<-places
			if crossed {
				met.Add(1)
			}
			if outcome == Accepted {
				s.Leave(f)
			}
		}
		s.Rounds(t.Decided, RacesInParallel, round)
		s.Rounds(max(0, min(SpareCrossings(t), t.Decided-int(met.Load()))), RacesInParallel, round)
	},
}

// crossingAbreast is how many approvals are crossed at the same time: few, so that the
// next ones are aimed better.
const crossingAbreast = 4

// decidingAbreast is how many decisions one scenario wants at the same time.
const decidingAbreast = 12

// usualDecision is how long the approver has taken for an approval in the middle, 0
// when that is not much longer than a poll: there is no part of it to aim at.
func usualDecision(s *ScenarioRun) time.Duration {
	var took []time.Duration
	for _, d := range s.Decided() {
		if d.Outcome == Accepted && d.Decision == string(approve.Approve) {
			took = append(took, d.Took)
		}
	}
	if usual := middle(took); usual > longEnough && usual > 3*usualPoll(s) {
		return usual
	}
	return 0
}

// longEnough is a decision in whose course polls can be aimed at a moment.
const longEnough = 20 * time.Millisecond

// usualPoll is how long a poll of the run takes.
func usualPoll(s *ScenarioRun) time.Duration {
	var took []time.Duration
	for _, x := range s.Recorded(OpToken) {
		took = append(took, x.Received-x.Sent)
	}
	return middle(took)
}

func middle(took []time.Duration) time.Duration {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// judgeCrossingPolls: what is looked for is an approval that a poll erased. More
// than one set of tokens is DF-CONC-001's and DF-REUSE-001's.
func judgeCrossingPolls(e *Evidence, j *Judgement) {
	for _, flow := range e.FlowsOf(crossingPolls) {
		if !wasAccepted(e, j, crossingPolls, flow) {
			continue
		}
		polls, race, late := e.Polls(flow), e.Polls(flow, inRace), e.Polls(flow, "late")
		chances := len(late) // to hear of the approval, each at the pace of the device
		if len(race) > 0 {
			chances++
		}
		switch {
		case e.SharesCode(flow):
			j.Lost(LostCode)
		case !crossed(e, flow):
			j.Lost("no poll that saw the code undecided was in flight during the approval")
		case len(WithTokens(polls)) > 0: // how soon is DF-POLL-008's
			j.Round(WithTokens(polls)...)
		case len(late) == 0 || chances < 2 && late[0].StillPending():
			j.Lost("the code ended before its slow_downs were served")
		default:
			judgeErased(e, j, late[len(late)-1])
		}
	}
}

// judgeErased judges the last poll of an approved code that gave no tokens.
func judgeErased(e *Evidence, j *Judgement, x *Exchange) {
	switch {
	case x.Infrastructure(), e.Uncertain(x):
		j.Lost(LostAnswers)
		return
	case !e.Alive(x):
		j.Lost(LostTime)
		return
	}
	j.Round()
	j.Each([]*Exchange{x}, ExpectSuccess, "tokens for a code whose approval was confirmed while it was polled",
		FailIf(StillPending), FailIf(IsTerminal))
}

// crossed reports whether a poll of the flow was in flight during its approval that
// may have read the record as it was before: one that got tokens did not.
func crossed(e *Evidence, flow string) bool {
	d, _ := e.Decision(crossingPolls, flow, "")
	for _, x := range e.Polls(flow, "crossing") {
		if meets(x, d.At-d.Decision.Took, d.At) {
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
	Name: "racing decisions", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedProgram, NeedOverlap},
	After:     pendingRace,
	Decisions: func(f *Facts) int { return 2 * f.Timing.Decided },
	Cost: func(t Timing) Cost {
		return Cost{Requests: 2 * t.Decided, Starts: max(0, t.Decided-t.Rounds+polledLate(t)),
			Wait: t.Interval + Slack + untilOutcome(t)}
	},
	Run: func(ctx context.Context, s *ScenarioRun) {
		t := s.Target().Timing
		places := make(chan struct{}, decidingAbreast)
		s.Rounds(t.Decided, t.Decided, func(int) {
			f := s.Undecided(ctx, untilOutcome(t))
			places <- struct{}{}
			var both sync.WaitGroup
			both.Go(func() { f.Decide(ctx, approve.Approve, DecisionOptions{Label: "approval"}) })
			both.Go(func() { f.Decide(ctx, approve.Deny, DecisionOptions{Label: "denial"}) })
			both.Wait()
			<-places
			if !f.OK() || !f.WaitInterval(ctx, settling) {
				return
			}
			if x := f.Poll(ctx, Step("first")); x != nil && !x.HasTokens() {
				f.PollDue(ctx, Step("second"))
			}
		})
	},
}

func judgeRacingDecisions(e *Evidence, j *Judgement) {
	for _, flow := range e.FlowsOf(racingDecisions) {
		if e.SharesCode(flow) {
			continue
		}
		accepted, why := flowDecisions(e, j, flow)
		polls := e.Polls(flow, "first", "second")
		switch {
		case why != "":
			j.Lost(why)
		case len(polls) == 1 && polls[0].HasTokens() && e.Alive(polls[0]): // nothing can come after them
			j.Round(polls...)
		case len(polls) < 2:
			j.Lost("it was not polled twice")
		case polls[0].Infrastructure() || polls[1].Infrastructure():
			j.Lost(LostAnswers)
		case !e.Alive(polls[1]):
			j.Lost(LostTime)
		default:
			j.Round()
			judgeOutcomes(j, polls[0], polls[1], accepted)
		}
	}
}

// flowDecisions is how many of the two decisions on a flow were accepted; why says
// what keeps them from being a round.
func flowDecisions(e *Evidence, j *Judgement, flow string) (accepted int, why string) {
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
			j.SkipUnsupported(d.Decision)
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
		j.Fail("an OAuth answer to the polls after an approval and a denial at the same moment",
			Describe(first)+", then "+Describe(second), first, second)
	case first.ErrorCode() == spec.ErrAccessDenied && second.HasTokens():
		j.Fail("a denial to last", "tokens after "+spec.ErrAccessDenied, first, second)
	case second.StillPending() && first.StillPending() && accepted == 2:
		j.Fail("one of the two decisions to hold", "a code that is still pending after both were confirmed", first, second)
	default:
		j.Pass(first, second)
	}
}

// manyDevices starts devices of one make, of which three in seven are approved, three
// are denied, and one is left alone, in mixed order.
var manyDevices = &Scenario{
	Name: nameFleet, Lane: LaneApprove, Needs: []Capability{NeedApprover}, Race: true,
	Cost: func(t Timing) Cost {
		n := devices(t)
		return Cost{Requests: fleetRequests(t, n), Starts: n,
			Wait: time.Duration((n+fleet-1)/fleet) * (t.Interval + settling)}
	},
	Decisions: func(f *Facts) int { return devices(f.Timing) - (devices(f.Timing)+4)/len(fates) },
	Run: func(ctx context.Context, s *ScenarioRun) {
		t := s.Target().Timing
		for left := devices(t); left > 0 && s.Room(ctx, fleetRequests(t, min(left, fleet))); left -= fleet {
			decideFleet(ctx, s, min(left, fleet))
		}
	},
}

func devices(t Timing) int { return t.Flows(t.Decided+3, 3) }

// fleet is how many devices are decided at the same time.
const fleet = 14

const (
	fateApproved = "approved"
	fateDenied   = "denied"
	fateNone     = "left alone"
)

// fates are what becomes of the devices of a fleet, in turn.
var fates = []string{fateApproved, fateDenied, fateNone, fateApproved, fateDenied, fateApproved, fateDenied}

// fleetRequests is a start and a poll for each of n devices, and the race for the
// tokens of those that are approved.
func fleetRequests(t Timing, n int) int { return 2*n + (3*n+6)/len(fates)*(racers(t)-1) }

func decideFleet(ctx context.Context, s *ScenarioRun, n int) {
	flows := make([]*Flow, n)
	for i := range flows {
		flows[i] = s.Start(ctx, Sending(s.Target().BaseStart(fmt.Sprintf("fleet-%d", i))), Step(fates[i%len(fates)]))
	}
	rand.Shuffle(n, func(a, b int) { flows[a], flows[b] = flows[b], flows[a] })
	s.Times(n, func(i int) {
		switch f := flows[i]; {
		case f.Authorization == nil:
		case f.Authorization.Step == fateApproved:
			f.Approve(ctx)
		case f.Authorization.Step == fateDenied:
			f.Deny(ctx)
		}
	})
	s.Times(n, func(i int) { outcome(ctx, flows[i]) })
}

// outcome polls a device of the fleet until it knows how it was decided.
func outcome(ctx context.Context, f *Flow) {
	if f.Authorization == nil {
		return
	}
	if f.Authorization.Step == fateNone {
		f.PollDue(ctx, Step("poll"))
		return
	}
	if f.Authorization.Step == fateApproved && f.OK() && f.WaitInterval(ctx, settling) {
		redeemAtOnce(ctx, f, racers(f.Run().Target().Timing)) // a round of the redeeming race
		if f.Token.AccessToken != "" {
			return
		}
	} else {
		f.Settle(ctx)
	}
	f.Collect(ctx, "poll") // some servers agree with themselves late
}

func judgeManyDevices(e *Evidence, j *Judgement) {
	for _, flow := range e.FlowsOf(manyDevices) {
		begun, polls := e.Authorization(flow), e.Polls(flow)
		if begun == nil || len(polls) == 0 {
			continue
		}
		due := []Rule{PassIf(StillPending), FailIf(AnyAnswer)}
		if begun.Step != fateNone {
			if !wasAccepted(e, j, manyDevices, flow) {
				continue
			}
			due = []Rule{PassIf(GivesTokens), FailIf(AnyAnswer)}
			if begun.Step == fateDenied {
				due = []Rule{PassIf(IsTerminal), FailIf(AnyAnswer)}
			}
		}
		x, winners := polls[len(polls)-1], WithTokens(polls)
		if len(winners) > 0 {
			x = winners[0]
		}
		switch {
		case e.SharesCode(flow):
			j.Lost(LostCode)
		case len(winners) == 0 && slices.ContainsFunc(polls, (*Exchange).Infrastructure):
			j.Lost(LostAnswers) // the winner's may be among them (ruling R46)
		case x.Infrastructure():
			j.Lost(LostAnswers)
		case !e.Alive(x):
			j.Lost(LostTime)
		default:
			j.Round()
			j.Each([]*Exchange{x}, ExpectRefusal, "each of many devices to get its own outcome (this one was "+begun.Step+")",
				due...)
		}
	}
}
