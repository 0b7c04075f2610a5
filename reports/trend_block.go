package reports

import (
	"fmt"
	"math"

	"github.com/dfcheck/dfcheck/reports/chart"
)

// trendTitle is what readers find a trend under.
const trendTitle = "codes that devices left behind"

// String is the verdict with its reason.
func (t *Trend) String() string { return t.Verdict + after(": ", t.Why) }

// block is a trend in words, with a line for each figure.
func (t *Trend) block() (b block) {
	if t == nil {
		return b
	}
	b.title = trendTitle
	b.label("verdict", "%s", t)
	b.add("%s left behind, at most %s of them dead at one time, %s when the run ended; a code is dead from when its "+
		"device gave up until it expires", plural(t.LeftBehind, "code"), grouped(t.MostDead), grouped(t.DeadAtEnd))
	b.add("stretches of %s, from second %s on; times from when a request was sent", duration(1000*t.WindowSeconds),
		figure(t.FromSecond))
	b.table = [][]string{{"figure", "at the fewest", "at the most", "once expired", "per 100,000 dead codes", "99 %",
		"stretches", "verdict"}}
	for _, f := range t.Figures {
		b.table = append(b.table, f.row())
	}
	return b
}

// row is the figure's line of the table.
func (f *TrendFigure) row() []string {
	once, slope, bounds := "", "", ""
	if f.After > 0 {
		once = f.in(f.After)
	}
	if f.Verdict != TooFew {
		slope, bounds = f.sign()+f.in(math.Abs(f.Slope)), f.in(f.Low)+" to "+f.in(f.High)
	}
	return []string{f.Name, f.in(f.First), f.in(f.Most), once, slope, bounds, grouped(f.Windows),
		f.Verdict + after(", ", f.recovered())}
}

func (f *TrendFigure) sign() string {
	if f.Slope < 0 {
		return "−"
	}
	return "+"
}

// in is a value with the figure's unit.
func (f *TrendFigure) in(v float64) string { return withUnit(v, f.Unit) }

// recovered says what is known of the recovery.
func (f *TrendFigure) recovered() string {
	switch f.Recovery {
	case "":
		return ""
	case RecoveryUnder:
		return "whether it recovers was not seen: the run ended before, or soon after, the codes had expired"
	}
	return f.Recovery + " once the codes have expired"
}

// chart is the response times over the run, beside the number of dead codes. Nil where
// there are too few stretches.
func (t *Trend) chart() *chartFigure {
	if t == nil || len(t.Windows) < 2 {
		return nil
	}
	f := &chartFigure{Chart: chart.Chart{Title: "Response time over dead codes, p99",
		X: chart.NewTime(float64(len(t.Windows))*t.WindowSeconds, 6)}}
	var dead, start, poll chart.Line
	dead.Name, dead.Class = "thousands of dead codes", "s6"
	start.Name, start.Class, poll.Name, poll.Class = "device authorization", "s2", "poll", "s1"
	for _, w := range t.Windows {
		f.At = append(f.At, w.Second+t.WindowSeconds/2)
		dead.Values = append(dead.Values, w.Dead/1000)
		start.Values, poll.Values = append(start.Values, p99Of(w.Start)), append(poll.Values, p99Of(w.Poll))
	}
	f.Lines = []chart.Line{poll, start, dead}
	f.Note = fmt.Sprintf("Milliseconds from when a request was sent, and thousands of codes that nobody polls any more. "+
		"Of the response times: %s.", t.Verdict)
	f.scale("")
	return f
}

// p99Of is the p99 of a stretch, none where nothing was answered.
func p99Of(d Distribution) float64 {
	if d.Count == 0 {
		return math.NaN()
	}
	return d.P99
}
