package conformance

import (
	"context"
	"fmt"
	"time"
)

const (
	racingPolls   = 6
	racingAbreast = 24 // codes that are raced for at the same time
)

// redeemings is how many codes are redeemed in races: more than other races have
// rounds, for this is the race whose prize is worth most.
func redeemings(t Timing) int { return t.flows(t.Decided*17/12, 2) }

// redeemingRace approves codes and polls each several times at one instant. A
// flow that got nothing from these is asked once more when it may be.
var redeemingRace = &Scenario{
	Name: "redeeming race", Lane: LaneApprove, Needs: []Need{NeedApprover, NeedOverlap}, Race: true,
	Cost: func(t Timing) Cost {
		n := redeemings(t)
		return Cost{n * (racingPolls + 1), n, t.Interval + settling + Slack}
	},
	Decisions: func(f *Facts) int { return redeemings(f.Timing) },
	Run: func(ctx context.Context, s *Scene) {
		each := racingPolls + 1
		if s.followers() > 0 {
			each += 3 // the replays
		}
		s.Rounds(redeemings(s.target.Timing), racingAbreast, func(int) {
			if !s.Room(ctx, each) {
				return
			}
			f := s.Start(ctx)
			if f.Approve(ctx) != Accepted || !f.WaitInterval(ctx, settling) {
				return
			}
			f.redeemAtOnce(ctx, racingPolls)
			if f.Token.AccessToken != "" {
				s.Leave(f)
			} else if f.Lives(f.Interval()) {
				f.PollDue(ctx, Step("late"))
			}
		})
	},
}

// settling is what a decision gets to reach all parts of a server.
const settling = 500 * time.Millisecond

// redeemAtOnce polls n times at one instant.
func (f *Flow) redeemAtOnce(ctx context.Context, n int) {
	f.scene.Barrier(ctx, n, func(_ int, unpaced Option) { f.Poll(ctx, Step("race"), unpaced) })
}

func judgeRedeemingRace(e *Evidence, j *Judgement) {
	for _, s := range []*Scenario{redeemingRace, manyDevices} {
		for _, flow := range e.FlowsOf(s) {
			if race := e.Polls(flow, "race"); len(race) > 0 {
				judgeRedemption(e, j, race, e.Polls(flow, "late"))
			} else if s == redeemingRace {
				e.accepted(j, s, flow)
			}
		}
	}
}

// judgeRedemption judges the polls of one approved code that left at the same
// moment, and the one after them where none got tokens.
func judgeRedemption(e *Evidence, j *Judgement, race, late []*Exchange) {
	answers, why := e.contest(race)
	if why != "" {
		j.Lost(why)
		return
	}
	winners := withTokens(answers)
	for _, x := range answers {
		if x.Class() == 5 {
			j.Fail("an OAuth error for each poll that lost the race", describe(x), x)
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
		j.Lost(lostAnswers)
		return
	case len(late) > 0 && late[0].HasTokens():
		j.Warn("tokens for one of the polls at the same moment", "tokens only on a later poll", late[0])
	case len(late) > 0 && terminal(late[0]):
		j.Warn("tokens for one of the polls at the same moment", "none, and the code has ended: the device lost its grant", late[0])
	default:
		j.Lost("no poll got tokens, and the code ended before another could be sent")
		return
	}
	j.Round()
}

// accepted reports whether the decision on a flow was accepted. Where it was not,
// its round is lost; an approver that never makes it skips the check.
func (e *Evidence) accepted(j *Judgement, s *Scenario, flow string) bool {
	d, ok := e.Decision(s, flow, "")
	switch {
	case !ok:
	case d.Decision.Outcome == Accepted:
		return true
	case d.Decision.Outcome == Unsupported:
		j.Skip(approverCannot + d.Decision.Decision)
	default:
		j.Lost("the " + d.Decision.Decision + " decision was " + string(d.Decision.Outcome) + ": " + d.Detail)
	}
	return false
}

func withTokens(xs []*Exchange) []*Exchange {
	var out []*Exchange
	for _, x := range xs {
		if x.HasTokens() {
			out = append(out, x)
		}
	}
	return out
}

// tokenSets counts the answers by their tokens.
func tokenSets(xs []*Exchange) map[[2]string]int {
	sets := map[[2]string]int{}
	for _, x := range withTokens(xs) {
		sets[[2]string{x.text("access_token"), x.text("refresh_token")}]++
	}
	return sets
}
