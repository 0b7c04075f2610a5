package reports

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/dfcheck/dfcheck/reports/chart"
)

// CapacityCharts draw what was measured over the size of the crowd.
func (p *page) CapacityCharts() []*chartFigure {
	c := p.Capacity
	if len(c.Points) == 0 {
		return nil
	}
	points := slices.SortedStableFunc(slices.Values(c.Points),
		func(a, b CapacityPoint) int { return cmp.Compare(a.Devices, b.Devices) })
	all := []*chartFigure{
		c.curveChart(points, "Response time of polls, p99", milliseconds, func(p CapacityPoint) float64 { return p.P99 }),
		c.curveChart(points, "Polls a second", "", func(p CapacityPoint) float64 { return p.PollsPerSecond }),
	}
	if slices.ContainsFunc(points, func(p CapacityPoint) bool { return p.ErrorRate > 0 }) {
		all = append(all, c.curveChart(points, "Errors", " %", func(p CapacityPoint) float64 { return 100 * p.ErrorRate }))
	}
	for _, o := range c.Objectives {
		if limit, ok := limitOf(o); ok {
			all[0].Marks = append(all[0].Marks, chart.Mark{Name: o, Value: limit, Missed: c.FirstLimit == o})
			all[0].scale(milliseconds)
		}
	}
	p.charts = append(p.charts, all...)
	return all
}

// limitOf is the limit of an objective that the curve of p99 can be held against, in
// milliseconds.
func limitOf(objective string) (float64, bool) {
	text, ok := strings.CutPrefix(objective, "poll.p99 <")
	limit, err := time.ParseDuration(strings.TrimSpace(strings.TrimPrefix(text, "=")))
	return float64(limit) / float64(time.Millisecond), ok && err == nil
}

// curveChart has the measurements that held apart from those that did not, and the
// answer with its confidence interval.
func (c *Capacity) curveChart(points []CapacityPoint, title, unit string, of func(CapacityPoint) float64) *chartFigure {
	f := &chartFigure{Chart: chart.Chart{Title: title}}
	held := chart.Line{Name: "held", Class: "s3", Dots: true}
	missed := chart.Line{Name: "missed", Class: "s4", Dots: true}
	for _, p := range points {
		f.At = append(f.At, float64(p.Devices))
		ok, not := of(p), math.NaN()
		if !p.OK {
			ok, not = not, ok
		}
		held.Values, missed.Values = append(held.Values, ok), append(missed.Values, not)
	}
	f.Lines = []chart.Line{held, missed}
	f.X = chart.NewLinear(max(f.At[len(f.At)-1], float64(c.High)), 5, "")
	f.Edges = append(f.Edges, chart.Edge{Name: "answer", At: float64(c.Devices)})
	if c.High > c.Devices && !c.Saturated && !c.Stopped {
		f.Low, f.High = float64(c.Low), float64(c.High)
		f.Note = "The shaded band is the confidence interval of the answer."
	}
	f.scale(unit)
	return f
}

// ForecastCharts draw what the crowd asks for at other intervals.
func (p *page) ForecastCharts() []*chartFigure {
	f := p.Plan
	if len(f.Others) == 0 {
		return nil
	}
	rates := append([]ForecastRates{f.Rates}, f.Others...)
	slices.SortStableFunc(rates, func(a, b ForecastRates) int { return cmp.Compare(a.IntervalSeconds, b.IntervalSeconds) })
	over := func(title, unit, name string, of func(ForecastRates) float64) *chartFigure {
		out := &chartFigure{Chart: chart.Chart{Title: title, Lines: []chart.Line{{Name: name, Class: "s1"}}}}
		for _, r := range rates {
			out.At = append(out.At, r.IntervalSeconds)
			out.Lines[0].Values = append(out.Lines[0].Values, of(r))
		}
		out.X = chart.NewTime(rates[len(rates)-1].IntervalSeconds, 6)
		out.Edges = []chart.Edge{{Name: "planned", At: f.IntervalSeconds}}
		out.scale(unit)
		return out
	}
	all := []*chartFigure{
		over("Polls a second by interval", "", "polls a second", func(r ForecastRates) float64 { return r.PollsPerSecond }),
		over("Wait for the token by interval", " s", "average wait",
			func(r ForecastRates) float64 { return r.TokenWaitSeconds }),
	}
	p.charts = append(p.charts, all...)
	return all
}
