package load

import (
	"context"
	"time"

	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/reports"
)

// silence notices when the target stopped answering for good: requests in a row
// had no answer at all for a long time, and one more has none either. A target
// that stalls, or is restarted within that time, has not stopped; nor does it say
// anything of the target when this machine could not send.
type silence struct {
	heard  int64  // when the last answer came
	since  int64  // when the first request without an answer was sent
	failed uint64 // requests without an answer since then
	ended  bool   // the run, for that reason
}

const (
	// gonePatience is how long a target may be away in the middle of a run: a
	// restart takes less.
	gonePatience = 30 * time.Second
	// goneAtEnd is how long a target must have been away when the run ends before.
	goneAtEnd = 10 * time.Second
	// goneRequests is how many requests it takes.
	goneRequests = 3
)

// hear takes in the end of a request.
func (s *silence) hear(o wire.Outcome, sent, received int64) {
	switch {
	case o == wire.Unsent:
	case o.Answered():
		if s.heard = max(s.heard, received); s.heard > s.since {
			s.failed = 0
		}
	default:
		if at := max(sent, s.heard); s.failed == 0 || at < s.since {
			s.since = at
		}
		s.failed++
	}
}

// lasts reports whether nothing has been heard for a time.
func (s *silence) lasts(now int64, long time.Duration) bool {
	return s.failed >= goneRequests && now-s.since >= int64(long)
}

// watch ends the run when the target is gone, until done. Devices back off, so that
// it may be back without any of them having noticed: it is asked once more.
func (sim *simulation) watch(done <-chan struct{}) {
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for {
		select {
		case <-every.C:
			if sim.gone(gonePatience) {
				sim.schedule.stop()
				return
			}
		case <-done:
			return
		}
	}
}

// gone reports whether the target has been silent for a time and still is.
func (sim *simulation) gone(long time.Duration) bool {
	r := sim.record
	silent := func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.silence.lasts(sim.schedule.now(), long)
	}
	if !silent() {
		return false
	}
	req := sim.probe()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.silence.hear(req.Reply.Outcome, req.Sent, req.Received)
	r.silence.ended = req.Reply.Outcome != wire.Unsent && r.silence.lasts(sim.schedule.now(), long)
	return r.silence.ended
}

// probe starts a flow that no device goes on with, on a connection that no device
// has, and counts it nowhere.
func (sim *simulation) probe() *wire.Request {
	req := &wire.Request{Template: sim.population.groups[0].start[0]}
	sim.transport.DoAlone(context.Background(), req)
	return req
}

// report is nil when the target answered to the end of the run, or for all that is
// known.
func (s *silence) report(complete bool) *reports.Stopped {
	if !s.ended {
		return nil
	}
	return &reports.Stopped{AtSeconds: time.Duration(s.since).Round(time.Millisecond).Seconds(), Failed: s.failed,
		EndedRun: !complete}
}
