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
	outcomes   tally
	starts     uint64
	polls      uint64
	start      *reports.Histogram
	poll       *reports.Histogram
	service    [2]*reports.Histogram // start, poll
	lag        *reports.Histogram
	ownLag     *reports.Histogram // what of the lag is this machine's doing
	token      *reports.Histogram
	waiting    *reports.Histogram
	server     *reports.Histogram
	pollsEach  *reports.Histogram
	open       map[int]*second // seconds to which answers may still come
	closed     []reports.Second
	violations map[string]*reports.Violation
}

// second is one second of the run, by the intended time of its requests.
type second struct {
	reports.Second
	times, lag *reports.Histogram
}

func newRecord() *record {
	h := func() *reports.Histogram { return reports.NewHistogram(reports.Milliseconds) }
	return &record{start: h(), poll: h(), service: [2]*reports.Histogram{h(), h()}, lag: h(), ownLag: h(), token: h(), waiting: h(), server: h(),
		pollsEach: reports.NewHistogram(reports.Counts), open: map[int]*second{}, violations: map[string]*reports.Violation{}}
}

// answer books the end of a request.
func (r *record) answer(j *job, active uint64) {
	response, service, lag := time.Duration(j.received-j.intended), time.Duration(j.received-j.sent), time.Duration(j.sent-j.intended)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outcomes[j.reply.outcome]++
	r.lag.Record(lag)
	r.ownLag.Record(time.Duration(j.late))
	s := r.second(int(j.intended / int64(time.Second)))
	if j.template.start {
		r.starts++
		s.Starts++
		r.start.Record(response)
		r.service[0].Record(service)
	} else {
		r.polls++
		s.Polls++
		r.poll.Record(response)
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
func (r *record) redeemed(total, waiting time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.token.Record(total)
	r.waiting.Record(waiting)
	r.server.Record(total - waiting)
}

func (r *record) flowOver(polls uint16) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pollsEach.RecordCount(int64(polls))
}

// violate counts a broken promise; the first example is kept.
func (r *record) violate(v violation, example string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.violations[v.kind]
	if seen == nil {
		seen = &reports.Violation{Kind: v.kind, Check: v.check, Title: v.title, Information: v.information, Example: example}
		r.violations[v.kind] = seen
	}
	seen.Count++
}

// fill writes the figures into a report's section. took is how long requests
// were sent.
func (r *record) fill(l *reports.Load, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for at := range r.open {
		r.close(at)
	}
	slices.SortFunc(r.closed, func(a, b reports.Second) int { return a.Second - b.Second })
	l.Timeline = r.closed
	l.Outcomes = r.outcomes.report()
	l.Requests = reports.Requests{Starts: r.starts, Polls: r.polls}
	if n := l.Requests.Total(); n > 0 {
		l.Requests.PerSecond = float64(n) / took.Seconds()
		l.ErrorRate = float64(l.Outcomes.Errors()) / float64(n)
	}
	if r.polls > 0 {
		l.PollWaste = float64(l.Outcomes.Wasted()) / float64(r.polls)
	}
	l.Latency = reports.Latencies{Start: r.start.Distribution(), Poll: r.poll.Distribution(), TimeToToken: r.token.Distribution()}
	l.Service = reports.Services{Start: r.service[0].Distribution(), Poll: r.service[1].Distribution()}
	l.TokenWait = reports.TokenWait{Waiting: r.waiting.Distribution(), Server: r.server.Distribution()}
	l.Lag, l.PollsPerFlow = r.lag.Distribution(), r.pollsEach.Distribution()
	l.Violations = []reports.Violation{}
	for _, v := range violations {
		if seen := r.violations[v.kind]; seen != nil {
			l.Violations = append(l.Violations, *seen)
		}
	}
	if own := r.ownLag.Quantile(0.99); own > lateness {
		l.Client.Saturated = true
		l.Client.Why = fmt.Sprintf("one request in a hundred left %.0f ms late", own)
	}
}

// lateness of the 99th percentile, in milliseconds, beyond which this machine is
// taken for the limit.
const lateness = 50
