package checks

import (
	"context"
	"fmt"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// racers is how many polls of one approved code leave at one instant. Should none of
// them get tokens, each but the first can earn a slow_down that the poll after them
// has to serve.
func racers(t Timing) int {
	served := int((t.Lifetime*3/4 - 2*t.Interval) / (spec.SlowDownStep * time.Second))
	return min(max(served+1, 2), 6)
}

// redeemingRace polls approved codes several times at one instant. A flow that got
// nothing from these is asked once more when it may be. The codes are those that were
// polled across their approval, of which some have given tokens already; for a person,
// who decides on one at a time, it has its own approved.
var redeemingRace = &Scenario{
	Name: nameRedeeming, Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedOverlap}, After: crossingPolls,
	Race: true,
	Cost: func(t Timing) Cost {
		n, own := RedemptionRounds(t), t.Flows(0, 2)
		return Cost{Requests: n*racers(t) + own, Starts: own, Wait: t.Interval + settling + Slack}
	},
	Decisions: func(f *Facts) int { return f.Timing.Flows(0, 2) },
	Run: func(ctx context.Context, s *ScenarioRun) {
		n := RedemptionRounds(s.Target().Timing)
		s.Rounds(n, n, func(int) {
			f := approved(ctx, s)
			if f == nil {
				return
			}
			if f.Token.AccessToken == "" && !enoughRaced(s) && f.WaitInterval(ctx, settling) {
				redeemAtOnce(ctx, f, racers(s.Target().Timing))
			}
			if f.Token.AccessToken == "" && f.WithinLifetime(f.Interval()) {
				f.PollDue(ctx, Step("late"))
			}
			if f.Token.AccessToken != "" {
				s.Leave(f)
			}
		})
	},
}

// approved returns the next code that a program approved, or one that a person does.
func approved(ctx context.Context, s *ScenarioRun) *Flow {
	if s.Target().Timing.Pace == 0 {
		return s.Taken(ctx)
	}
	if f := s.Start(ctx); f.Approve(ctx) == Accepted {
		return f
	}
	return nil
}

// inRace is the step of requests that are sent at one instant.
const inRace = "race"

// The scenarios in which codes are redeemed in races.
const nameRedeeming, nameFleet = "redeeming race", "many devices"

// enoughRaced reports whether as many codes have been redeemed in races as the run is
// laid out for: further ones are redeemed by one poll each.
func enoughRaced(s *ScenarioRun) bool {
	answers := map[string]int{}
	for _, x := range s.Recorded(OpToken) {
		if x.Step == inRace && (x.Scenario == nameRedeeming || x.Scenario == nameFleet) && !x.Infrastructure() {
			answers[x.Flow]++
		}
	}
	rounds := 0
	for _, n := range answers {
		if n > 1 {
			rounds++
		}
	}
	return rounds >= s.Target().Timing.Rounds
}

// redeemAtOnce polls n times at one instant.
func redeemAtOnce(ctx context.Context, f *Flow, n int) {
	f.Run().Barrier(ctx, n, func(_ int, unpaced Option) { f.Poll(ctx, Step(inRace), unpaced) })
}

func judgeRedeemingRace(e *Evidence, j *Judgement) {
	judged := map[string]bool{}
	for _, s := range []*Scenario{crossingPolls, redeemingRace, manyDevices} {
		for _, flow := range e.FlowsOf(s) {
			race := e.Polls(flow, inRace)
			switch {
			case judged[flow]:
			case len(race) > 0:
				judgeRedemption(e, j, race, e.Polls(flow, "late"))
			case s != manyDevices && wasAccepted(e, j, s, flow) && len(WithTokens(e.Polls(flow, "crossing"))) > 0:
				j.Lost("the poll across the approval got the tokens")
			}
			judged[flow] = true
		}
	}
}

// judgeRedemption judges the polls of one approved code that left at the same
// moment, and the one after them where none got tokens.
func judgeRedemption(e *Evidence, j *Judgement, race, late []*Exchange) {
	answers, why := contest(e, race)
	if why != "" {
		j.Lost(why)
		return
	}
	winners := WithTokens(answers)
	for _, x := range answers {
		if x.Class() == 5 {
			j.Fail("an OAuth error for each poll that lost the race", Describe(x), x)
		}
	}
	const expected = "one set of tokens for a code that is polled several times at the same moment"
	switch sets := len(tokenSets(winners)); {
	case sets > 1:
		j.Fail(expected, fmt.Sprintf("%d different sets", sets), winners...)
	case len(winners) > 1:
		j.Warn(expected, fmt.Sprintf("the same tokens in %d answers", len(winners)), winners...)
	case len(winners) == 1:
		j.Pass(winners...)
	case len(answers) < len(race): // it may have been the winner's that was lost
		j.Lost(LostAnswers)
		return
	case len(late) > 0 && e.Uncertain(late[0]): // an earlier poll may have got them
		j.Lost(LostAnswers)
		return
	case len(late) > 0 && late[0].HasTokens():
		j.Warn("tokens for one of the polls at the same moment", "tokens only on a later poll", late[0])
	case len(late) > 0 && IsTerminal(late[0]):
		j.Warn("tokens for one of the polls at the same moment", "none, and the code has ended: the device lost its grant",
			late[0])
	default:
		j.Lost("no poll got tokens, and the code ended before another could be sent")
		return
	}
	j.Round()
}

// wasAccepted reports whether the decision on a flow was accepted. Where it was not,
// its round is lost; an approver that never makes it skips the check.
func wasAccepted(e *Evidence, j *Judgement, s *Scenario, flow string) bool {
	d, ok := e.Decision(s, flow, "")
	switch {
	case !ok:
	case d.Decision.Outcome == Accepted:
		return true
	case d.Decision.Outcome == Unsupported:
		j.SkipUnsupported(d.Decision)
	default:
		j.Lost("the " + d.Decision.Decision + " decision was " + string(d.Decision.Outcome) + ": " + d.Detail)
	}
	return false
}

// tokenSets counts the answers by their tokens.
func tokenSets(xs []*Exchange) map[[2]string]int {
	sets := map[[2]string]int{}
	for _, x := range WithTokens(xs) {
		sets[[2]string{x.Text("access_token"), x.Text("refresh_token")}]++
	}
	return sets
}
