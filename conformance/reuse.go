package conformance

import (
	"context"
	"fmt"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/spec"
)

var reuseChecks = []Check{
	{
		ID:    "DF-REUSE-001",
		Gate:  GateTokens,
		Needs: []Need{NeedApprover},
		Reads: []*Scenario{replayedCode},
		Judge: judgeReplay,
	},
	{
		ID:    "DF-REUSE-002",
		Gate:  GateTokens,
		Needs: []Need{NeedApprover},
		Reads: []*Scenario{replayedCode},
		Judge: judgeReplayError,
	},
	{
		ID:    "DF-REUSE-003",
		Gate:  GateTokens,
		Needs: []Need{NeedApprover, NeedIntrospection},
		Reads: []*Scenario{replayedCode},
		Judge: judgeReplayTokens,
	},
	{
		ID:    "DF-REUSE-004",
		Gate:  GateTokens,
		Needs: []Need{NeedApprover},
		Reads: []*Scenario{secondApproval, replayedCode},
		Judge: judgeSecondApproval,
	},
}

// replayedCode redeems a code and polls with it again, twice, at the interval;
// then it looks at what became of the tokens.
var replayedCode = &Scenario{
	Name: "replayed code", Lane: LaneApprove, Needs: []Need{NeedApprover}, Cost: waits(7, 1, 4),
	Run: func(ctx context.Context, s *Scene) {
		f, ok := s.redeem(ctx)
		if !ok {
			return
		}
		for i := range 3 {
			x := f.PollDue(ctx, Step("replay"))
			if x == nil || i == 1 && !x.StillPending() {
				break // a third poll only to see whether pending persists
			}
		}
		s.examine(ctx, f.Token.AccessToken, "access token after replay")
		if f.Token.RefreshToken != "" {
			s.refresh(ctx, f.Token.RefreshToken, Step("refresh after replay"))
		}
	},
}

// issued is the token response of a flow, nil when none came.
func (e *Evidence) issued(s *Scenario) *Exchange {
	x := e.One(s, "redeem")
	if x == nil || !x.HasTokens() {
		return nil
	}
	return x
}

// unredeemed books why a scenario that needs tokens has none.
func (e *Evidence) unredeemed(j *Judgement, s *Scenario) {
	for _, f := range e.FlowsOf(s) {
		if !decided(e, j, s, f) {
			return
		}
	}
	j.Inconclusive("no token was issued: " + describe(e.One(s, "redeem")))
}

func judgeReplay(e *Evidence, j *Judgement) {
	first := e.issued(replayedCode)
	if first == nil {
		e.unredeemed(j, replayedCode)
		return
	}
	judgeReplays(j, first, e.Of(replayedCode, "replay"))
}

// judgeReplays holds ruling R5: a second token set fails, the same one again
// warns, and so does pending unless it persists.
func judgeReplays(j *Judgement, first *Exchange, replays []*Exchange) {
	pending := 0
	for _, x := range replays {
		if x.StillPending() {
			pending++
		}
		j.Each([]*Exchange{x}, DueRefusal, "no tokens for a redeemed code",
			warnIf(givesTokens, func(x *Exchange) bool { return x.text("access_token") == first.text("access_token") }),
			failIf(givesTokens),
			warnIf(errorIs(spec.ErrAuthorizationPending)),
			openIf(infrastructure), passIf(anyAnswer))
	}
	if pending >= 3 {
		j.Fail("a refusal", "still pending after 3 polls", replays...)
	}
}

func judgeReplayError(e *Evidence, j *Judgement) {
	refusals := 0
	for _, x := range e.Of(replayedCode, "replay") {
		if x.HasTokens() || x.ErrorCode() == spec.ErrAuthorizationPending {
			continue // DF-REUSE-001
		}
		refusals++
		j.Each([]*Exchange{x}, DueRefusal, spec.ErrInvalidGrant,
			failIf(class(5)),
			passIf(errorIs(spec.ErrInvalidGrant)),
			warnIf(errorIs(spec.ErrExpiredToken, spec.ErrAccessDenied, spec.ErrInvalidRequest, spec.ErrSlowDown)),
			openIf(infrastructure), failIf(anyAnswer))
	}
	if refusals == 0 {
		j.Inconclusive("no replay was refused")
	}
}

func judgeReplayTokens(e *Evidence, j *Judgement) {
	access := e.One(replayedCode, "access token after replay")
	if access == nil || access.Infrastructure() {
		j.Inconclusive("the token could not be examined: " + describe(access))
		return
	}
	refreshed := e.One(replayedCode, "refresh after replay")
	if refreshed != nil && !refreshed.Infrastructure() && active(access) != refreshed.HasTokens() {
		j.Warn("both tokens revoked, or neither",
			fmt.Sprintf("access token active: %t, refresh token usable: %t", active(access), refreshed.HasTokens()), access, refreshed)
		return
	}
	j.Pass(access)
}

// secondApproval approves a code again after it was redeemed.
var secondApproval = &Scenario{
	Name: "second approval", Lane: LaneApprove, Needs: []Need{NeedApprover}, Cost: waits(3, 1, 2),
	Decisions: asks(2),
	Run: func(ctx context.Context, s *Scene) {
		f, ok := s.redeem(ctx)
		if !ok {
			return
		}
		f.Decide(ctx, approve.Approve, Ask{Label: "again"})
		f.PollDue(ctx, Step("after"))
	},
}

func judgeSecondApproval(e *Evidence, j *Judgement) {
	first := e.issued(secondApproval)
	if first == nil {
		e.unredeemed(j, secondApproval)
		return
	}
	replays := e.Of(replayedCode, "replay")
	for _, x := range replays {
		if x.HasTokens() {
			j.Inconclusive("the server gives tokens for a redeemed code without a second approval", x)
			return
		}
	}
	for _, d := range e.Decisions(secondApproval, "again") {
		switch d.Decision.Outcome {
		case Broken, Unsupported:
			j.Inconclusive("nobody could be asked to approve the redeemed code: " + d.Detail)
			return
		case Accepted:
			j.Warn("the approval of a redeemed code refused", "reported as a success", e.Of(secondApproval, "after")...)
		}
	}
	j.Each(e.Of(secondApproval, "after"), DueRefusal, "no tokens after a second approval",
		failIf(givesTokens), openIf(infrastructure), passIf(anyAnswer))
}
