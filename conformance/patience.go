package conformance

import "time"

// mostPatience is how many polls of one undecided code are patience enough: guards
// against devices that poll for ever have been met at about 24.
const mostPatience = 60

// patience is how often a device that keeps its interval can poll one undecided code:
// up to the end of its lifetime, and no longer than --max-wait.
func (f *Facts) patience() int {
	t, wait := f.Timing, f.MaxWait
	if t.Lifetime > 0 {
		wait = min(wait, t.Lifetime-t.Tolerance())
	}
	return max(0, min(mostPatience, int(wait/t.Polled())))
}

// Polled is the time from one poll of a device that keeps its interval to the next.
func (t Timing) Polled() time.Duration { return t.Interval + Slack + t.RTT }
