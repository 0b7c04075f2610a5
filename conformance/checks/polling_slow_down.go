package checks

import (
	"context"
	"fmt"
	"slices"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// provoke polls when it is due, and then too fast until n slow_downs came or the
// server has shown twice that it sends none. It tells how many came.
func provoke(ctx context.Context, f *Flow, n int) (got int) {
	if f.OK() {
		f.Run().Burst(ctx, n+3, func(unpaced Option) { got = hasty(ctx, f, n, unpaced) })
	}
	return got
}

func hasty(ctx context.Context, f *Flow, n int, unpaced Option) int {
	if x := f.PollDue(ctx, Step("due"), unpaced); x == nil {
		return 0
	}
	got, idle := 0, 0
	for got < n && idle < 2 {
		if !Sleep(ctx, HastyPause) {
			break
		}
		x := f.Poll(ctx, Step("hasty"), Provoked(), Once(), unpaced)
		if x == nil {
			break
		}
		if x.ErrorCode() == spec.ErrSlowDown {
			got++
		} else {
			idle++
		}
	}
	return got
}

// raised is the cost of a chain: n1 intervals, and waits that are k slow_downs
// longer.
func raised(requests, intervals int, slows ...int) func(Timing) Cost {
	return func(t Timing) Cost {
		w := time.Duration(intervals) * (t.Interval + Slack)
		for _, k := range slows {
			w += t.Interval + Slack + time.Duration(k)*spec.SlowDownStep*time.Second
		}
		return Cost{Requests: requests, Starts: 1, Wait: w + 3*HastyPause}
	}
}

// servedSlowDown earns one slow_down and then keeps the raised interval.
var servedSlowDown = &Scenario{
	Name: "served slow_down", Lane: LaneInterval, Cost: raised(7, 1, 1, 1, 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if provoke(ctx, f, 1) == 0 {
			return
		}
		for range 3 {
			if !f.WithinLifetime(f.Interval() + Slack) {
				return
			}
			if x := f.PollDue(ctx, Step("served")); x == nil || !x.StillPending() {
				return
			}
		}
	},
}

func judgeEarnedSlowDown(e *Evidence, j *Judgement) {
	hasty := e.Of(servedSlowDown, "hasty")
	slowed := false
	var first, early []*Exchange
	for _, x := range hasty {
		slowed = slowed || x.ErrorCode() == spec.ErrSlowDown
		switch _, again := e.Waited(x); {
		case !again:
			first = append(first, x)
		case e.TooFast(x):
			early = append(early, x)
		default:
			j.Inconclusive("the poll was not too fast by the time it was answered", x)
		}
	}
	switch {
	case len(early) == 0:
	case slowed:
		j.Each(slices.Concat(first, early), ExpectPending, "slow_down", PassIf(StillPending), InconclusiveIf(Infrastructure),
			FailIf(AnyAnswer))
	default:
		j.Each(early, ExpectPending, "slow_down for polls that come 0.1 s apart",
			WarnIf(ErrorIs(spec.ErrAuthorizationPending)), InconclusiveIf(Infrastructure), FailIf(AnyAnswer))
	}
}

// noSlowDown skips a check of the raised interval at servers that never say
// slow_down (ruling R2).
func noSlowDown(e *Evidence, j *Judgement, s *Scenario) bool {
	for _, x := range e.Of(s, "hasty") {
		if x.ErrorCode() == spec.ErrSlowDown {
			return false
		}
	}
	if len(e.Of(s, "hasty")) > 0 {
		j.Skip("the server sent no slow_down")
	}
	return true
}

// served are the rules for a device that kept its raised interval.
func served(e *Evidence) []Rule {
	return []Rule{PassIf(ErrorIs(spec.ErrAuthorizationPending)), InconclusiveIf(throttled(e)),
		FailIf(ErrorIs(spec.ErrSlowDown)),
		InconclusiveIf(Infrastructure), FailIf(IsTerminal)}
}

func judgeServedSlowDown(e *Evidence, j *Judgement) {
	if !noSlowDown(e, j, servedSlowDown) {
		j.Each(alive(e, e.Of(servedSlowDown, "served")), ExpectPending,
			"authorization_pending for a device that waits 5 s longer after slow_down", served(e)...)
	}
}

// alive keeps the exchanges that were answered within their code's lifetime
// (rule C16).
func alive(e *Evidence, xs []*Exchange) []*Exchange {
	var out []*Exchange
	for _, x := range xs {
		if e.Alive(x) {
			out = append(out, x)
		}
	}
	return out
}

// addedSlowDowns earns three slow_downs in a row and waits for all of them.
var addedSlowDowns = &Scenario{
	Name: "added slow_downs", Lane: LaneInterval, Cost: raised(7, 1, 3),
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if provoke(ctx, f, affordable(s.Target().Timing)) > 0 && f.WithinLifetime(f.Interval()+Slack) {
			f.PollDue(ctx, Step("served"))
		}
	},
}

// affordable is how many slow_downs, up to three, a code lives long enough to
// serve.
func affordable(t Timing) int {
	if t.Lifetime == 0 {
		return 3
	}
	left := t.Lifetime - t.Tolerance() - 3*t.Interval - time.Second
	return max(1, min(3, int(left/(spec.SlowDownStep*time.Second))))
}

func judgeAddedSlowDowns(e *Evidence, j *Judgement) {
	if noSlowDown(e, j, addedSlowDowns) {
		return
	}
	slows := 0
	for _, x := range e.Of(addedSlowDowns, "hasty") {
		if x.ErrorCode() == spec.ErrSlowDown {
			slows++
		}
	}
	if slows < 2 {
		j.Skip("the server sent no second slow_down")
		return
	}
	if served1 := e.Of(servedSlowDown, "served"); len(served1) > 0 && served1[0].ErrorCode() == spec.ErrSlowDown {
		j.Inconclusive("a device that waits 5 s longer after one slow_down is slowed down again: see DF-POLL-005", served1[0])
		return
	}
	j.Each(alive(e, e.Of(addedSlowDowns, "served")), ExpectPending,
		fmt.Sprintf("authorization_pending for a device that waits %[2]d s longer after %[1]d slow_downs", slows,
			slows*spec.SlowDownStep), served(e)...)
}

// rememberedSlowDown finds out against which interval the server measures after
// a slow_down.
var rememberedSlowDown = &Scenario{
	Name: "remembered slow_down", Lane: LaneInterval, Cost: raised(8, 2, 1, 2),
	Words: Words{
		"raised":       "after the raised interval",
		"announced":    "after the announced interval",
		"raised again": "after the interval raised once more",
	},
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if provoke(ctx, f, 1) == 0 || !f.WithinLifetime(f.Interval()+Slack) {
			return
		}
		if x := f.PollDue(ctx, Step("raised")); x == nil || x.ErrorCode() != spec.ErrAuthorizationPending {
			return
		}
		announced := f.Interval() - spec.SlowDownStep*time.Second
		if !f.WithinLifetime(announced+Slack) || !f.WaitInterval(ctx, Slack-spec.SlowDownStep*time.Second) {
			return
		}
		if x := f.Poll(ctx, Step("announced"), Provoked()); x != nil && x.ErrorCode() == spec.ErrSlowDown &&
			f.WithinLifetime(f.Interval()+Slack) {
			f.PollDue(ctx, Step("raised again"))
		}
	},
}

func judgeRememberedSlowDown(e *Evidence, j *Judgement) {
	if noSlowDown(e, j, rememberedSlowDown) {
		return
	}
	for _, x := range e.Of(rememberedSlowDown) {
		if x.ErrorCode() != spec.ErrSlowDown {
			continue
		}
		due := int64((e.Interval(x) + spec.SlowDownStep*time.Second) / time.Second)
		if n, ok := x.Number("interval"); ok && n < due {
			j.Warn(fmt.Sprintf("the interval that comes with slow_down to be at least %d s", due), fmt.Sprintf("%d s", n), x)
		}
	}
	announced := e.Of(rememberedSlowDown, "announced")
	j.Pass(announced...)
	j.Saw(len(announced), "poll at the announced interval after a slow_down")
}

// slowedThenApproved is slowed down before the approval and redeemed after it.
var slowedThenApproved = &Scenario{
	Name: "slowed, then approved", Lane: LaneApprove, Needs: []Capability{NeedApprover}, Cost: raised(6, 1, 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if provoke(ctx, f, 1) == 0 || !f.WithinLifetime(f.Interval()+time.Second) || f.Approve(ctx) != Accepted {
			return
		}
		f.Settle(ctx)
		for range 2 {
			if x := f.PollDue(ctx, Step("after")); x == nil || !x.StillPending() || !f.WithinLifetime(f.Interval()) {
				return
			}
		}
	},
}

func judgeSlowedThenApproved(e *Evidence, j *Judgement) {
	if noSlowDown(e, j, slowedThenApproved) {
		return
	}
	for _, f := range e.FlowsOf(slowedThenApproved) {
		polls := Unlimited(alive(e, e.Polls(f, "after")))
		if !WasDecided(e, j, slowedThenApproved, f) || len(polls) == 0 {
			continue
		}
		switch last := polls[len(polls)-1]; {
		case last.HasTokens() && len(polls) == 1:
			j.Pass(polls...)
		case last.HasTokens():
			j.Warn("tokens on the first compliant poll after the approval", "tokens only on the second", polls...)
		case last.StillPending() && len(polls) == 1:
			j.Inconclusive("the code expired before a second poll could be sent", polls...)
		default:
			j.Each([]*Exchange{last}, ExpectTokens,
				"tokens after the approval, also for a device that was slowed down before", InconclusiveIf(Infrastructure),
				FailIf(AnyAnswer))
		}
	}
}
