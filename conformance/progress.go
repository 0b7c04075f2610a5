package conformance

import (
	"context"
	"fmt"
	"time"
)

// Progress of a run, for a person who waits.
type Progress struct {
	Phase    string // what is going on: a lane's name, judging
	Elapsed  time.Duration
	Critical time.Duration // what the plan expects in all
	Requests int
	Judged   int
	Checks   int
	// Waiting says what a scenario waits for at the moment, and WaitEnds how long after
	// the start of the run that ends: of several waits the one that ends last. It is
	// empty when none waits.
	Waiting  string
	WaitEnds time.Duration
}

// Progress so far. It may be asked for at any time.
func (r *Run) Progress() Progress {
	r.mu.Lock()
	p := Progress{Phase: r.phase, Judged: r.judged, Checks: len(r.checks)}
	r.mu.Unlock()
	s := r.session
	p.Elapsed = s.now()
	s.mu.Lock()
	p.Requests = len(s.all)
	for w := range s.waits {
		if w.until > p.WaitEnds || w.until == p.WaitEnds && w.what < p.Waiting {
			p.Waiting, p.WaitEnds = w.what, w.until
		}
	}
	s.mu.Unlock()
	if r.plan != nil {
		p.Critical = r.plan.Critical
	}
	return p
}

// enters says what the run does from here on.
func (r *Run) enters(phase string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.phase = phase
}

// wait is one of a scenario.
type wait struct {
	what  string
	until time.Duration
}

// What scenarios wait for, in the words of Progress.
const (
	forInterval = "waiting for the polling interval"
	forExpiry   = "waiting for a code to expire"
	inScenario  = "waiting in the scenario "
)

// wait is Sleep, for Progress to know of. A server that wants more time than a run has
// is not waited for.
func (s *session) wait(ctx context.Context, what string, d time.Duration) bool {
	if longest := max(s.opts.MaxWait, DefaultMaxWait) + 2*s.target.Timing.Tolerance(); d > longest {
		s.event(Event{Kind: EventCut, Detail: fmt.Sprintf("%s, for %s, is longer than a run waits (%s)", what, Seconds(d),
			Seconds(longest))})
		return false
	}
	if d <= 0 {
		return Sleep(ctx, d)
	}
	w := &wait{what, s.now() + d}
	s.mu.Lock()
	s.waits[w] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.waits, w)
	}()
	return Sleep(ctx, d)
}
