package conformance

import (
	"fmt"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// An Adaptation is what a run keeps to where a server does not serve devices that keep
// the announced interval: the check of that fails once, and the rest is judged at the
// pace that is served (ruling R73).
type Adaptation struct {
	Announced time.Duration `json:"announced_interval_ns"`
	// Enforced is the interval at which polls are served; the announced one where only
	// first polls are not.
	Enforced time.Duration `json:"enforced_interval_ns,omitempty"`
	// NeverPending: an undecided code is always told to slow down, however slow it is.
	NeverPending bool `json:"never_pending,omitempty"`
}

// String says what was found.
func (a *Adaptation) String() string {
	switch {
	case a.NeverPending:
		return "every poll of an undecided code is answered slow_down, however slow the device is"
	case a.firstSlowed():
		return "the first poll of every code is answered slow_down, later ones are served"
	}
	return fmt.Sprintf("polls are served that are %s apart, where an interval of %s is announced", Seconds(a.Enforced),
		Seconds(a.Announced))
}

// firstSlowed reports whether the first poll of every code, and no later one, is told
// to slow down.
func (a *Adaptation) firstSlowed() bool {
	return a != nil && a.Enforced == a.Announced && !a.NeverPending
}

// repeats reports whether a poll is sent again: it was the first of its code, which is
// no evidence of anything but DF-POLL-001's finding.
func (a *Adaptation) repeats(x *Exchange, opts []Option) bool {
	var c Call
	for _, o := range opts {
		o(&c)
	}
	return a.firstSlowed() && !c.Once && x.ErrorCode() == spec.ErrSlowDown
}

// Adapt makes the rest of the run keep to what is served.
func (s *ScenarioRun) Adapt(a Adaptation) {
	s.adapted.Store(&a)
	s.Event(EventBranch, "", "the run adapts: "+a.String())
}

// paced is an announced interval, or the longer one that is enforced.
func (a *Adaptation) paced(announced time.Duration) time.Duration {
	if a == nil {
		return announced
	}
	return max(announced, a.Enforced)
}

// raised is what so many slow_downs add to the interval (RFC 8628 section 3.5); nothing
// where they say nothing of the pace.
func (a *Adaptation) raised(slows int) time.Duration {
	if a != nil && a.NeverPending {
		return 0
	}
	return time.Duration(slows) * spec.SlowDownStep * time.Second
}

// opens reports whether a failed gate keeps nobody out, for the run has adapted. Where
// pending is never said, checks that tell it from slow_down stay behind it.
func (a *Adaptation) opens(gate string, c Check) bool {
	return a != nil && gate == GatePending && !(a.NeverPending && c.OfPace)
}

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
