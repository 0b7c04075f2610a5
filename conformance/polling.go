package conformance

import (
	"context"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

var pollingChecks = []Check{
	{
		ID:    GatePending,
		Gate:  GateStart,
		Reads: []*Scenario{firstPoll},
		Judge: func(e *Evidence, j *Judgement) {
			j.Each(e.Of(firstPoll, "due"), DuePending, spec.ErrAuthorizationPending+" after a full interval",
				passIf(class(4), errorIs(spec.ErrAuthorizationPending)),
				openIf(infrastructure),
				failIf(anyAnswer))
		},
	},
	{
		ID:    "DF-POLL-009",
		Gate:  GatePending,
		Reads: []*Scenario{hastyNeighbour},
		Judge: func(e *Evidence, j *Judgement) {
			j.Each(e.Of(hastyNeighbour, "patient"), DuePending, "only "+spec.ErrAuthorizationPending+" for a device that keeps its interval",
				passIf(errorIs(spec.ErrAuthorizationPending)),
				failIf(errorIs(spec.ErrSlowDown)),
				warnIf(statusIs(429)))
		},
	},
}

// firstPoll is the plainest flow: start, wait the interval, poll.
var firstPoll = &Scenario{
	Name: "first poll", Lane: LaneFirst, Cost: waits(2, 1, 1),
	Run: func(ctx context.Context, s *Scene) { s.Start(ctx).PollDue(ctx, Step("due")) },
}

// hastyNeighbour lets one device poll five times a second while another of the
// same client keeps its interval.
var hastyNeighbour = &Scenario{
	Name: "hasty neighbour", Lane: LaneIsolation,
	Cost: func(t Timing) Cost { return Cost{16, 2, 2*(t.Interval+Slack) + Slack} },
	Run: func(ctx context.Context, s *Scene) {
		hasty, patient := s.Start(ctx), s.Start(ctx)
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for range 12 {
				hasty.Poll(ctx, Step("hasty"), Once(), Provoked())
				select {
				case <-stop:
					return
				case <-time.After(200 * time.Millisecond):
				}
			}
		})
		for range 2 {
			patient.PollDue(ctx, Step("patient"))
		}
		close(stop)
		wg.Wait()
	},
}
