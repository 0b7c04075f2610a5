package conformance

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/spec"
)

// A person is asked for few decisions unless they want to be asked for all: those
// of the scenarios that decide the most checks for their number.

// MaxDecisions is how often a person is asked in a run, at most, unless
// Options.AllDecisions is set.
const MaxDecisions = 10

// mostDecisions is how often a person is asked in a run, at most.
func (o Options) mostDecisions() int {
	if o.AllDecisions {
		return math.MaxInt
	}
	return MaxDecisions
}

// worth is what a check counts when decisions are few: by its level, and half of
// that where the server may issue no refresh token at all.
func worth(r spec.Requirement) int {
	w := map[string]int{"MUST": 8, "DOC": 6, "SHOULD": 4, "MAY": 2}[r.Level]
	if r.Group == "REFRESH" {
		return w / 2
	}
	return w
}

// A goal is what decisions are spent on: the scenarios that decide a check, and
// what that is worth.
type goal struct {
	scenarios []*Scenario
	worth     int
}

// chosen lists the scenarios that a person is asked for, of so many decisions at
// most, in the order of their turns: those of the gates come first, and then what
// decides the most checks for a decision. Whoever stops early has got the most.
func chosen(cs Checks, checks []Check, f *Facts, family spec.Family, limit int) []*Scenario {
	all, left := goals(cs, checks, f, family), limit
	asked := map[*Scenario]bool{}
	var out []*Scenario
	for {
		var best []*Scenario
		gained, price := 0, 1
		for _, g := range all {
			add := without(g.scenarios, asked)
			n := decisionsOf(add, f)
			if len(add) == 0 || n > left {
				continue
			}
			if gain := gainOf(all, asked, add); gain*price > gained*n {
				best, gained, price = add, gain, n
			}
		}
		if best == nil {
			break
		}
		for _, s := range best {
			asked[s] = true
		}
		out, left = append(out, best...), left-price
	}
	opening := cs.opening()
	place := func(s *Scenario) int {
		if slices.Contains(opening, s) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(out, func(a, b *Scenario) int { return cmp.Compare(place(a), place(b)) })
	return out
}

// opening lists the scenarios of the gate that decisions open.
func (cs Checks) opening() []*Scenario {
	g, _ := cs.Lookup(GateTokens)
	return g.Reads
}

// goals are, for each check, the scenarios it reads in which decisions are made,
// with those of its gates. A check that can do without an approver is worth half
// as much, for it shows more with one; what a check only wants is worth least, and so is
// what a person is spared.
func goals(cs Checks, checks []Check, f *Facts, family spec.Family) []goal {
	var out []goal
	for _, c := range checks {
		r, err := spec.Lookup(c.ID)
		if err != nil || unable(c, f, family).verdict != "" {
			continue
		}
		reads, full := c.Reads, worth(r)
		if !slices.Contains(c.Needs, NeedApprover) {
			full = max(full/2, 1)
		}
		for _, g := range cs.gates(c, family) {
			reads = slices.Concat(reads, g.Reads)
		}
		if slices.ContainsFunc(reads, func(s *Scenario) bool { return s.Spared }) {
			full = 1
		}
		reads = deciding(reads, f)
		out = append(out, goal{reads, full})
		for _, s := range deciding(c.Wants, f) {
			out = append(out, goal{deciding(append(reads, s), f), 1})
		}
	}
	return out
}

// deciding keeps the scenarios in which decisions are made on this target.
func deciding(ss []*Scenario, f *Facts) []*Scenario {
	var out []*Scenario
	for _, s := range ss {
		if s.runs(f) && s.fits(f) && s.DecisionsOn(f) > 0 && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func without(ss []*Scenario, asked map[*Scenario]bool) []*Scenario {
	return slices.DeleteFunc(slices.Clone(ss), func(s *Scenario) bool { return asked[s] })
}

func decisionsOf(ss []*Scenario, f *Facts) (n int) {
	for _, s := range ss {
		n += s.DecisionsOn(f)
	}
	return n
}

// gainOf is the worth of the goals that more scenarios would reach.
func gainOf(all []goal, asked map[*Scenario]bool, add []*Scenario) (gain int) {
	for _, g := range all {
		missing := without(g.scenarios, asked)
		reached := !slices.ContainsFunc(missing, func(s *Scenario) bool { return !slices.Contains(add, s) })
		if len(missing) > 0 && reached {
			gain += g.worth
		}
	}
	return gain
}

// spared lists the scenarios with decisions that are not asked for.
func spared(checks []Check, f *Facts, asked []*Scenario) []string {
	var out []string
	for _, c := range checks {
		for _, s := range c.Scenarios() {
			if !slices.Contains(asked, s) && s.DecisionsOn(f) > 0 && !slices.Contains(out, s.Name) {
				out = append(out, s.Name)
			}
		}
	}
	return out
}

// unaskedFor is how many more decisions of a person a check needs.
func unaskedFor(c Check, f *Facts) int {
	if !slices.Contains(c.Needs, NeedApprover) || len(f.Unasked) == 0 {
		return 0
	}
	all := *f
	all.Unasked = nil
	n := 0
	for _, s := range c.Reads {
		if f.unasked(s) && s.runs(&all) {
			n += s.DecisionsOn(&all)
		}
	}
	return n
}

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

// MayAsk reports whether the scene's decisions are part of the run.
func (s *ScenarioRun) MayAsk() bool { return s.target.Approver != nil && !s.target.unasked(s.scenario) }

// queue joins the queue for a person, if the scene asks one.
func (s *ScenarioRun) queue() {
	if s.target.person() != nil && s.scenario.DecisionsOn(&s.target.Facts) > 0 {
		s.asking.before, s.asking.end = s.turns.join()
	}
}

// takeTurn waits until a person is free for the scene, once before its first start
// and, where it asks late, with the decision; false means that the run has ended.
func (s *ScenarioRun) takeTurn(ctx context.Context, deciding bool) bool {
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

func (s *ScenarioRun) hasTurn() bool {
	s.asking.mu.Lock()
	defer s.asking.mu.Unlock()
	return s.asking.turn
}

// asked counts a decision; the last one gives the turn to the next scenario.
func (s *ScenarioRun) asked() {
	s.asking.mu.Lock()
	s.asking.left--
	last := s.asking.left == 0
	s.asking.mu.Unlock()
	if last {
		s.endTurn()
	}
}

func (s *ScenarioRun) endTurn() {
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
