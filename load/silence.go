package load

import (
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// silence notices when the target has stopped answering for good: a number of
// requests in a row, the last of them sent long after the first, had no answer
// at all. A target that stalls, or is restarted within that time, has not; nor
// does it say anything of the target when this machine could not send.
type silence struct {
	patience int64  // from the first request without an answer to the one that ends the run
	heard    int64  // when the last answer came
	since    int64  // when the first request without an answer was sent
	failed   uint64 // requests without an answer since then
	ended    bool   // the run, for that reason
}

const (
	// gonePatience is how long a target may be away in the middle of a run: a
	// restart takes less.
	gonePatience = int64(30 * time.Second)
	// goneAtEnd is how long a target must have been away when the run ends before.
	goneAtEnd = int64(10 * time.Second)
	// goneRequests is how many requests it takes.
	goneRequests = 3
)

// hear takes in the end of a request and reports whether the target is gone.
func (s *silence) hear(o outcome, sent, received int64) (gone bool) {
	switch {
	case o == outUnsent:
		return false
	case o.answered():
		s.heard = max(s.heard, received)
		if s.heard > s.since {
			s.failed = 0
		}
		return false
	}
	at := max(sent, s.heard)
	if s.failed == 0 || at < s.since {
		s.since = at
	}
	s.failed++
	s.ended = s.ended || s.lasted(at, s.patience)
	return s.ended
}

// lasted reports whether the silence has lasted a time at an instant.
func (s *silence) lasted(at, long int64) bool {
	return s.failed >= goneRequests && at-s.since >= long
}

// report is nil when the target answered to the end of the run, or until shortly
// before. Devices back off, so that it may be back without anybody having asked.
func (s *silence) report(end time.Duration) *reports.Stopped {
	if !s.ended && !s.lasted(int64(end), goneAtEnd) {
		return nil
	}
	return &reports.Stopped{AtSeconds: time.Duration(s.since).Round(time.Millisecond).Seconds(), Failed: s.failed, EndedRun: s.ended}
}
