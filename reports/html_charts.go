package reports

import (
	"cmp"
	"html/template"
	"maps"
	"math"
	"slices"

	"github.com/dfcheck/dfcheck/reports/chart"
)

// chartFigure is a chart with what is written around it. Its drawing stands by itself;
// a script puts one in its place that can be looked at closely.
type chartFigure struct {
	chart.Chart
	Note string
}

// Draw is the chart as it stands without scripts.
func (f *chartFigure) Draw() template.HTML { return f.SVG() }

// Charts of the load section, in their order.
func (p *page) Charts() []*chartFigure {
	l := p.Load
	all := []*chartFigure{l.rateChart(), l.latencyChart(), l.lagChart(), l.outcomeChart(), l.errorChart(), l.activeChart(),
		l.Trend.chart(), l.percentileChart(), l.tokenChart()}
	all = append(slices.DeleteFunc(all, func(f *chartFigure) bool { return f == nil }), l.serverCharts()...)
	p.charts = append(p.charts, all...)
	return all
}

// overTime is a chart over the seconds of a run, nil where there are too few.
func (l *Load) overTime(title string, unit string, lines ...chart.Line) *chartFigure {
	if len(l.Timeline) < 2 {
		return nil
	}
	f := &chartFigure{Chart: chart.Chart{Title: title, Lines: lines, X: chart.NewTime(float64(len(l.Timeline)), 6)}}
	for _, s := range l.Timeline {
		f.At = append(f.At, float64(s.Second))
	}
	for _, s := range l.Stages {
		if s.FromSecond > 0 {
			f.Edges = append(f.Edges, chart.Edge{Name: legible(short(s.Name, 24)), At: s.FromSecond})
		}
	}
	f.scale(unit)
	f.Thin()
	return f
}

// scale gives the chart an axis that its lines and marks fit on: logarithmic where
// the small would not be seen beside the large.
func (f *chartFigure) scale(unit string) {
	low, top := math.Inf(1), 0.0
	see := func(v float64) {
		if v > 0 && !math.IsNaN(v) {
			low, top = min(low, v), max(top, v)
		}
	}
	for _, l := range f.Lines {
		for _, v := range l.Values {
			see(v)
		}
	}
	for _, m := range f.Marks {
		see(m.Value)
	}
	const wide = 50
	if unit == milliseconds && low > 0 && top/low > wide {
		f.Y = chart.NewLog(low, top, unit)
		return
	}
	f.Y = chart.NewLinear(top, 4, unit)
}

const milliseconds = " ms"

// line of the time line.
func (l *Load) line(name, class string, of func(Second) float64) chart.Line {
	out := chart.Line{Name: name, Class: class}
	for _, s := range l.Timeline {
		out.Values = append(out.Values, of(s))
	}
	return out
}

// answered is a figure of the answers of a second; there is none where none came.
func answered(of func(Second) float64) func(Second) float64 {
	return func(s Second) float64 {
		if s.Starts+s.Polls <= s.Errors {
			return math.NaN()
		}
		return of(s)
	}
}

func (l *Load) rateChart() *chartFigure {
	f := l.overTime("Requests a second", "",
		l.line("requests", "s1", func(s Second) float64 { return float64(s.Starts + s.Polls) }),
		l.line("device authorizations", "s2", func(s Second) float64 { return float64(s.Starts) }),
		l.line("tokens", "s3", func(s Second) float64 { return float64(s.Tokens) }),
		l.line("errors", "s4", func(s Second) float64 { return float64(s.Errors) }))
	if f == nil {
		return nil
	}
	if l.Client.Saturated {
		f.Note = "The load generator was a bottleneck."
	}
	if e := l.Expected; e != nil {
		name := "forecast: " + figure(e.PollsPerSecond) + " polls"
		f.Marks = append(f.Marks, chart.Mark{Name: name, Value: e.PollsPerSecond})
		f.scale("")
	}
	return f
}

// latencyChart has the thresholds drawn in that a second can be held against: those
// of a quantile that it has.
func (l *Load) latencyChart() *chartFigure {
	f := l.overTime("Response time", milliseconds,
		l.line("p50", "s3", answered(func(s Second) float64 { return s.P50 })),
		l.line("p99", "s1", answered(func(s Second) float64 { return s.P99 })),
		l.line("longest", "s6", answered(func(s Second) float64 { return s.Max })))
	if f == nil {
		return nil
	}
	for _, t := range l.Thresholds {
		if slices.Contains(drawnMeasures, t.Measure) && t.Limit > 0 {
			f.Marks = append(f.Marks, chart.Mark{Name: t.Expression, Value: t.Limit, Missed: t.Verdict == Fail})
		}
	}
	f.scale(milliseconds)
	return f
}

// drawnMeasures are the figures of response times in the time line.
var drawnMeasures = []string{"poll.p50", "poll.p99", "poll.max", "start.p50", "start.p99", "start.max",
	"worst_second.p50", "worst_second.p99", "worst_second.max"}

func (l *Load) lagChart() *chartFigure {
	f := l.overTime("Lag of this machine beside response time, p99", milliseconds,
		l.line("response time", "s1", answered(func(s Second) float64 { return s.P99 })),
		l.line("lag", "s2", answered(func(s Second) float64 { return s.LagP99 })))
	if f != nil {
		f.Note = "Where the lag is as long as the response time, it is this machine that was slow."
	}
	return f
}

// outcomeChart is how polls were answered. Reports from before the time line had
// outcomes have no such chart.
func (l *Load) outcomeChart() *chartFigure {
	told := func(s Second) bool { return s.Pending+s.SlowDowns+s.Denied+s.Expired > 0 }
	if !slices.ContainsFunc(l.Timeline, told) {
		return nil
	}
	share := func(of func(Second) uint64) func(Second) float64 {
		return func(s Second) float64 {
			all := s.Pending + s.SlowDowns + s.Denied + s.Expired + s.Tokens + s.Errors
			return 100 * float64(of(s)) / float64(all) // NaN, which is none, in an idle second
		}
	}
	f := l.overTime("Answers", " %",
		l.line("token", "s3", share(func(s Second) uint64 { return s.Tokens })),
		l.line("authorization_pending", "s6", share(func(s Second) uint64 { return s.Pending })),
		l.line("slow_down", "s2", share(func(s Second) uint64 { return s.SlowDowns })),
		l.line("access_denied, expired_token", "s5", share(func(s Second) uint64 { return s.Denied + s.Expired })),
		l.line("errors", "s4", share(func(s Second) uint64 { return s.Errors })))
	if f != nil {
		f.Stacked, f.Y = true, chart.NewLinear(100, 4, " %")
		f.Note = "Shares of the answers to polls, and of the errors, in each second."
	}
	return f
}

// maxErrorLines is how many kinds of errors have a line; the rest have one together.
const maxErrorLines = 3

// errorChart has the most frequent kinds of errors, and what never was answered or
// sent.
func (l *Load) errorChart() *chartFigure {
	total := map[string]uint64{}
	var timeouts, unsent uint64
	for _, s := range l.Timeline {
		timeouts, unsent = timeouts+s.Timeouts, unsent+s.NotSent
		for kind, n := range s.ErrorsByKind {
			total[kind] += n
		}
	}
	kinds := slices.SortedFunc(maps.Keys(total), func(a, b string) int {
		return cmp.Or(cmp.Compare(total[b], total[a]), cmp.Compare(a, b))
	})
	shown := kinds[:min(len(kinds), maxErrorLines)]
	var lines []chart.Line
	for i, kind := range shown {
		class := []string{"s4", "s2", "s5"}[i]
		lines = append(lines, l.line(legible(short(kind, 40)), class,
			func(s Second) float64 { return float64(s.ErrorsByKind[kind]) }))
	}
	if len(kinds) > len(shown) {
		lines = append(lines, l.line("other kinds", "s6", func(s Second) float64 {
			n := s.Errors
			for _, kind := range shown {
				n -= min(s.ErrorsByKind[kind], n)
			}
			return float64(n)
		}))
	}
	if timeouts > 0 {
		lines = append(lines, l.line("no answer in time", "s1", func(s Second) float64 { return float64(s.Timeouts) }))
	}
	if unsent > 0 {
		lines = append(lines, l.line("not sent by this machine", "s3", func(s Second) float64 { return float64(s.NotSent) }))
	}
	if lines == nil {
		return nil
	}
	return l.overTime("Errors a second, by kind", "", lines...)
}

func (l *Load) activeChart() *chartFigure {
	return l.overTime("Flows in progress", "", l.line("flows", "s5", func(s Second) float64 { return float64(s.Active) }))
}

func (l *Load) percentileChart() *chartFigure {
	f := percentiles("Response times by percentile", named{"device authorization", "s2", l.Latency.Start},
		named{"poll", "s1", l.Latency.Poll}, named{"poll, without lag", "s3", l.Service.Poll}, named{"lag", "s6", l.Lag})
	if f != nil {
		f.Note = "The scale widens towards the slowest: each step to the right is ten times rarer."
	}
	return f
}

func (l *Load) tokenChart() *chartFigure {
	f := percentiles("Time to token by percentile", named{"from the approval to the token", "s1", l.Latency.TimeToToken},
		named{"waiting for the next poll", "s6", l.TokenWait.Waiting}, named{"server", "s2", l.TokenWait.Server})
	if f != nil {
		f.Note = "Most of it is the wait for the next poll, which the interval sets; the rest is the server."
	}
	return f
}

// named is a distribution with its name and its colour.
type named struct {
	name, class string
	d           Distribution
}

// percentiles draws distributions from their histograms, nil where none has one.
func percentiles(title string, all ...named) *chartFigure {
	f := &chartFigure{Chart: chart.Chart{Title: title}}
	most := uint64(0)
	for _, n := range all {
		most = max(most, n.d.Count)
	}
	f.X = chart.NewQuantile(most)
	const points = 120
	for i := range points + 1 {
		f.At = append(f.At, 1-math.Pow(1-f.X.Top, float64(i)/points))
	}
	for _, n := range all {
		h, err := n.d.Histogram(Milliseconds)
		if err != nil || n.d.Count == 0 {
			continue
		}
		line := chart.Line{Name: n.name, Class: n.class}
		for _, q := range f.At {
			line.Values = append(line.Values, max(h.Quantile(q), 0.001))
		}
		f.Lines = append(f.Lines, line)
	}
	if f.Lines == nil {
		return nil
	}
	f.scale(milliseconds)
	return f
}

// ChartData is what a script draws the page's charts from, in their order.
func (p *page) ChartData() (out []chart.Data) {
	for _, f := range p.charts {
		out = append(out, f.Data())
	}
	return out
}
