package checks

import (
	"context"
	"fmt"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/spec"
)

var reuseChecks = []Check{
	{
		ID:    "DF-REUSE-001",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover},
		Reads: []*Scenario{replayedCode},
		Wants: []*Scenario{codeSample, crossingPolls, redeemingRace, secondApproval},
		Judge: judgeReplay,
	},
	{
		ID:    "DF-REUSE-002",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover},
		Reads: []*Scenario{replayedCode, unknownCodes},
		Wants: []*Scenario{codeSample, crossingPolls, redeemingRace, secondApproval},
		Judge: judgeReplayError,
	},
	{
		ID:    "DF-REUSE-003",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedIntrospection},
		Reads: []*Scenario{replayedCode},
		Judge: judgeReplayTokens,
	},
	{
		ID:    "DF-REUSE-004",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover},
		Reads: []*Scenario{replayedCode, codeSample, crossingPolls, redeemingRace, secondApproval},
		Judge: judgeSecondApproval,
	},
}

// replayedCode redeems a code and polls with it again, twice, at the interval;
// then it looks at what became of the tokens.
var replayedCode = &Scenario{
	Name: "replayed code", Lane: LaneApprove, Needs: []Capability{NeedApprover}, Cost: WaitingCost(8, 1, 4),
	Words: Words{"refresh after replay": "after the code was used again"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		f, ok := s.Redeem(ctx)
		if !ok {
			return
		}
		s.InspectToken(ctx, f.Token.AccessToken, "access token before replay")
		for i := range 3 {
			x := f.PollDue(ctx, Step("replay"))
			if x == nil || i == 1 && !x.StillPending() {
				break // a third poll only to see whether pending persists
			}
		}
		s.InspectToken(ctx, f.Token.AccessToken, "access token after replay")
		if f.Token.RefreshToken != "" {
			s.Refresh(ctx, f.Token.RefreshToken, Step("refresh after replay"))
		}
	},
}

// replays are the polls with a redeemed code that nobody approved again, flow by
// flow.
func replays(e *Evidence) [][]*Exchange {
	var out [][]*Exchange
	for _, s := range []*Scenario{replayedCode, secondApproval} {
		for _, flow := range e.FlowsOf(s) {
			if xs := e.Polls(flow, "replay"); len(xs) > 0 {
				out = append(out, xs)
			}
		}
	}
	return out
}

// judgeReplay holds ruling R5: a second token set fails, one that was given
// before warns, and so does pending unless it persists.
func judgeReplay(e *Evidence, j *Judgement) {
	replays := replays(e)
	if len(replays) == 0 {
		e.Unredeemed(j, replayedCode)
	}
	for _, xs := range replays {
		pending := 0
		for _, x := range xs {
			if !counts(e, j, x) {
				continue
			}
			if x.StillPending() {
				pending++
			}
			j.Each([]*Exchange{x}, ExpectRefusal, "no tokens for a redeemed code",
				WarnIf(GivesTokens, gaveBefore(e)), FailIf(GivesTokens),
				WarnIf(ErrorIs(spec.ErrAuthorizationPending)), PassIf(AnyAnswer))
		}
		if pending >= 3 {
			j.Fail("a refusal of a redeemed code", "still pending after 3 polls", xs...)
		}
	}
}

// counts records a replay as a round, or as a lost one.
func counts(e *Evidence, j *Judgement, x *Exchange) bool {
	switch {
	case x.Infrastructure():
		j.Lost(LostAnswers)
		return false
	case !e.Alive(x):
		j.Lost(LostTime)
		return false
	}
	j.Round()
	return true
}

// gaveBefore reports whether the tokens of an answer were given for its code
// before.
func gaveBefore(e *Evidence) Predicate {
	return func(x *Exchange) bool {
		for _, y := range e.Polls(x.Flow) {
			if y != x && y.Received <= x.Sent && y.HasTokens() && y.Text("access_token") == x.Text("access_token") {
				return true
			}
		}
		return false
	}
}

func judgeReplayError(e *Evidence, j *Judgement) {
	refusals := 0
	for _, xs := range replays(e) {
		for _, x := range xs {
			if x.HasTokens() || x.ErrorCode() == spec.ErrAuthorizationPending {
				continue // DF-REUSE-001
			}
			refusals++
			if !counts(e, j, x) {
				continue
			}
			likeUnknown(e, j).Each([]*Exchange{x}, ExpectRefusal, spec.ErrInvalidGrant,
				FailIf(Class(5)),
				PassIf(ErrorIs(spec.ErrInvalidGrant)),
				WarnIf(ErrorIs(spec.ErrExpiredToken, spec.ErrAccessDenied, spec.ErrInvalidRequest, spec.ErrSlowDown)),
				FailIf(AnyAnswer))
		}
	}
	if refusals == 0 {
		j.Inconclusive("no replay was refused")
	}
}

func judgeReplayTokens(e *Evidence, j *Judgement) {
	before, access := e.One(replayedCode, "access token before replay"), e.One(replayedCode, "access token after replay")
	if access == nil || !TellsWorth(access) {
		j.Inconclusive("the token could not be examined: " + Describe(access))
		return
	}
	if before != nil && !IsActive(before) { // DF-TOKEN-010
		j.Inconclusive("the token was worth nothing before the code was used again: "+Describe(before), before)
		return
	}
	refreshed := e.One(replayedCode, "refresh after replay")
	if refreshed != nil && refreshed.Class() == 5 { // DF-ERR-008
		j.Inconclusive("the refresh token could not be tried: "+Describe(refreshed), refreshed)
		return
	}
	if refreshed != nil && !refreshed.Infrastructure() && IsActive(access) != refreshed.HasTokens() {
		j.Warn("both tokens revoked, or neither",
			fmt.Sprintf("access token active: %t, refresh token usable: %t", IsActive(access), refreshed.HasTokens()), access,
			refreshed)
		return
	}
	j.Pass(access)
}

// secondApproval takes the codes that were redeemed in a race, polls with them
// again at the interval, with some of them twice, and then approves them once more. For
// a person, whose turn comes later, it redeems one itself.
var secondApproval = &Scenario{
	Name: "second approval", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedOverlap}, After: redeemingRace,
	Race: true,
	Cost: func(t Timing) Cost {
		n := RedemptionRounds(t)
		return Cost{Requests: 2*n + (n+replayedTwice-1)/replayedTwice, Starts: t.Flows(0, 1), Wait: untilReplayed(t)}
	},
	Decisions: func(f *Facts) int { return f.Timing.Flows(RedemptionRounds(f.Timing), 2) },
	Run: func(ctx context.Context, s *ScenarioRun) {
		t := s.Target().Timing
		n := t.Flows(RedemptionRounds(t), 1)
		s.Rounds(n, n, func(i int) {
			var f *Flow
			if t.Pace > 0 {
				f, _ = s.Redeem(ctx)
			} else {
				f = s.Taken(ctx)
			}
			times := 1
			if i%replayedTwice == 0 {
				times = 2
			}
			if f == nil || !replay(ctx, f, times) || !f.WithinLifetime(f.Interval()) {
				return
			}
			f.Decide(ctx, approve.Approve, DecisionOptions{Label: "again"})
			f.PollDue(ctx, Step("after"))
		})
	},
}

// replayedTwice is the share of the codes, one of so many, that are used again twice: once
// is a round.
const replayedTwice = 5

// replay polls so many times with a redeemed code, and three times where it is said to
// be pending; false when the code or the run ended before.
func replay(ctx context.Context, f *Flow, times int) bool {
	for i := range 3 {
		if !f.WithinLifetime(f.Interval()) {
			return false
		}
		x := f.PollDue(ctx, Step("replay"))
		if x == nil {
			return false
		}
		if i+1 >= times && !x.StillPending() {
			break
		}
	}
	return true
}

// judgeSecondApproval blames tokens on the second approval alone (ruling R47):
// that was reported as a success, and no replay without one gets tokens.
func judgeSecondApproval(e *Evidence, j *Judgement) {
	var replayed []*Exchange
	for _, xs := range replays(e) {
		replayed = append(replayed, WithTokens(xs)...)
	}
	for _, flow := range e.FlowsOf(secondApproval) {
		d, ok := e.Decision(secondApproval, flow, "again")
		after := e.Polls(flow, "after")
		switch {
		case !ok || len(after) == 0:
			j.Lost("there was no second approval, or no poll after it")
		case d.Decision.Outcome == Unsupported:
			j.SkipFor(Lack{Needs: []Capability{NeedApprover}, Because: "the approver cannot approve a code again"})
		case d.Decision.Outcome == Refused:
			j.Round(after...)
		case d.Decision.Outcome != Accepted:
			j.Lost("the second approval was " + string(d.Decision.Outcome) + ": " + d.Detail)
		case !counts(e, j, after[0]):
		case after[0].HasTokens() && len(replayed) > 0:
			j.Inconclusive("this server gives tokens for a redeemed code without a second approval, too", replayed[0])
		case after[0].HasTokens():
			j.Fail("no tokens after the approval of a redeemed code", Describe(after[0]), after[0])
		default:
			j.Warn("the approval of a redeemed code to be refused", "an approval that was reported as a success", after[0])
		}
	}
	if j.Empty() {
		e.Unredeemed(j, replayedCode)
	}
}
