package load

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/reports"
)

// record gathers the figures of a run.
type record struct {
	mu         sync.Mutex
	groups     []figures             // together they are the whole crowd
	stages     []figures             // empty where the profile has none
	stageAt    func(at int64) int    // the stage of an instant
	service    [2]*reports.Histogram // start, poll
	lag        *reports.Histogram
	ownLag     *reports.Histogram // what of the lag is this machine's doing
	timeline   timeline
	windows    *windows // nil where nobody leaves codes behind
	unread     int      // looks at the server's own metrics that found nothing
	unreadWhy  string   // the last of them
	silence    silence
	shortages  []reports.Shortage // of this machine
	violations map[string]*reports.Violation
	errors     map[string]*reports.ErrorKind
	exchanges  []reports.Exchange // that violations and errors cite
	missed     float64            // polls that devices did not send because they backed off
	earlyLimit bool               // a start or the first poll of a code was answered 429
}

func newRecord(p *population) *record {
	h := func() *reports.Histogram { return reports.NewHistogram(reports.Milliseconds) }
	return &record{groups: make([]figures, len(p.groups)), stages: make([]figures, len(p.timetable.Windows())),
		stageAt: p.timetable.Stage, service: [2]*reports.Histogram{h(), h()}, lag: h(), ownLag: h(),
		timeline: newTimeline(), violations: map[string]*reports.Violation{}, errors: map[string]*reports.ErrorKind{}}
}

// parts are the figures that something at an instant belongs to.
func (r *record) parts(group uint8, at int64, book func(*figures)) {
	book(&r.groups[group])
	if len(r.stages) > 0 {
		book(&r.stages[r.stageAt(at)])
	}
}

// answer records the end of a request of a device in a group.
func (r *record) answer(req *request, group uint8, active uint64) {
	response, service := time.Duration(req.Received-req.intended), time.Duration(req.Received-req.Sent)
	lag := time.Duration(req.Sent - req.intended)
	o := req.Reply.Outcome
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parts(group, req.intended, func(f *figures) { f.answer(req, response) })
	s := r.timeline.second(int(req.intended / int64(time.Second)))
	s.Active = active
	if o == wire.Unsent {
		s.NotSent++
		r.lacked(req)
		return
	}
	r.lag.Record(lag)
	r.ownLag.Record(time.Duration(req.late))
	s.lag.Record(lag)
	s.count(req.Template.Start, o)
	if !o.IsError() {
		s.times.Record(response)
		r.windows.answered(req.intended, req.Template.Start, service)
		r.service[req.operation()].Record(service)
	}
	r.silence.hear(o, req.Sent, req.Received)
}

// redeemed records the time from a decision to the token: the wait for the next
// poll, and the rest.
func (r *record) redeemed(group uint8, at int64, total, waiting time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parts(group, at, func(f *figures) { f.redeemed(total, waiting) })
}

func (r *record) flowBegun(group uint8, at int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parts(group, at, func(f *figures) { f.begun++ })
}

func (r *record) flowOver(group uint8, at int64, s state, polls uint16) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parts(group, at, func(f *figures) { f.flowOver(s, polls) })
}

// leftBehind counts a code that its device does not poll any more, until it expires.
func (r *record) leftBehind(at, ends int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.windows.leave(at, ends)
}

// noFlow counts a device that got no codes.
func (r *record) noFlow(group uint8, at int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parts(group, at, func(f *figures) { f.codeless++ })
}

// maxExamples is how many exchanges are kept for a kind of violation.
const maxExamples = 3

// violate counts a broken promise. The first example is kept, and the exchanges
// of the first few, as evidence.
func (r *record) violate(v violation, example func() string, evidence func(id string) reports.Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.violations[v.kind]
	if seen == nil {
		first := v.empty()
		first.Example = example()
		seen = &first
		r.violations[v.kind] = seen
	}
	seen.Count++
	if len(seen.Exchanges) < maxExamples {
		seen.Exchanges = append(seen.Exchanges, r.keep(evidence))
	}
}

// keep keeps an exchange and returns its id.
func (r *record) keep(evidence func(id string) reports.Exchange) (id string) {
	id = fmt.Sprintf("x%d", len(r.exchanges)+1)
	r.exchanges = append(r.exchanges, evidence(id))
	return id
}

// snapshot is a record of its own with the same figures.
func (r *record) snapshot() *record {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.copied()
	c.timeline, c.windows = r.timeline.clone(), r.windows.clone()
	return c
}

// windowsSoFar are the windows of its trend, with the answers that have come in.
func (r *record) windowsSoFar() *windows {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.windows.clone()
}

// sums is a snapshot without the time line, which takes longer to copy the longer a
// run is.
func (r *record) sums() *record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.copied()
}

func (r *record) copied() *record {
	c := &record{groups: clones(r.groups), stages: clones(r.stages), stageAt: r.stageAt,
		service: [2]*reports.Histogram{r.service[0].Clone(), r.service[1].Clone()}, lag: r.lag.Clone(),
		ownLag: r.ownLag.Clone(), silence: r.silence, shortages: slices.Clone(r.shortages),
		violations: map[string]*reports.Violation{}, errors: map[string]*reports.ErrorKind{},
		exchanges: slices.Clone(r.exchanges), missed: r.missed, earlyLimit: r.earlyLimit,
		unread: r.unread, unreadWhy: r.unreadWhy}
	for kind, v := range r.violations {
		same := *v
		same.Exchanges = slices.Clone(v.Exchanges)
		c.violations[kind] = &same
	}
	for kind, e := range r.errors {
		same := *e
		c.errors[kind] = &same
	}
	return c
}

// total is what all groups did together.
func (r *record) total() (*figures, error) {
	all := &figures{}
	for i := range r.groups {
		if err := all.add(&r.groups[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// count sums up what has been sent so far.
func (r *record) count() (starts, polls, bad uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.groups {
		f := &r.groups[i]
		starts, polls = starts+f.starts, polls+f.polls
		for o, n := range f.outcomes {
			if wire.Outcome(o).IsError() {
				bad += n
			}
		}
	}
	return starts, polls, bad
}

// lateness of the 99th percentile, in milliseconds, beyond which this machine is
// taken for the limit.
const lateness = 50

// lacked counts a request that this machine could not send.
func (r *record) lacked(req *request) {
	i := slices.IndexFunc(r.shortages, func(s reports.Shortage) bool { return s.Of == req.Reply.Problem })
	if i < 0 {
		i = len(r.shortages)
		r.shortages = append(r.shortages, reports.Shortage{Of: req.Reply.Problem})
	}
	r.shortages[i].NotSent++
}

// limits says in what this machine was the limit, or nothing.
func (r *record) limits() (why string) {
	if len(r.shortages) > 0 {
		s := slices.MaxFunc(r.shortages, func(a, b reports.Shortage) int { return int(a.NotSent) - int(b.NotSent) })
		return "this machine ran out of " + s.Of
	}
	if own := r.ownLag.Quantile(0.99); own > lateness {
		return fmt.Sprintf("one request in a hundred left %.0f ms late", own)
	}
	return ""
}
