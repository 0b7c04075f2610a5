package checks

import (
	"context"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// restarted is polled before and after a restart of the server. It comes last: whatever
// else the restart ends is nobody's evidence.
var restarted = &Scenario{
	Name: "restart", Lane: LaneRestart, Needs: []Capability{NeedRestart},
	Cost: func(t Timing) Cost { return Cost{Requests: 3, Starts: 1, Wait: 2*t.Polled() + 5*time.Second} },
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if x := f.PollDue(ctx, Step("before")); x == nil || !x.StillPending() || !s.Restart(ctx) {
			return
		}
		if f.WithinLifetime(f.Interval() + Slack) {
			f.PollDue(ctx, Step("after the restart"), Fresh())
		}
	},
}

func judgeRestarted(e *Evidence, j *Judgement) {
	j.Each(alive(e, e.Of(restarted, "after the restart")), ExpectPending,
		"a code to stay pending until it expires, also when the server was restarted", PassIf(StillPending),
		WarnIf(ErrorIs(spec.ErrInvalidGrant, spec.ErrExpiredToken, spec.ErrAccessDenied)))
}
