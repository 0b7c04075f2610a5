package conformance

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/conformance/approve"
)

// A person decides on one device at a time. A scenario whose devices a person is
// shown holds the turn from its first start to its last decision, and begins its
// flows one after the other, so that no code ends while another is on the screen.

// turns come in the order in which scenes queue for them.
type turns struct {
	mu   sync.Mutex
	last <-chan struct{} // closed when the last turn has ended; nil before the first
}

// join returns what to wait for, and what to close when the turn ends.
func (q *turns) join() (before <-chan struct{}, end chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	before, end = q.last, make(chan struct{})
	if before == nil {
		free := make(chan struct{})
		close(free)
		before = free
	}
	q.last = end
	return before, end
}

// asking is what a scene knows of its questions to the approver.
type asking struct {
	mu     sync.Mutex
	before <-chan struct{} // the turn before its own; nil when it is not in the queue
	end    chan struct{}   // closed at the end of its turn
	turn   bool            // it is its turn
	left   int             // decisions that are still to come
	took   time.Duration   // by all that were made
}

// person is who decides, nil when it is a program or nobody.
func (t *Target) person() approve.Person {
	p, _ := t.Approver.(approve.Person)
	return p
}

// mayAsk reports whether the scene's decisions are part of the run.
func (s *Scene) mayAsk() bool { return s.target.Approver != nil && !s.target.unasked(s.scenario) }

// queue joins the queue for a person, if the scene asks one.
func (s *Scene) queue() {
	if s.target.person() != nil && s.scenario.DecisionsOn(&s.target.Facts) > 0 {
		s.asking.before, s.asking.end = s.turns.join()
	}
}

// takeTurn waits until a person is free for the scene, once before its first start
// and, where it asks late, with the decision; false means that the run has ended.
func (s *Scene) takeTurn(ctx context.Context, deciding bool) bool {
	if deciding != s.scenario.AsksLate {
		return true
	}
	if deciding {
		s.queue()
	}
	if s.asking.before == nil {
		return true
	}
	select {
	case <-s.asking.before:
		s.asking.turn, s.asking.left = true, s.scenario.DecisionsOn(&s.target.Facts)
		return s.target.person().Ready(ctx) == nil
	case <-ctx.Done():
		return false
	}
}

func (s *Scene) hasTurn() bool {
	s.asking.mu.Lock()
	defer s.asking.mu.Unlock()
	return s.asking.turn
}

// asked counts a decision; the last one gives the turn to the next scenario.
func (s *Scene) asked() {
	s.asking.mu.Lock()
	s.asking.left--
	last := s.asking.left == 0
	s.asking.mu.Unlock()
	if last {
		s.endTurn()
	}
}

func (s *Scene) endTurn() {
	s.asking.mu.Lock()
	defer s.asking.mu.Unlock()
	if s.asking.turn {
		s.asking.turn = false
		close(s.asking.end)
	}
}

// spent reports whether the flow's code was decided on before, or has ended: a page
// refuses it, and whether it did is what a person may well get wrong.
func (f *Flow) spent() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.shown
	f.shown = true
	return before || f.ended
}

// DecisionsOn is how often a scenario asks the approver on this target, at most.
func (s *Scenario) DecisionsOn(f *Facts) int {
	switch needed := slices.Contains(s.Needs, NeedApprover); {
	case !f.Has(NeedApprover) || f.unasked(s):
		return 0
	case s.Decisions != nil:
		return s.Decisions(f)
	case needed:
		return 1
	}
	return 0
}

// unasked reports whether a person is spared the scenario's decisions.
func (f *Facts) unasked(s *Scenario) bool { return slices.Contains(f.Unasked, s.Name) }
