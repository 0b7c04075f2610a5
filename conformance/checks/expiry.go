package checks

import (
	"context"
	"fmt"
	"slices"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// expiryChecks judge the end of a code's lifetime. All of their scenarios begin
// together and wait for it side by side with everything else.
var expiryChecks = []Check{
	{ID: "DF-EXPIRY-001", Gate: GatePending, Needs: []Capability{NeedShortExpiry},
		Reads: []*Scenario{expiringFlow, idleFlow},
		Judge: judgeExpired},
	{ID: "DF-EXPIRY-002", Gate: GatePending, Needs: []Capability{NeedShortExpiry},
		Reads: []*Scenario{expiringFlow, idleUntilEnd}, Judge: judgeEarlyEnd},
	{ID: "DF-EXPIRY-003", Gate: GatePending, Needs: []Capability{NeedShortExpiry},
		Reads: []*Scenario{expiringFlow, idleFlow},
		Judge: judgeProlonged},
	{
		ID: "DF-EXPIRY-004", Gate: GatePending, Needs: []Capability{NeedApprover, NeedShortExpiry},
		Reads: []*Scenario{lateApproval, expiringFlow, unknownCodes}, Judge: judgeLateApproval,
	},
	{
		ID: "DF-EXPIRY-005", Gate: GateTokens, Needs: []Capability{NeedApprover, NeedShortExpiry},
		Reads: []*Scenario{lateRedemption, unknownCodes}, Judge: judgeLateRedemption,
	},
	{ID: "DF-EXPIRY-006", Gate: GatePending, Needs: []Capability{NeedShortExpiry},
		Reads: []*Scenario{expiringFlow, unknownCodes}, Judge: judgeStaysExpired},
	{ID: "DF-EXPIRY-007", Gate: GatePending, Needs: []Capability{NeedShortExpiry}, Reads: []*Scenario{hastyAfterEnd},
		Judge: judgeHastyAfterEnd},
	{ID: "DF-EXPIRY-008", Gate: GatePending, Needs: []Capability{NeedRestart}, Reads: []*Scenario{restarted},
		Judge: judgeRestarted},
}

// lifelong is the cost of a scenario that waits for the end of a code and n
// intervals more.
func lifelong(requests, starts, n int) func(Timing) Cost {
	return func(t Timing) Cost {
		return Cost{Requests: requests, Starts: starts, Wait: t.Lifetime + t.Tolerance() +
			time.Duration(n)*(t.Interval+Slack)}
	}
}

// margin before the end within which a code must still be good: the largest of
// 2 s, a twentieth of the lifetime, and an interval (DF-EXPIRY-002).
func margin(t Timing) time.Duration {
	return max(2*time.Second, t.Lifetime/20, t.Interval) + 2*t.RTT
}

// lifePolls is how often a code is polled over its life, at most: enough for a server
// that prolongs it with each poll. DF-POLL-022 polls more often.
const lifePolls = 6

// longest tail after which an expired code is asked once more.
const expiryTail = time.Minute

// expiringFlow is polled through its whole life, just before its end, after it,
// and on until expiry has lasted.
var expiringFlow = &Scenario{
	Name: "expiring flow", Lane: LaneExpiry, Needs: []Capability{NeedShortExpiry},
	Cost: func(t Timing) Cost {
		polls := min(lifePolls, int(t.Lifetime/max(t.Interval, time.Second)))
		return Cost{Requests: polls + 8, Starts: 1, Wait: t.Lifetime + t.Tolerance() + 4*(t.Interval+Slack) +
			min(expiryTail, t.Lifetime)}
	},
	Words: Words{"alive": "within the lifetime", "later": "long after the lifetime ended"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if !f.OK() || f.Codes.ExpiresIn <= 0 {
			return
		}
		last := f.Earliest() - margin(s.Target().Timing)
		pace := (f.Earliest() - f.Authorization.Sent) / lifePolls
		more := max(Slack, pace-f.Interval()) // between polls, beyond the interval
		for f.Run().Now()+2*f.Interval()+more < last {
			if !f.WaitInterval(ctx, more) || f.Poll(ctx, Step("alive"), Punctual()) == nil {
				return
			}
		}
		if !s.WaitUntil(ctx, last) || !f.WaitInterval(ctx, 0) {
			return
		}
		f.Poll(ctx, Step("before the end"), Punctual())
		if !f.WaitEnd(ctx) {
			return
		}
		f.PollDue(ctx, Step("after the end"))
		f.PollDue(ctx, Step("after the end"))
		for range 2 {
			f.PollDue(ctx, Step("later"))
		}
		if s.Wait(ctx, min(expiryTail, s.Target().Timing.Lifetime)) {
			f.PollDue(ctx, Step("later"))
		}
	},
}

// idleUntilEnd is polled once, just before its end.
var idleUntilEnd = &Scenario{
	Name: "idle until just before the end", Lane: LaneExpiry, Needs: []Capability{NeedShortExpiry},
	Cost: lifelong(2, 1, 0),
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if f.OK() && f.Codes.ExpiresIn > 0 && s.WaitUntil(ctx, f.Earliest()-margin(s.Target().Timing)) {
			f.Poll(ctx, Step("before the end"), Punctual())
		}
	},
}

// idleFlow is polled once, after its end.
var idleFlow = &Scenario{
	Name: "idle past the end", Lane: LaneExpiry, Needs: []Capability{NeedShortExpiry}, Cost: lifelong(2, 1, 0),
	Run: func(ctx context.Context, s *ScenarioRun) {
		if f := s.Start(ctx); f.WaitEnd(ctx) {
			f.Poll(ctx, Step("after the end"))
		}
	},
}

// lateApproval is approved after its end.
var lateApproval = &Scenario{
	Name: "late approval", AsksLate: true, Lane: LaneExpiry, Needs: []Capability{NeedApprover, NeedShortExpiry},
	Cost:  lifelong(3, 1, 1),
	Words: Words{"after an interval": "an interval later"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if !f.WaitEnd(ctx) {
			return
		}
		f.Approve(ctx)
		f.Poll(ctx, Step("at once"))
		f.PollDue(ctx, Step("after an interval"))
	},
}

// lateRedemption is approved early and polled for the first time after its end.
var lateRedemption = &Scenario{
	Name: "late redemption", Lane: LaneExpiry, Needs: []Capability{NeedApprover, NeedShortExpiry}, Cost: lifelong(2, 1, 0),
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if f.Approve(ctx) == Accepted && f.WaitEnd(ctx) {
			f.Poll(ctx, Step("after the end"))
		}
	},
}

// hastyAfterEnd polls twice in a row a code that has ended, and one that was
// denied.
var hastyAfterEnd = &Scenario{
	Name: "hasty after the end", Lane: LaneExpiry, Needs: []Capability{NeedShortExpiry}, Cost: lifelong(6, 2, 1),
	Decisions: DecisionCount(1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		twice := func(f *Flow) {
			if x := f.PollDue(ctx, Step("first")); x != nil && IsTerminal(x) && s.Wait(ctx, HastyPause) {
				f.Poll(ctx, Step("second"))
			}
		}
		s.Parallel(
			func() {
				if s.MayAsk() {
					if f := s.Start(ctx); f.Deny(ctx) == Accepted {
						f.Settle(ctx)
						twice(f)
					}
				}
			},
			func() {
				if f := s.Start(ctx); f.WaitEnd(ctx) {
					twice(f)
				}
			})
	},
}

// goneLate is how long after its end a code may be noticed to have ended, with
// a warning.
const goneLate = 30 * time.Second

func judgeExpired(e *Evidence, j *Judgement) {
	for _, f := range e.FlowsOf(expiringFlow) {
		polls := e.Polls(f, "after the end")
		if slices.ContainsFunc(e.Polls(f, "before the end"), endedEarly(e)) && anyTerminal(polls) {
			j.Inconclusive("the code had ended before its lifetime was over: see DF-EXPIRY-002", polls...)
			continue
		}
		for i, x := range polls {
			switch late := x.Sent - e.Latest(f); {
			case x.SlowedBy429() && e.LimiterSlows() && i == 0 && len(polls) > 1: // the next one tells
				continue
			case x.ErrorCode() == spec.ErrSlowDown && i == 0 && len(polls) > 1:
				j.Warn(spec.ErrExpiredToken+" once the code has expired", "slow_down first", x)
				continue
			case x.ErrorCode() == spec.ErrAuthorizationPending && i == 0 && len(polls) > 1 && late < goneLate &&
				IsTerminal(polls[1]):
				j.Warn(spec.ErrExpiredToken+" once the code has expired",
					fmt.Sprintf("a code that was still pending %.0f s after its lifetime, then %s", late.Seconds(),
						Describe(polls[1])), polls...)
			case x.StillPending() && anyTerminal(e.Of(idleFlow, "after the end")):
				j.Inconclusive("a code that was not polled did expire: see DF-EXPIRY-003", x)
			default:
				right := []string{spec.ErrExpiredToken}
				if !e.JustEnded(x) {
					right = append(right, spec.ErrInvalidGrant)
				}
				j.Each([]*Exchange{x}, ExpectRefusal, spec.ErrExpiredToken, FailIf(GivesTokens), FailIf(StillPending),
					PassIf(Class(4), ErrorIs(right...)), WarnIf(ErrorIs(spec.ErrInvalidGrant, spec.ErrAccessDenied)))
			}
			break
		}
	}
}

func judgeEarlyEnd(e *Evidence, j *Judgement) {
	for _, s := range []*Scenario{expiringFlow, idleUntilEnd} {
		for _, x := range e.Of(s, "before the end") {
			if x.Received >= e.Earliest(x.Flow)-time.Second {
				j.Inconclusive("the last poll before the end of the code was answered "+fromTheEnd(x.Received-e.Earliest(x.Flow))+
					", too late to show anything", x)
				continue
			}
			expected := fmt.Sprintf("the code to stay pending until it expires (%.1f s were left, and %s had been issued since)",
				(e.Earliest(x.Flow) - x.Received).Seconds(), reports.Count(startedBetween(e, e.Authorization(x.Flow), x),
					"other code",
					"other codes"))
			j.Each([]*Exchange{x}, ExpectPending, expected,
				PassIf(StillPending), InconclusiveIf(Infrastructure), FailIf(IsTerminal))
		}
	}
}

// fromTheEnd says how far from the end of its code a poll was answered.
func fromTheEnd(after time.Duration) string {
	if after < 0 {
		return fmt.Sprintf("%.1f s before it", -after.Seconds())
	}
	return fmt.Sprintf("%.1f s after it", after.Seconds())
}

// endedEarly asks for an answer that ends a code more than a second before its end.
func endedEarly(e *Evidence) Predicate {
	return func(x *Exchange) bool { return IsTerminal(x) && x.Received < e.Earliest(x.Flow)-time.Second }
}

// startedBetween counts the starts of the whole run that gave codes after one exchange
// and before another: a store that evicts its oldest grants shows by it.
func startedBetween(e *Evidence, a, b *Exchange) int {
	n := 0
	for _, x := range e.Authorizations() {
		if x != a && x.Received > a.Received && x.Sent < b.Sent {
			n++
		}
	}
	return n
}

func judgeProlonged(e *Evidence, j *Judgement) {
	idle := e.One(idleFlow, "after the end")
	polled := e.Of(expiringFlow, "after the end", "later")
	switch {
	case idle == nil || len(polled) == 0:
	case !IsTerminal(idle):
		j.Inconclusive("a code that was never polled did not expire either ("+Describe(idle)+"): see DF-EXPIRY-001", idle)
	default:
		for i, x := range polled {
			if anyTerminal(polled[:i]) {
				j.Pass(x) // that it stays ended is DF-EXPIRY-006's
				continue
			}
			j.Each([]*Exchange{x}, ExpectRefusal, "polling not to extend the code's lifetime",
				FailIf(ErrorIs(spec.ErrAuthorizationPending)), InconclusiveIf(Infrastructure), PassIf(AnyAnswer))
		}
	}
}

// undead reports whether a code that nobody decided on outlives its lifetime
// anyway.
func undead(e *Evidence) bool {
	polls := e.Of(expiringFlow, "after the end")
	return len(polls) > 0 && polls[len(polls)-1].StillPending()
}

func judgeLateApproval(e *Evidence, j *Judgement) {
	for _, f := range e.FlowsOf(lateApproval) {
		d, asked := e.Decision(lateApproval, f, "")
		if !asked {
			continue
		}
		if !d.Decision.Outcome.Answered() {
			j.Inconclusive("the approver could not approve the code: " + d.Detail)
			continue
		}
		polls := e.Polls(f, "at once", "after an interval")
		pending := FailIf(ErrorIs(spec.ErrAuthorizationPending))
		if undead(e) {
			pending = InconclusiveIf(StillPending) // DF-EXPIRY-001
		}
		likeUnknown(e, j).Each(e.ExceptExpiredOnce(j, polls), ExpectRefusal,
			"no tokens for a code that was approved after it had expired",
			FailIf(GivesTokens), InconclusiveIf(Infrastructure), PassIf(IsTerminal), pending, WarnIf(ErrorIs(spec.ErrSlowDown)))
		if d.Decision.Outcome == Accepted && len(polls) > 0 {
			j.Warn("the approval of an expired code to be refused", "the page reported success", polls...)
		}
	}
}

func judgeLateRedemption(e *Evidence, j *Judgement) {
	for _, f := range e.FlowsOf(lateRedemption) {
		if WasDecided(e, j, lateRedemption, f) {
			likeUnknown(e, j).Each(e.Polls(f, "after the end"), ExpectRefusal,
				"no tokens once the code has expired (it was approved in time and not redeemed)",
				FailIf(GivesTokens), PassIf(Class(4), ErrorIs(spec.ErrExpiredToken, spec.ErrInvalidGrant)),
				WarnIf(ErrorIs(spec.ErrAccessDenied, spec.ErrSlowDown)))
		}
	}
}

func judgeStaysExpired(e *Evidence, j *Judgement) {
	after := e.Of(expiringFlow, "after the end")
	if !anyTerminal(after) {
		j.Inconclusive("the code was never reported as expired")
		return
	}
	for _, x := range e.ExceptExpiredOnce(j, append(after[1:], e.Of(expiringFlow, "later")...)) {
		likeUnknown(e, j).Each([]*Exchange{x}, ExpectRefusal, "an expired code to stay expired",
			FailIf(GivesTokens), FailIf(ErrorIs(spec.ErrAuthorizationPending)),
			PassIf(Class(4), ErrorIs(spec.ErrExpiredToken, spec.ErrInvalidGrant)),
			WarnIf(ErrorIs(spec.ErrSlowDown, spec.ErrAccessDenied)))
	}
}

func anyTerminal(xs []*Exchange) bool {
	for _, x := range xs {
		if IsTerminal(x) {
			return true
		}
	}
	return false
}

func judgeHastyAfterEnd(e *Evidence, j *Judgement) {
	j.Each(e.ExceptExpiredOnce(j, e.Of(hastyAfterEnd, "second")), ExpectRefusal,
		"a terminal error even for a poll that comes too fast",
		PassIf(IsTerminal), WarnIf(ErrorIs(spec.ErrSlowDown)), InconclusiveIf(Infrastructure), InconclusiveIf(AnyAnswer))
}
