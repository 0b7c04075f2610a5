package refserver

import (
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// unservedFaults do not serve devices that keep the announced interval. They would hide
// all that comes after the first poll.
var unservedFaults = []Fault{
	paceFault("first-poll-slowed", "DF-POLL-001", "The first poll of every code is answered slow_down.",
		func(q *request, g *grant, now time.Time) bool { return g.polled.IsZero() || tooFast(q, g, now) }),
	paceFault("longer-interval-from-start", "DF-POLL-001",
		"A second more than the announced interval is enforced, from the device authorization on.",
		func(_ *request, g *grant, now time.Time) bool {
			last := g.polled
			if last.IsZero() {
				last = g.created
			}
			return now.Sub(last) < g.interval+time.Second
		}),
	paceFault("longer-interval-between-polls", "DF-POLL-003",
		"A second more than the announced interval is enforced between polls.",
		func(_ *request, g *grant, now time.Time) bool {
			return !g.polled.IsZero() && now.Sub(g.polled) < g.interval+time.Second
		}),
	pollFault("slow-down-for-pending", "DF-POLL-001", "Every poll of an undecided code is answered slow_down.",
		func(s *Server, q *request, g *grant, now time.Time) *answer {
			if g.state == pending && !s.is.over(q, g, now) {
				return stateAnswer(spec.ErrSlowDown)
			}
			return nil
		}),
}
