package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// recordLanes runs the plan's scenarios, lane by lane. The expiry lane begins first
// and is harvested last, so that its wait hides all others; abuse comes when
// everything else is over.
func (r *Run) recordLanes(ctx context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r.session.mu.Lock()
	r.session.died = cancel
	r.session.mu.Unlock()
	defer r.limit(cancel)()

	r.lanes(ctx, LaneFirst)
	if !r.startable() {
		return // the gates say why
	}
	r.oneByOne(ctx, LanePace)
	for _, s := range r.plan.first() {
		r.play(ctx, r.scene(s, false))
	}
	var expiry sync.WaitGroup
	expiry.Go(func() { r.lanes(ctx, LaneExpiry) })
	r.lanes(ctx, LaneIsolation)
	if why := r.disturbed(); why != "" {
		r.session.event(Event{Kind: EventBranch, Detail: "one code at a time: " + why})
		expiry.Wait() // its codes would disturb the others
		r.serial(ctx)
	} else {
		r.lanes(ctx, LaneInstant)
		r.oneByOne(ctx, LaneAlone)
		r.lanes(ctx, LaneInterval, LaneApprove)
	}
	expiry.Wait()
	r.oneByOne(ctx, LaneQuiet)
	r.oneByOne(ctx, LaneRisky)
	r.oneByOne(ctx, LaneAbuse)
	r.oneByOne(ctx, LaneRestart)
	if ended, ok := errors.AsType[errEnded](context.Cause(ctx)); ok {
		r.session.event(Event{Kind: EventDied, Detail: ended.Error()})
	}
}

// limit ends a recording that takes far longer than its plan, and than the approver
// needs, until done is called: a server may answer each request at the last moment.
func (r *Run) limit(end context.CancelCauseFunc) (done func() bool) {
	longest := 2*r.plan.Worst + r.plan.Attended + time.Duration(r.plan.Requests)*r.Target.Timing.RTT + time.Minute
	var timer *time.Timer
	ready := make(chan struct{})
	timer = time.AfterFunc(longest, func() {
		<-ready
		s := r.session
		s.mu.Lock()
		left := longest + s.deciding - s.now()
		s.mu.Unlock()
		if left > 0 {
			timer.Reset(left)
			return
		}
		end(errEnded(fmt.Sprintf("the run ended after %s, in place of about %s: the server is too slow in its answers",
			s.now().Round(time.Second), r.plan.Critical.Round(time.Second))))
	})
	close(ready)
	return timer.Stop
}

// startable reports whether any start of the run gave codes.
func (r *Run) startable() bool {
	return slices.ContainsFunc(r.Transcript().Exchanges, func(x *Exchange) bool { return x.Op == OpStart && x.HasCodes() })
}

// disturbed judges the isolation gates on what is recorded so far; the answer
// is the finding of the first that fails.
func (r *Run) disturbed() string {
	e := r.evidence()
	for _, id := range isolationGates {
		c, ok := r.all.Lookup(id)
		if !ok {
			continue
		}
		if unable(c, e.Facts, e.Contract.Family).verdict != "" {
			continue
		}
		if res := e.Verdict(c); res.Verdict == reports.Fail || e.oneOfTwo(c) {
			return id + " failed"
		}
	}
	return ""
}

// oneOfTwo reports whether of the codes that an isolation gate has started, one is pending and
// another is gone. That decides it also where the gates before it met the same.
func (e *Evidence) oneOfTwo(c Check) bool {
	pending, gone := false, false
	for _, x := range e.Exchanges {
		if x.In(c.Reads...) && x.Op == OpToken && !x.Provoked {
			pending, gone = pending || x.StillPending(), gone || e.gone(x)
		}
	}
	return pending && gone && e.Judge(c).Verdict == reports.Fail
}

// serial runs what is left one scenario and one code at a time. Scenarios that
// would begin after MaxWait are left out.
func (r *Run) serial(ctx context.Context) {
	end := time.Now().Add(r.opts.MaxWait + r.plan.Attended)
	for _, lane := range []Lane{LaneInstant, LaneAlone, LaneInterval, LaneApprove} {
		for _, s := range r.inLane(lane) {
			if time.Now().After(end) {
				r.session.event(Event{Scenario: s.Name, Kind: EventStopped,
					Detail: fmt.Sprintf("devices of one client disturb each other, and one code at a time takes longer than "+
						"--max-wait (%s)", Seconds(r.opts.MaxWait))})
				r.finish(s)
				continue
			}
			r.play(ctx, r.scene(s, true))
		}
	}
}

// inLane lists what is left to do in some lanes, in the order of the turns.
func (r *Run) inLane(ls ...Lane) []*Scenario {
	var out []*Scenario
	first := r.plan.first()
	for _, s := range r.plan.Scenarios {
		if slices.Contains(ls, s.Lane) && !slices.Contains(first, s) {
			out = append(out, s)
		}
	}
	return out
}

// lanes runs the scenarios of some lanes side by side.
func (r *Run) lanes(ctx context.Context, ls ...Lane) {
	var wg sync.WaitGroup
	for _, s := range r.inLane(ls...) {
		scene := r.scene(s, false)
		wg.Go(func() { r.play(ctx, scene) })
	}
	wg.Wait()
}

func (r *Run) oneByOne(ctx context.Context, l Lane) {
	for _, s := range r.inLane(l) {
		r.play(ctx, r.scene(s, false))
	}
}

// scene sets a scenario up. Where a person is asked, its turn comes after those of
// all that were set up before it.
func (r *Run) scene(s *Scenario, serial bool) *ScenarioRun {
	scene := &ScenarioRun{session: r.session, scenario: s, serial: serial}
	if !s.AsksLate {
		scene.queue()
	}
	return scene
}

// play runs one scenario. A panic in it is ours, never the target's.
func (r *Run) play(ctx context.Context, scene *ScenarioRun) {
	s := scene.scenario
	defer r.finish(s)
	defer scene.endTurn()
	if ctx.Err() != nil {
		return
	}
	r.enters(s.Lane.String())
	if !scene.takeTurn(ctx, false) {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			scene.Event(EventStopped, "", fmt.Sprintf("internal error: %v", p))
			return
		}
		if ctx.Err() == nil {
			scene.Event(EventDone, "", "")
		}
	}()
	s.Run(ctx, scene)
}

// finish lets the judges of a scenario go on.
func (r *Run) finish(s *Scenario) {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.done[s]:
	default:
		close(r.done[s])
		if left := r.session.left[s]; left != nil {
			close(left)
		}
	}
}

// String names a lane in progress lines.
func (l Lane) String() string {
	return [...]string{"discovery", "the pace that is served", "expiry", "isolation", "instant answers", "one at a time",
		"intervals", "approvals", "with nothing beside it", "risky requests", "abuse", "restart"}[l]
}
