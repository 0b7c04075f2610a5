package load

import (
	"fmt"
	"slices"
	"sync"
	"time"

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
	open       map[int]*second    // seconds to which answers may still come
	closed     []reports.Second
	violations map[string]*reports.Violation
	exchanges  []reports.Exchange // that violations cite
}

// second is one second of the run, by the intended time of its requests.
type second struct {
	reports.Second
	times, lag *reports.Histogram
}

func newRecord(p *population) *record {
	h := func() *reports.Histogram { return reports.NewHistogram(reports.Milliseconds) }
	return &record{groups: make([]figures, len(p.kinds)), stages: make([]figures, len(p.windows)), stageAt: p.stage,
		service: [2]*reports.Histogram{h(), h()}, lag: h(), ownLag: h(), open: map[int]*second{}, violations: map[string]*reports.Violation{}}
}

// parts are the figures that something at an instant belongs to.
func (r *record) parts(group uint8, at int64, book func(*figures)) {
	book(&r.groups[group])
	if len(r.stages) > 0 {
		book(&r.stages[r.stageAt(at)])
	}
}

// answer books the end of a request of a device in a group.
func (r *record) answer(j *job, group uint8, active uint64) {
	response, service, lag := time.Duration(j.received-j.intended), time.Duration(j.received-j.sent), time.Duration(j.sent-j.intended)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lag.Record(lag)
	r.ownLag.Record(time.Duration(j.late))
	r.parts(group, j.intended, func(f *figures) { f.answer(j, response) })
	s := r.second(int(j.intended / int64(time.Second)))
	if j.template.start {
		s.Starts++
		r.service[0].Record(service)
	} else {
		s.Polls++
		r.service[1].Record(service)
	}
	if j.reply.outcome == outToken {
		s.Tokens++
	}
	if j.reply.outcome.bad() {
		s.Errors++
	}
	s.Active = active
	s.times.Record(response)
	s.lag.Record(lag)
}

// second returns a second that is still open. Those whose last answer must have
// come are closed, so that their histograms can go.
func (r *record) second(n int) *second {
	if s := r.open[n]; s != nil {
		return s
	}
	s := &second{times: reports.NewHistogram(reports.Milliseconds), lag: reports.NewHistogram(reports.Milliseconds)}
	s.Second.Second = n
	r.open[n] = s
	for at := range r.open {
		if n-at > openSeconds {
			r.close(at)
		}
	}
	return s
}

// openSeconds is how long answers to the requests of a second are waited for.
const openSeconds = 15

func (r *record) close(n int) {
	s := r.open[n]
	delete(r.open, n)
	s.P50, s.P99, s.Max, s.LagP99 = s.times.Quantile(0.5), s.times.Quantile(0.99), s.times.Quantile(1), s.lag.Quantile(0.99)
	s.HDR = s.times.Distribution().HDR
	r.closed = append(r.closed, s.Second)
}

// redeemed books the time from a decision to the token: the wait for the next
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

// noFlow books a device that got no codes.
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
		seen = &reports.Violation{Kind: v.kind, Check: v.check, Title: v.title, Information: v.information, Example: example()}
		r.violations[v.kind] = seen
	}
	seen.Count++
	if len(seen.Exchanges) < maxExamples {
		id := fmt.Sprintf("x%d", len(r.exchanges)+1)
		r.exchanges = append(r.exchanges, evidence(id))
		seen.Exchanges = append(seen.Exchanges, id)
	}
}

// total is what all groups did together. It is called with the record locked.
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
			if outcome(o).bad() {
				bad += n
			}
		}
	}
	return starts, polls, bad
}

// shut closes all seconds and returns them in order.
func (r *record) shut() []reports.Second {
	for at := range r.open {
		r.close(at)
	}
	slices.SortFunc(r.closed, func(a, b reports.Second) int { return a.Second - b.Second })
	return r.closed
}

// lateness of the 99th percentile, in milliseconds, beyond which this machine is
// taken for the limit.
const lateness = 50
