package checks

import (
	"context"
	"slices"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// pacesServed finds out at which pace a device is served that is told to slow down
// although it keeps the announced interval. It doubles the interval, each time with a
// new code, before anything else could disturb it.
var pacesServed = &Scenario{
	Name: "paces that are served", Lane: LanePace, Cost: FixedCost(0, 0),
	Words: Words{"paced": "at a slower pace"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		slowed := func(x *Exchange) bool { return x.In(firstPoll) && x.ErrorCode() == spec.ErrSlowDown }
		if !slices.ContainsFunc(s.Recorded(OpToken), slowed) {
			return
		}
		announced, end, firstSlowed, tried := s.Target().Timing.Interval, s.Now()+s.Target().MaxWait, false, false
		for pace := announced; pace <= doublings*announced && s.Now()+2*pace < end; pace *= 2 {
			first, second := atPace(ctx, s, pace)
			switch {
			case second == nil || !first.StillPending() || !second.StillPending():
				return
			case second.ErrorCode() == spec.ErrSlowDown:
				tried = true
				continue
			case first.ErrorCode() != spec.ErrSlowDown && pace == announced:
				return // it was something else, once
			case first.ErrorCode() != spec.ErrSlowDown:
				s.Adapt(Adaptation{Announced: announced, Enforced: pace})
				return
			}
			if firstSlowed {
				s.Adapt(Adaptation{Announced: announced, Enforced: announced})
				return
			}
			firstSlowed = true
		}
		if firstSlowed || tried {
			s.Adapt(Adaptation{Announced: announced, Enforced: announced, NeverPending: !firstSlowed})
		}
	},
}

// doublings is the longest pace that is tried, in announced intervals.
const doublings = 4

// atPace polls a new code twice.
func atPace(ctx context.Context, s *ScenarioRun, pace time.Duration) (first, second *Exchange) {
	f := s.Start(ctx)
	extra := pace - f.Interval() + Slack
	for _, x := range []**Exchange{&first, &second} {
		if !f.OK() || !f.WithinLifetime(f.Interval()+extra) || !f.WaitInterval(ctx, extra) {
			return first, second
		}
		*x = f.Poll(ctx, Step("paced"))
	}
	return first, second
}

// judgeUnserved: a device that kept the announced interval was told to slow down.
// Where it was so at the first poll, DF-POLL-001 says so.
func judgeUnserved(e *Evidence, j *Judgement) {
	if x := e.One(firstPoll, "due again"); x != nil && x.ErrorCode() == spec.ErrSlowDown {
		verdict := reports.Fail
		if e.SecondGranular {
			verdict = reports.Warning
		}
		j.Record(verdict, "no slow_down for a device that keeps the announced interval",
			x.Replied()+"; "+e.Timing.Adapted.String(), x)
		return
	}
	j.Inconclusive(e.Timing.Adapted.String() + ": see DF-POLL-001")
}
