package load

import (
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
)

// Running is a run as seen from outside while it goes on. Its methods may be called
// at any time and side by side. They read what the run keeps for its report, and a
// request that ends meanwhile waits for no more than a copy of some histograms.
type Running struct {
	sim     *simulation
	profile *profile.Profile

	mu    sync.Mutex
	known []reports.Second // to which nothing is added any more
}

// Elapsed is how long requests have been sent, at most the duration of the run.
func (r *Running) Elapsed() time.Duration {
	return min(time.Duration(r.sim.schedule.now()), r.Duration())
}

// Duration is how long the run sends requests.
func (r *Running) Duration() time.Duration { return time.Duration(r.profile.Duration) }

// Announced are the polling interval and the lifetime of codes that the server told the
// first device.
func (r *Running) Announced() (interval, lifetime time.Duration) {
	return r.sim.interval, r.sim.lifetime
}

// Figures are those of the run so far, without its time line.
func (r *Running) Figures() (*reports.Load, error) {
	l, _, err := r.sim.soFar(r.sim.record.sums(), r.Elapsed())
	if err == nil {
		r.sim.spend(l)
	}
	return l, err
}

// Report is the section of a report that the run would have if it ended now. Its
// thresholds are held against the figures so far; what takes a look at each device
// is left out.
func (r *Running) Report() (*reports.Load, error) {
	l, err := r.Figures()
	if err != nil {
		return nil, err
	}
	l.Timeline = r.Seconds()
	l.Trend = r.sim.trend(r.sim.record.windowsSoFar(), r.Elapsed(), l.Timeline)
	judge(l, r.profile.Thresholds)
	return l, nil
}

// Seconds are those of the run that are over, with the answers that have come in.
func (r *Running) Seconds() []reports.Second {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := append([]reports.Second{}, r.known...)
	over := int(r.Elapsed() / time.Second)
	for n := len(out); n < over; n++ {
		out = append(out, r.second(n, out))
		if over-n > 2*openSeconds {
			r.known = out[: n+1 : n+1]
		}
	}
	return out
}

// second is one second after those before it: flows of an idle one go on.
func (r *Running) second(n int, before []reports.Second) reports.Second {
	record := r.sim.record
	record.mu.Lock()
	defer record.mu.Unlock()
	s, busy := record.timeline.look(n)
	if s.Second = n; !busy && n > 0 && n <= len(before) {
		s.Active = before[n-1].Active
	}
	return s
}

// Progress of a run, for a person who waits.
type Progress struct {
	Elapsed, Duration time.Duration
	Starts, Polls     uint64 // requests that have ended
	Errors            uint64 // among them
	Active            int64  // flows in progress
	// PerSecond is how many requests were due in a second, on average of the last
	// few; Recent is the last second in which requests were answered, if any.
	PerSecond float64
	Recent    *reports.Second
}

// recentSeconds are those that Progress is about.
const recentSeconds = 5

// Progress so far.
func (r *Running) Progress() Progress {
	g := Progress{Elapsed: r.Elapsed(), Duration: r.Duration(), Active: r.sim.active.Load()}
	g.Starts, g.Polls, g.Errors = r.sim.record.count()
	over := int(g.Elapsed / time.Second)
	first := max(over-recentSeconds, 0)
	requests := uint64(0)
	for n := first; n < over; n++ {
		s := r.second(n, nil)
		requests += s.Starts + s.Polls
		if answered(s) > 0 {
			g.Recent = &s
		}
	}
	if over > first {
		g.PerSecond = float64(requests) / float64(over-first)
	}
	return g
}

// tell reports progress once a second.
func (r *Running) tell(f func(Progress), done <-chan struct{}) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-done:
			return
		case <-t.C:
			f(r.Progress())
		}
	}
}
