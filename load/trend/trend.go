package trend

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/dfcheck/dfcheck/reports"
)

const (
	// fewestDead codes at one time have to be there before a slope means anything: a
	// scan of fewer takes a server microseconds.
	fewestDead = 10_000
	// fewestWindows, in each of them fewestAnswers.
	fewestWindows = 8
	fewestAnswers = 20
	// A response time that grows by less than leastRise milliseconds, or any figure by
	// less than leastShare of what it was, does not grow to speak of.
	leastRise  = 1.0
	leastShare = 0.1
	// aFew windows at least, and a quarter of them, stand for what a figure was at the
	// fewest dead codes, at the most, and once they had expired.
	aFew = 3
	// gone is the share of the most dead codes that may be left when they are gone.
	gone = 0.05
	// A figure recovers when less than a quarter of its rise is left, and does not when
	// more than three quarters are.
	recovered, unrecovered = 0.25, 0.75
	per                    = 100_000 // dead codes
)

// Of finds the trend of a run in its windows, which are all of one length in seconds.
// All devices poll from a second on. The time line has what the server's own metrics
// said.
func Of(windows []reports.TrendWindow, length, from float64, timeline []reports.Second) *reports.Trend {
	t := &reports.Trend{Windows: meter(count(windows), length, timeline), WindowSeconds: length, FromSecond: from}
	for _, w := range t.Windows {
		t.LeftBehind += w.LeftBehind
		t.MostDead = max(t.MostDead, uint64(w.Dead))
		t.DeadAtEnd += w.LeftBehind - w.Expired // together, not each, above 0
	}
	r := &run{windows: slices.DeleteFunc(slices.Clone(t.Windows),
		func(w reports.TrendWindow) bool { return w.Second < from })}
	r.split(float64(t.MostDead))
	type window = reports.TrendWindow
	t.Figures = []reports.TrendFigure{ // a machine that others use as well hardly moves the median
		r.figure("start p50", milliseconds, func(w window) float64 { return enough(w.Start, w.Start.P50) }),
		r.figure(reports.StartP99, milliseconds, func(w window) float64 { return enough(w.Start, w.Start.P99) }),
		r.figure("poll p50", milliseconds, func(w window) float64 { return enough(w.Poll, w.Poll.P50) }),
		r.figure(reports.PollP99, milliseconds, func(w window) float64 { return enough(w.Poll, w.Poll.P99) }),
	}
	t.Verdict, t.Why = worst(t.Figures), ""
	for _, name := range metered(t.Windows) {
		t.Figures = append(t.Figures, r.ofServer(name))
	}
	if t.Verdict == reports.TooFew {
		t.Why = r.why
	}
	return t
}

// count follows how many codes are dead from window to window.
func count(windows []reports.TrendWindow) []reports.TrendWindow {
	out, dead := slices.Clone(windows), 0.0
	for i := range out {
		w := &out[i]
		change := float64(w.LeftBehind) - float64(w.Expired)
		w.Dead = math.Round(dead + change/2)
		dead += change
	}
	return out
}

// enough is a figure of a window, NaN where too little was answered.
func enough(d reports.Distribution, v float64) float64 {
	if d.Count < fewestAnswers {
		return math.NaN()
	}
	return v
}

// run is the windows in which all devices polled.
type run struct {
	windows []reports.TrendWindow
	grows   int     // of these windows leave codes behind, the first ones
	dead    float64 // at most at one time
	why     string  // there is nothing to tell
}

// split finds the windows in which codes are left behind, and says what is missing.
func (r *run) split(mostDead float64) {
	most := uint64(0)
	for _, w := range r.windows {
		most = max(most, w.LeftBehind)
	}
	for i, w := range r.windows {
		if w.LeftBehind > 0 && float64(w.LeftBehind) >= gone*float64(most) {
			r.grows = i + 1
		}
	}
	r.dead = mostDead
	x := r.deadIn(r.windows[:r.grows])
	switch {
	case mostDead < fewestDead:
		r.why = fmt.Sprintf("at most %.0f were dead at one time, and it takes %d", mostDead, fewestDead)
	case r.grows < fewestWindows:
		r.why = fmt.Sprintf("they were left behind in %d stretches of the time in which all devices polled, "+
			"and it takes %d", r.grows, fewestWindows)
	case slices.Max(x)-slices.Min(x) < fewestDead/2:
		r.why = fmt.Sprintf("their number changed by %.0f while all devices polled, and it takes %d",
			slices.Max(x)-slices.Min(x), fewestDead/2)
	}
}

func (r *run) deadIn(windows []reports.TrendWindow) (x []float64) {
	for _, w := range windows {
		x = append(x, w.Dead)
	}
	return x
}

// figure finds the slope of a figure while codes are left behind, and what is left of
// its rise when they have expired.
func (r *run) figure(name, unit string, of func(reports.TrendWindow) float64) reports.TrendFigure {
	f := reports.TrendFigure{Name: name, Unit: unit, Verdict: reports.TooFew}
	known := func(w reports.TrendWindow) bool { return !math.IsNaN(of(w)) }
	growing, rest := only(r.windows[:r.grows], known), only(r.windows[r.grows:], known)
	values := func(windows []reports.TrendWindow) (y []float64) {
		for _, w := range windows {
			y = append(y, of(w))
		}
		return y
	}
	by := slices.Clone(growing)
	slices.SortStableFunc(by, func(a, b reports.TrendWindow) int { return cmp.Compare(a.Dead, b.Dead) })
	some := min(max(aFew, len(by)/4), len(by))
	f.First, f.Most = middle(values(by[:some])), middle(values(by[len(by)-some:]))
	after := values(only(rest, func(w reports.TrendWindow) bool { return w.Dead <= gone*r.dead }))
	if len(after) >= aFew {
		f.After = middle(after)
	}
	x, y := r.deadIn(growing), values(growing)
	s, ok := slopeOf(x, y)
	if r.why != "" || !ok {
		return f
	}
	f.Windows = uint64(len(growing))
	f.Slope, f.Low, f.High = round(s.mid*per), round(s.low*per), round(s.high*per)
	if rise := s.low * r.dead; rise <= leastShare*f.First || f.Unit == milliseconds && rise < leastRise {
		f.Verdict = reports.NoGrowth
		return f
	}
	f.Verdict, f.Recovery = reports.Grows, reports.RecoveryUnder
	if len(after) >= aFew {
		f.Recovery = recovery((f.After - s.start(x, y)) / (s.mid * r.dead))
	}
	return f
}

// recovery is what became of a rise of which a share is left.
func recovery(left float64) string {
	switch {
	case left <= recovered:
		return reports.Recovers
	case left >= unrecovered:
		return reports.RecoversNot
	}
	return reports.RecoversPart
}

// only the windows of which something is true.
func only(windows []reports.TrendWindow, is func(reports.TrendWindow) bool) []reports.TrendWindow {
	return slices.DeleteFunc(slices.Clone(windows), func(w reports.TrendWindow) bool { return !is(w) })
}

// middle is a median as reports have it: 0 for none.
func middle(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	return round(median(values))
}

// round to a thousandth, so that figures do not show the floating point.
func round(v float64) float64 { return math.Round(v*1000) / 1000 }

// worst is the verdict on a server of the verdicts on its response times.
func worst(figures []reports.TrendFigure) string {
	for _, v := range []string{reports.Grows, reports.NoGrowth} {
		if slices.ContainsFunc(figures, func(f reports.TrendFigure) bool { return f.Verdict == v }) {
			return v
		}
	}
	return reports.TooFew
}
