package load

import (
	"maps"
	"math"
	"time"

	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/reports"
)

// timeline is the seconds of a run, by the due times of their requests.
type timeline struct {
	open   map[int]*second // seconds whose answers are still coming in
	closed map[int]reports.Second
}

// second is one second of the run.
type second struct {
	reports.Second
	times, lag *reports.Histogram // of its answers; of all its requests
}

// count takes in the end of a request.
func (s *second) count(start bool, o wire.Outcome) {
	if start {
		s.Starts++
	} else {
		s.Polls++
	}
	switch o {
	case wire.Pending:
		s.Pending++
	case wire.SlowDown:
		s.SlowDowns++
	case wire.Token:
		s.Tokens++
	case wire.Denied:
		s.Denied++
	case wire.Expired:
		s.Expired++
	case wire.TimedOut:
		s.Timeouts++
	}
	if o.IsError() {
		s.Errors++
	}
}

func newTimeline() timeline {
	return timeline{open: map[int]*second{}, closed: map[int]reports.Second{}}
}

// openSeconds is how long a second is kept open for more answers. Later ones
// open it again, which costs more.
const openSeconds = 15

// second returns an open second. Those whose answers have most likely all come
// are closed, so that the memory of their histograms is free again.
func (t *timeline) second(n int) *second {
	if s := t.open[n]; s != nil {
		return s
	}
	s := &second{times: reports.NewHistogram(reports.Milliseconds), lag: reports.NewHistogram(reports.Milliseconds)}
	if was, ok := t.closed[n]; ok {
		s.Second = was
		s.times = decoded(was)
		delete(t.closed, n)
	}
	s.Second.Second = n
	t.open[n] = s
	for at := range t.open {
		if n-at > openSeconds {
			t.close(at)
		}
	}
	return s
}

// decoded is the histogram of a closed second.
func decoded(s reports.Second) *reports.Histogram {
	d := reports.Distribution{Count: answered(s), Max: s.Max, HDR: s.HDR}
	h, err := d.Histogram(reports.Milliseconds)
	if err != nil {
		panic(err) // it was encoded by close
	}
	return h
}

// answered is how many requests of a second have a latency.
func answered(s reports.Second) uint64 { return s.Starts + s.Polls - s.Errors }

func (t *timeline) close(n int) {
	s := t.open[n]
	delete(t.open, n)
	closed := s.soFar()
	closed.HDR = s.times.Distribution().HDR
	t.closed[n] = closed
}

// soFar is a second by the answers that have come in, without their histogram.
func (s *second) soFar() reports.Second {
	out := s.Second
	out.P50, out.P99, out.Max = s.times.Quantile(0.5), s.times.Quantile(0.99), s.times.Quantile(1)
	out.LagP99 = max(out.LagP99, s.lag.Quantile(0.99)) // of both, where it was opened twice
	return out
}

// look is a second as it stands, and whether anything was due in it.
func (t *timeline) look(n int) (s reports.Second, busy bool) {
	s, busy = t.closed[n]
	if open := t.open[n]; open != nil {
		s, busy = open.soFar(), true
	}
	s.ErrorsByKind = maps.Clone(s.ErrorsByKind) // more may be added
	return s, busy
}

// clone is the time line as it is, for a look at a run that goes on.
func (t *timeline) clone() timeline {
	c := timeline{open: map[int]*second{}, closed: maps.Clone(t.closed)}
	for n, s := range t.open {
		c.open[n] = &second{s.Second, s.times.Clone(), s.lag.Clone()}
		c.open[n].ErrorsByKind = maps.Clone(s.ErrorsByKind)
	}
	for n, s := range c.closed { // a late answer opens its second again
		s.ErrorsByKind = maps.Clone(s.ErrorsByKind)
		c.closed[n] = s
	}
	return c
}

// all closes every second and lists those of a run, idle ones too. The flows of
// an idle second are still in progress.
func (t *timeline) all(took time.Duration) []reports.Second {
	for at := range t.open {
		t.close(at)
	}
	last := int(math.Ceil(took.Seconds())) - 1
	for at := range t.closed {
		last = max(last, at)
	}
	out := make([]reports.Second, last+1)
	for n := range out {
		s, busy := t.closed[n]
		if s.Second = n; !busy && n > 0 {
			s.Active = out[n-1].Active
		}
		out[n] = s
	}
	return out
}

// steady is the mean number of polls per second from the instant at which all
// devices poll, over as many whole intervals as there are: a crowd that polls in
// step has idle seconds in each. It is 0 when there was not one.
func steady(timeline []reports.Second, from, interval, took time.Duration) float64 {
	first := int(math.Ceil(from.Seconds()))
	cycle := max(int(math.Ceil(interval.Seconds())), 1)
	n := max(min(int(took.Seconds()), len(timeline))-first, 0) / cycle * cycle
	if n == 0 {
		return 0
	}
	polls := uint64(0)
	for _, s := range timeline[first : first+n] {
		polls += s.Polls
	}
	return float64(polls) / float64(n)
}
