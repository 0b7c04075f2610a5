package forecast

import (
	"slices"
	"time"

	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
)

// Against computes what figures of a run the model expects, at the interval and the
// lifetime that the server announced: what a server would be asked that answers
// everything. It is nil where nothing was measured that it speaks of: no time in which
// all devices polled, or devices that come once or do not start again to the end.
func Against(l *reports.Load, p *profile.Profile, interval, lifetime time.Duration) *reports.Expected {
	q := p.WithDefaults()
	once := func(g profile.Group) bool { return g.Behaviour.RestartAfter == 0 || g.Behaviour.RestartUntil > 0 }
	if l.Requests.SteadyPollsPerSecond == 0 || slices.ContainsFunc(q.Groups, once) {
		return nil
	}
	m := Model{Devices: uint64(q.Devices), Interval: interval, Lifetime: lifetime, Profile: q,
		Latency: time.Duration(l.Latency.Poll.Mean * float64(time.Millisecond))}
	if m.Check() != nil {
		return nil
	}
	r := m.rates(interval)
	return &reports.Expected{PollsPerSecond: r.PollsPerSecond, PollsPerFlow: r.PollsPerFlow, PollWaste: r.PollWaste,
		TokenWaitMS: 1000 * r.TokenWaitSeconds}
}
