package load

import (
	"maps"
	"time"

	"github.com/dfcheck/dfcheck/load/trend"
	"github.com/dfcheck/dfcheck/reports"
)

// windows are the stretches of a run in which its trend is looked for, by the due times
// of requests. A code that is left behind is two counts, so that hundreds of thousands of
// them take no memory.
type windows struct {
	length time.Duration
	open   map[int]*stretch
	closed map[int]reports.TrendWindow
}

// stretch is a window whose answers are still coming in.
type stretch struct {
	reports.TrendWindow
	start, poll *reports.Histogram // from when a request was sent
}

// mostWindows of a run are enough for a slope.
const mostWindows = 60

// newWindows divides a run into windows of whole seconds.
func newWindows(duration time.Duration) *windows {
	length := (duration/mostWindows + time.Second - 1).Truncate(time.Second)
	return &windows{length: max(length, time.Second), open: map[int]*stretch{}, closed: map[int]reports.TrendWindow{}}
}

// at returns the window of an instant, and closes those whose answers have most likely
// all come.
func (w *windows) at(instant int64) *stretch {
	n := int(max(instant, 0) / int64(w.length))
	if s := w.open[n]; s != nil {
		return s
	}
	was := w.closed[n]
	s := &stretch{TrendWindow: was, start: histogramOf(was.Start), poll: histogramOf(was.Poll)}
	s.Second = (time.Duration(n) * w.length).Seconds()
	delete(w.closed, n)
	w.open[n] = s
	for k, o := range w.open {
		if time.Duration(n-k)*w.length > openSeconds*time.Second {
			w.closed[k] = o.sofar()
			delete(w.open, k)
		}
	}
	return s
}

// histogramOf a window that was closed, or of none.
func histogramOf(d reports.Distribution) *reports.Histogram {
	h, err := d.Histogram(reports.Milliseconds)
	if err != nil {
		panic(err) // it was encoded by sofar
	}
	return h
}

func (s *stretch) sofar() reports.TrendWindow {
	out := s.TrendWindow
	out.Start, out.Poll = s.start.Distribution(), s.poll.Distribution()
	return out
}

// answered takes in an answer that is no error.
func (w *windows) answered(due int64, start bool, service time.Duration) {
	if w == nil {
		return
	}
	h := w.at(due).poll
	if start {
		h = w.at(due).start
	}
	h.Record(service)
}

// leave counts a code that a device left behind, until its end.
func (w *windows) leave(at, ends int64) {
	if w == nil {
		return
	}
	w.at(at).LeftBehind++
	n := int(max(at, ends) / int64(w.length)) // which is not opened before its time
	if s := w.open[n]; s != nil {
		s.Expired++
		return
	}
	later := w.closed[n]
	later.Second, later.Expired = (time.Duration(n) * w.length).Seconds(), later.Expired+1
	w.closed[n] = later
}

// clone is the windows as they are.
func (w *windows) clone() *windows {
	if w == nil {
		return nil
	}
	c := &windows{length: w.length, open: map[int]*stretch{}, closed: maps.Clone(w.closed)}
	for n, s := range w.open {
		c.closed[n] = s.sofar()
	}
	return c
}

// all are the whole windows of a run.
func (w *windows) all(took time.Duration) []reports.TrendWindow {
	out := make([]reports.TrendWindow, took/w.length)
	for n := range out {
		out[n] = w.closed[n]
		if s := w.open[n]; s != nil {
			out[n] = s.sofar()
		}
		out[n].Second = (time.Duration(n) * w.length).Seconds()
	}
	return out
}

// trend of a run so far, nil for a crowd that leaves no codes behind.
func (sim *simulation) trend(w *windows, took time.Duration, timeline []reports.Second) *reports.Trend {
	if w == nil {
		return nil
	}
	arrived := time.Duration(sim.population.timetable.LastArrival()) + sim.interval
	return trend.Of(w.all(took), w.length.Seconds(), arrived.Seconds(), timeline)
}
