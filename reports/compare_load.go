package reports

import (
	"fmt"
	"math"
	"slices"

	"github.com/dfcheck/dfcheck/reports/shift"
)

// LoadChange is what became of the figures of load runs.
type LoadChange struct {
	Figures []FigureChange
	Events  []EventChange
	Trends  []TrendChange // nil where no run leaves codes behind
	// Old and New are how many runs count on each side.
	Old, New int

	pooled [2][]spread // all requests of a side together
	left   []string    // runs that do not count, and why
}

// A FigureChange is a figure of the runs of both sides.
type FigureChange struct {
	Name string
	Unit string // ms, share or, for plain numbers, empty
	shift.Difference
	Outcome Outcome
	Why     string
	neutral bool // it is neither better nor worse, whatever it is
}

// Outcome is what became of a figure, or of an event.
type Outcome string

const (
	GotWorse       Outcome = "WORSE"
	GotBetter      Outcome = "better"
	Differs        Outcome = "differs"
	Tolerated      Outcome = "within the tolerance"
	NotShown       Outcome = "no difference shown"
	TooFewRuns     Outcome = "too few runs"
	TooFewMeasured Outcome = "too few measurements"
	NoLonger       Outcome = "NO LONGER MEASURED"
	NewlyMeasured  Outcome = "newly measured"
	GotBroken      Outcome = "BROKEN"
	GotFixed       Outcome = "fixed"
	NotSeenAgain   Outcome = "not seen again"
	NotJudgedAgain Outcome = "NO LONGER TESTED"
	Still          Outcome = "still"
)

// Bad reports whether something was lost.
func (o Outcome) Bad() bool {
	return o == GotWorse || o == NoLonger || o == GotBroken || o == NotJudgedAgain
}

// A reading is a figure of one run.
type reading struct {
	value      float64
	of, needed uint64  // measurements: that there are, and that it takes
	resolution float64 // 0 for a thousandth of the value
}

func (r reading) measured() bool { return r.of > 0 && r.of >= r.needed }

// compared is a figure that runs are compared by.
type compared struct {
	name, unit string
	worse      int // 1 where more is worse, -1 where less is, 0 where neither is
	of         func(*Load) reading
}

// comparedFigures are those of a load run, in the order in which they are shown.
var comparedFigures = slices.Concat(
	quantilesOf("device authorization", func(l *Load) Distribution { return l.Latency.Start }, 0.5, 0.95, 0.99),
	quantilesOf("poll", func(l *Load) Distribution { return l.Latency.Poll }, 0.5, 0.95, 0.99),
	quantilesOf("time to token", func(l *Load) Distribution { return l.Latency.TimeToToken }, 0.5),
	quantilesOf("time to token, server", func(l *Load) Distribution { return l.TokenWait.Server }, 0.5, 0.95),
	[]compared{
		shares("errors", 1, func(l *Load) (n, of uint64) { return l.Outcomes.Errors(), l.Requests.Total() }),
		shares("carried", -1, func(l *Load) (n, of uint64) { return l.Offered.Carried, l.Offered.Requests }),
		shares("slow_down", 1, func(l *Load) (n, of uint64) { return l.Outcomes.SlowDown, l.Requests.Polls }),
		shares("flows approved", -1, func(l *Load) (n, of uint64) { return l.Devices.Approved, l.Devices.Over() }),
	},
	neutral(quantilesOf("lag of the load generator", func(l *Load) Distribution { return l.Lag }, 0.99)),
)

// quantilesOf are figures of a distribution of times. The slowest in a hundred of
// fewer than a hundred is the slowest of all, which says little.
func quantilesOf(name string, of func(*Load) Distribution, quantiles ...float64) (out []compared) {
	for _, q := range quantiles {
		out = append(out, compared{fmt.Sprintf("%s p%g", name, 100*q), "ms", 1, func(l *Load) reading {
			d := of(l)
			v := map[float64]float64{0.5: d.P50, 0.95: d.P95, 0.99: d.P99}[q]
			return reading{value: v, of: d.Count, needed: uint64(math.Round(1 / (1 - q)))}
		}})
	}
	return out
}

// neutral are figures of which neither more nor less is worse.
func neutral(list []compared) []compared {
	for i := range list {
		list[i].worse = 0
	}
	return list
}

// shares is a figure that is a share: of requests, or of flows.
func shares(name string, worse int, of func(*Load) (n, of uint64)) compared {
	return compared{name, "share", worse, func(l *Load) reading {
		n, of := of(l)
		if of == 0 {
			return reading{}
		}
		return reading{value: float64(n) / float64(of), of: of, resolution: 1 / float64(of)}
	}}
}

// compareLoad holds the figures of two sides against each other.
func compareLoad(old, now []*Report, tolerance float64) *LoadChange {
	l := &LoadChange{Events: events(old, now)}
	a, b := l.counting("before", old), l.counting("now", now)
	l.Old, l.New = len(a), len(b)
	if l.Old > 0 && l.New > 0 {
		l.compare(a, b, tolerance)
		l.Trends = compareTrends(a, b, tolerance)
	}
	l.pooled = [2][]spread{pool(a), pool(b)}
	return l
}

// counting are the runs whose figures are the server's, from the beginning to the
// end.
func (l *LoadChange) counting(when string, runs []*Report) (out []*Load) {
	for _, r := range runs {
		why := ""
		switch {
		case r.Load.Client.Saturated:
			why = "the load generator was a bottleneck: " + r.Load.Client.Why
		case r.Load.Stopped != nil:
			why = r.Load.Stopped.String()
		case r.Run.Interrupted:
			why = "it was interrupted"
		case !r.Load.Complete():
			why = "it is not complete"
		}
		if why == "" {
			out = append(out, r.Load)
			continue
		}
		l.left = append(l.left, fmt.Sprintf("a run %s, %s, does not count: %s", when,
			r.Run.Started.UTC().Format("2006-01-02 15:04:05 MST"), why))
	}
	return out
}

// compare tests all figures together that every run has.
func (l *LoadChange) compare(a, b []*Load, tolerance float64) {
	var tested []shift.Figure
	var at []int
	for _, f := range comparedFigures {
		x, y := read(a, f), read(b, f)
		c := FigureChange{Name: f.name, Unit: f.unit, Outcome: f.presence(x, y), neutral: f.worse == 0}
		if c.Outcome == "" {
			at, tested = append(at, len(l.Figures)), append(tested, f.figure(x, y))
		} else if c.Outcome == absent {
			continue
		}
		l.Figures = append(l.Figures, c)
	}
	for i, d := range shift.Test(tested) {
		c := &l.Figures[at[i]]
		c.Difference = d
		f := comparedFigures[slices.IndexFunc(comparedFigures, func(f compared) bool { return f.name == c.Name })]
		c.Outcome = f.outcome(d, shift.Testable(l.Old, l.New), tolerance)
	}
	l.disbelieve()
}

// disbelieve: where more requests fail, those that are left may well be faster.
func (l *LoadChange) disbelieve() {
	failing := slices.ContainsFunc(l.Events, func(e EventChange) bool { return e.errors && e.Outcome == GotBroken }) ||
		slices.ContainsFunc(l.Figures, func(c FigureChange) bool { return c.Unit == "share" && c.Outcome == GotWorse })
	for i := range l.Figures {
		if c := &l.Figures[i]; failing && c.Unit == "ms" && c.Outcome == GotBetter {
			c.Outcome, c.Why = Differs, "fewer requests were answered, and only those have a time"
		}
	}
}

func read(runs []*Load, f compared) (out []reading) {
	for _, l := range runs {
		out = append(out, f.of(l))
	}
	return out
}

// absent is said of a figure that no run has.
const absent Outcome = "absent"

// presence is what there is to say of a figure that not every run has; empty when
// every one does.
func (f compared) presence(old, now []reading) Outcome {
	some := func(list []reading, is func(reading) bool) bool { return slices.ContainsFunc(list, is) }
	unmeasured := func(r reading) bool { return !r.measured() }
	none := func(list []reading) bool { return !some(list, func(r reading) bool { return r.of > 0 }) }
	switch {
	case !some(old, unmeasured) && !some(now, unmeasured):
		return ""
	case none(old) && none(now):
		return absent
	case none(now) && !some(old, unmeasured):
		return NoLonger
	case none(old) && !some(now, unmeasured):
		return NewlyMeasured
	}
	return TooFewMeasured
}

// figure is what is tested.
func (f compared) figure(old, now []reading) (out shift.Figure) {
	sum := 0.0
	for _, r := range old {
		out.Old, sum = append(out.Old, r.value), sum+r.value
		out.Resolution = max(out.Resolution, r.resolution)
	}
	for _, r := range now {
		out.New, sum = append(out.New, r.value), sum+r.value
		out.Resolution = max(out.Resolution, r.resolution)
	}
	if out.Resolution == 0 { // times have three digits
		out.Resolution = max(sum/float64(len(old)+len(now))/1000, 0.001)
	}
	return out
}

// outcome of a figure that was tested.
func (f compared) outcome(d shift.Difference, testable bool, tolerance float64) Outcome {
	by := d.New - d.Old
	switch {
	case !testable:
		return TooFewRuns
	case !d.Shown():
		return NotShown
	case f.worse == 0:
		return Differs
	case math.Abs(by) < tolerance*d.Old:
		return Tolerated
	case by*float64(f.worse) > 0:
		return GotWorse
	}
	return GotBetter
}

// pool puts the requests of some runs together.
func pool(runs []*Load) (out []spread) {
	for i, s := range pooledOf(&Load{}) {
		h := NewHistogram(Milliseconds)
		for _, l := range runs {
			if one, err := pooledOf(l)[i].d.Histogram(Milliseconds); err == nil {
				_ = h.Merge(one) // all are of one configuration, or could not be read
			}
		}
		out = append(out, spread{s.name, h.Distribution()})
	}
	return out
}

func pooledOf(l *Load) []spread {
	return []spread{{"device authorization", l.Latency.Start}, {"poll", l.Latency.Poll},
		{"time to token", l.Latency.TimeToToken}, {"time to token, server", l.TokenWait.Server}}
}

func (l *LoadChange) regressed() bool {
	return slices.ContainsFunc(l.Figures, func(c FigureChange) bool { return c.Outcome.Bad() }) ||
		slices.ContainsFunc(l.Events, func(e EventChange) bool { return e.Outcome.Bad() }) ||
		slices.ContainsFunc(l.Trends, func(c TrendChange) bool { return c.Outcome.Bad() })
}

func (l *LoadChange) undecided() bool {
	return len(l.Figures) == 0 ||
		slices.ContainsFunc(l.Figures, func(c FigureChange) bool { return c.Outcome == TooFewRuns })
}
