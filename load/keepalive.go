package load

import (
	"fmt"
	"math"
	"sync/atomic"
	"time"
)

// stale counts the kept connections that turned out to be closed when a request
// was sent on them, which was sent again on a new one.
type stale struct {
	count atomic.Uint64
	idle  atomic.Int64 // how long they had carried nothing, together, in nanoseconds
}

func (s *stale) add(idle int64) {
	s.count.Add(1)
	s.idle.Add(idle)
}

// nearInterval is how far from the interval, as a share of it, a server's
// keep-alive may be to be taken for equal: polls and closing connections meet then.
const nearInterval = 0.2

// note is for the report; empty when nothing happened.
func (s *stale) note(requests uint64, interval time.Duration) string {
	n := s.count.Load()
	if n == 0 {
		return ""
	}
	idle := time.Duration(s.idle.Load() / int64(n))
	text := fmt.Sprintf("%d of %d requests (%.1f %%) were sent twice: the server closed the kept connection just then, after %.1f s without a request",
		n, requests, 100*float64(n)/float64(max(requests, 1)), idle.Seconds())
	if math.Abs(float64(idle-interval)) > nearInterval*float64(interval) {
		return text
	}
	return text + fmt.Sprintf(". Its keep-alive is about the polling interval of %.0f s, so polls meet closing connections, and devices that do not repeat them see errors: keep idle connections well beyond the interval",
		interval.Seconds())
}
