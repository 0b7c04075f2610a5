package load

import (
	"fmt"
	"math"
	"time"
)

// nearInterval is how far from the interval, as a share of it, a server's
// keep-alive may be to be taken for equal: polls and closing connections meet then.
const nearInterval = 0.2

// keepAliveNote says in a report that n requests were sent twice, on connections
// that had been idle for a time; empty when none were.
func keepAliveNote(n uint64, idle time.Duration, requests uint64, interval time.Duration) string {
	if n == 0 {
		return ""
	}
	text := fmt.Sprintf("%d of %d requests (%.1f %%) were sent twice: "+
		"the server closed the kept connection just then, after %.1f s without a request",
		n, requests, 100*float64(n)/float64(max(requests, 1)), idle.Seconds())
	if math.Abs(float64(idle-interval)) > nearInterval*float64(interval) {
		return text
	}
	return text + fmt.Sprintf(". Its keep-alive is about the polling interval of %.0f s, "+
		"so polls meet closing connections, and devices that do not repeat them see errors: "+
		"keep idle connections well beyond the interval", interval.Seconds())
}
