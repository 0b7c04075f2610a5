package conformance

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/spec"
)

// A Run is one examination of one target: prepare it, record it, judge it.
type Run struct {
	Target *Target
	all    Checks  // what there is to choose from
	checks []Check // what was chosen
	opts   Options
	plan   *Plan

	session *session
	mu      sync.Mutex
	done    map[*Scenario]chan struct{}
	judged  int
	phase   string    // of the progress
	sealed  *Evidence // the whole recording, once it is over
}

// Prepare selects checks of all, speaks to the target for the first time
// (preflight) and makes the plan. Its errors are usage errors or a
// PreflightError.
func Prepare(ctx context.Context, t *Target, all Checks, o Options) (*Run, error) {
	o = o.withDefaults()
	t.MaxWait = o.MaxWait
	checks, err := Select(all, o)
	if err != nil {
		return nil, err
	}
	r := &Run{Target: t, all: all, checks: checks, opts: o, session: newSession(t, o), done: map[*Scenario]chan struct{}{}}
	if err := r.session.preflight(ctx); err != nil {
		return nil, err
	}
	t.Powers = t.powers(o)
	t.knowPages()
	person := t.person()
	if person != nil {
		t.Timing.Pace = person.Pace()
	}
	t.Thorough, t.OneByOne = o.Thorough, o.Concurrency == 1
	t.SlowApprover = t.Approver != nil && t.Approver.Powers().Slow
	t.contract = t.Contract
	r.plan = plan(all, checks, &t.Facts, t.Contract.Family, r.session.sent(), o)
	if person != nil {
		person.Expect(r.plan.Decisions)
	}
	for _, s := range r.plan.Scenarios {
		r.done[s] = make(chan struct{})
		if s.Sample {
			r.session.sample = s.Name
		}
		if s.After != nil {
			r.session.left[s.After] = make(chan *Flow, o.MaxStarts)
		}
	}
	return r, nil
}

// Close closes the connections that the run has kept open.
func (r *Run) Close() { r.session.close() }

// Verification is what the device of the preflight shows a person; false where none
// was started.
func (r *Run) Verification() (v approve.Verification, ok bool) {
	if r.session.first == nil {
		return v, false
	}
	return r.session.first.verification(DecisionOptions{}), true
}

// OnJudged makes f hear of every verdict when it is reached.
func (r *Run) OnJudged(f func(Result)) { r.opts.Judged = f }

// Plan is what the run will do.
func (r *Run) Plan() *Plan { return r.plan }

// Record carries out the plan. It returns when everything is recorded, the
// target has died, or ctx has ended.
func (r *Run) Record(ctx context.Context) {
	r.recordLanes(ctx)
	t := r.Transcript()
	t.redactAgain(r.session.secrets)
	e := newEvidence(t, r.Target.Contract, r.all)
	r.mu.Lock()
	r.sealed = e
	r.mu.Unlock()
	for _, s := range r.plan.Scenarios { // whatever was never begun
		r.finish(s)
	}
}

// Transcript is what has been recorded so far.
func (r *Run) Transcript() *Transcript {
	r.mu.Lock()
	sealed := r.sealed
	r.mu.Unlock()
	if sealed != nil {
		return sealed.Transcript
	}
	t := r.session.transcript()
	t.Header = r.header()
	return t
}

func (r *Run) header() Header {
	h := Header{Schema: TranscriptSchema, Started: r.session.started, Target: r.Target.Facts,
		Contract: r.Target.Contract.Name}
	h.Target.Timing.Adapted = r.session.adapted.Load()
	if !slices.Contains(spec.ContractNames(), h.Contract) {
		h.Document = r.Target.Contract.Source
	}
	for _, c := range r.checks {
		h.Checks = append(h.Checks, c.ID)
	}
	return h
}

func (r *Run) evidence() *Evidence {
	r.mu.Lock()
	e := r.sealed
	r.mu.Unlock()
	if e != nil {
		return e
	}
	return newEvidence(r.Transcript(), r.Target.Contract, r.all)
}

// Verdict waits for what the check reads and judges it.
func (r *Run) Verdict(c Check) Result {
	for _, s := range r.waitsFor(c) {
		<-r.done[s]
	}
	res := r.evidence().Verdict(c)
	if res.early {
		for _, s := range r.plan.Scenarios {
			<-r.done[s]
		}
		res = r.evidence().Verdict(c)
	}
	r.mu.Lock()
	r.judged++
	r.mu.Unlock()
	r.opts.Judged(res)
	return res
}

// waitsFor lists the scenarios whose end a verdict needs.
func (r *Run) waitsFor(c Check) []*Scenario {
	if c.Passive || c.ID == storeOwners[len(storeOwners)-1] {
		return r.plan.Scenarios
	}
	return slices.DeleteFunc(r.all.Scenarios(c, r.Target.Contract.Family), func(s *Scenario) bool {
		return r.done[s] == nil
	})
}

// Ordered returns the run's checks in the order their verdicts become known.
func (r *Run) Ordered() []Check {
	out := slices.Clone(r.checks)
	slices.SortStableFunc(out, func(a, b Check) int { return cmp.Compare(a.lane(), b.lane()) })
	return out
}

// Conform records everything and then judges it. Results are in catalogue order.
// Package suite judges while the recording goes on.
func (r *Run) Conform(ctx context.Context) []Result {
	r.Record(ctx)
	byID := map[string]Result{}
	for _, c := range r.Ordered() {
		byID[c.ID] = r.Verdict(c)
	}
	out := make([]Result, 0, len(r.checks))
	for _, c := range r.checks {
		out = append(out, byID[c.ID])
	}
	return out
}

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
	forPoll    = "waiting for the next poll"
	forExpiry  = "waiting for a code to expire"
	inScenario = "waiting in the scenario "
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
