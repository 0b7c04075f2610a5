package checks

import (
	"context"
	"fmt"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// The steady devices: how many, how often, and how far apart within a second
// their first polls are, so that servers that count whole seconds show it.
const (
	steadyDevices = 4
	steadyTimes   = 6
	steadyPhase   = 250 * time.Millisecond
)

// steadyPolls polls exactly at the interval, without slack, counted from the
// receipt of the last answer.
var steadyPolls = &Scenario{
	Name: "steady polls", Lane: LaneInterval,
	Cost: func(t Timing) Cost {
		return Cost{Requests: steadyDevices * (1 + steadyTimes), Starts: steadyDevices,
			Wait: steadyTimes*t.Interval + steadyDevices*steadyPhase}
	},
	Words: Words{"steady": "after the interval", "a second later": "a second after the interval"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		s.Times(steadyDevices, func(i int) {
			f := s.Start(ctx)
			for n := range steadyTimes {
				extra := time.Duration(0)
				if n == 0 {
					extra = time.Duration(i) * steadyPhase
				}
				if !f.OK() || !f.WithinLifetime(f.Interval()+extra) || !f.WaitInterval(ctx, extra) {
					return
				}
				if x := f.Poll(ctx, Step("steady")); x == nil || x.ErrorCode() == spec.ErrSlowDown {
					break
				}
			}
			poll(ctx, f, "a second later", time.Second)
		})
	},
}

// poll polls d after the interval, for devices that were slowed down although
// they kept it.
func poll(ctx context.Context, f *Flow, step string, d time.Duration) {
	if f.Slowed() && f.WithinLifetime(f.Interval()+d) && f.WaitInterval(ctx, d) {
		f.Poll(ctx, Step(step))
	}
}

func judgeSteadyPolls(e *Evidence, j *Judgement) {
	if e.Timing.Adapted != nil {
		judgeUnserved(e, j)
		return
	}
	slowed := reports.Fail
	if !e.Timing.HasInterval {
		slowed = reports.Inconclusive // DF-POLL-017 holds the default
	}
	judgeSteady(e, j, slowed)
}

// judgeDefaultInterval: without an announced interval five seconds are enough
// (RFC 8628 section 3.2).
func judgeDefaultInterval(e *Evidence, j *Judgement) {
	if e.Timing.HasInterval {
		j.Skip("the server announces an interval")
		return
	}
	judgeSteady(e, j, reports.Fail)
}

// onlyOnce reports whether one poll of many was slowed down. Two clocks of one
// machine can be some milliseconds apart, so that a server that reads both is
// early once in a while at the turn of a second; one that counts wrongly does it
// again and again.
func onlyOnce(polls []*Exchange) bool {
	slowed := 0
	for _, x := range polls {
		if x.ErrorCode() == spec.ErrSlowDown {
			slowed++
		}
	}
	return slowed == 1 && len(polls) >= steadyDevices*steadyTimes/2
}

// judgeSteady gives its verdict to a slow_down for a device that kept its
// interval.
func judgeSteady(e *Evidence, j *Judgement, verdict reports.Verdict) {
	once := onlyOnce(e.Of(steadyPolls, "steady"))
	if verdict == reports.Fail && once {
		verdict = reports.Warning
	}
	for _, f := range e.FlowsOf(steadyPolls) {
		for _, x := range e.Polls(f, "steady") {
			if x.Received-x.Sent >= e.Pace(f) {
				j.Inconclusive(fmt.Sprintf("the answer took %s, which is longer than the polling interval", x.Received-x.Sent), x)
				continue
			}
			waited, again := e.Waited(x)
			if !again {
				waited = x.Sent - e.Authorization(f).Received
			}
			slowed := Rule{Verdict: verdict, When: ErrorIs(spec.ErrSlowDown)}
			if verdict == reports.Fail && e.SecondGranular && servedLater(e, f) {
				slowed.Verdict = reports.Warning
			}
			expected := fmt.Sprintf("no slow_down for a device that waited %.3f s (the interval is %.3f s)", waited.Seconds(),
				e.Pace(f).Seconds())
			j.Each([]*Exchange{x}, ExpectPending, expected,
				PassIf(ErrorIs(spec.ErrAuthorizationPending)), InconclusiveIf(Infrastructure), InconclusiveIf(throttled(e)),
				InconclusiveIf(func(x *Exchange) bool { return once && x.SlowedBy429() }), slowed)
		}
	}
}

// servedLater reports whether the slowed device was served with a second more.
func servedLater(e *Evidence, flow string) bool {
	later := e.Polls(flow, "a second later")
	return len(later) > 0 && later[0].ErrorCode() == spec.ErrAuthorizationPending
}
