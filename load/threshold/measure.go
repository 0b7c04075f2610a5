package threshold

import (
	"cmp"
	"maps"
	"slices"

	"github.com/dfcheck/dfcheck/reports"
)

// unit of a figure: what a threshold's limit is written in.
type unit uint8

const (
	times  unit = iota // milliseconds, of a distribution
	counts             // of a distribution
	share              // 0..1
	number
	rise // milliseconds for 100,000 dead codes
)

// String is the unit's name in reports.
func (u unit) String() string {
	return [...]string{times: "ms", counts: "", share: "share", number: "", rise: "ms"}[u]
}

// measure is a figure that thresholds can be about. It has one of five ways to be
// read: as a distribution or a single figure, of any part of the run or of the
// whole run alone, or as a slope of its trend. A figure that could not be measured
// is NaN.
type measure struct {
	about      string // what it is, for people
	unit       unit
	dist       func(b *reports.Breakdown) reports.Distribution
	one        func(b *reports.Breakdown) float64
	whole      func(l *reports.Load) reports.Distribution
	wholeOne   func(l *reports.Load) float64
	growth     func(l *reports.Load) *reports.TrendFigure
	regardless bool // it stands for the run however many requests failed
	timed      bool // of answers: one that never came would be beyond every other
	// theirs is the part of the figure that this machine cannot be the reason for;
	// nil where it can be for all of it.
	theirs func(l *reports.Load, b *reports.Breakdown) float64
	// requests are those that it is measured on; all of them when it is nil.
	requests func(r *reports.Requests) requests
}

// requests are those that a figure is measured on, and what failed of them.
type requests struct{ sent, failed, timedOut uint64 }

func onStarts(r *reports.Requests) requests {
	return requests{r.Starts, r.FailedStarts, r.TimedOutStarts}
}

func onPolls(r *reports.Requests) requests {
	return requests{r.Polls, r.FailedPolls, r.TimedOutPolls}
}

func onAll(r *reports.Requests) requests {
	return requests{r.Total(), r.FailedStarts + r.FailedPolls, r.TimedOutStarts + r.TimedOutPolls}
}

// measures by their names in thresholds.
var measures = map[string]measure{
	"start": {unit: times, timed: true, requests: onStarts,
		about: "response time of a device authorization request, from when it was due",
		dist:  func(b *reports.Breakdown) reports.Distribution { return b.Latency.Start }},
	"poll": {unit: times, timed: true, requests: onPolls, about: "response time of a poll, from when it was due",
		dist: func(b *reports.Breakdown) reports.Distribution { return b.Latency.Poll }},
	"time_to_token": {unit: times, requests: onPolls, about: "from the approval to the device holding its token",
		dist: func(b *reports.Breakdown) reports.Distribution { return b.Latency.TimeToToken }},
	"time_to_token_waiting": {unit: times, requests: onPolls,
		about: "first part of the time to token: until the next poll is sent",
		dist:  func(b *reports.Breakdown) reports.Distribution { return b.TokenWait.Waiting }},
	"time_to_token_server": {unit: times, requests: onPolls,
		about: "second part of the time to token: that poll and any after it",
		dist:  func(b *reports.Breakdown) reports.Distribution { return b.TokenWait.Server }},
	"polls_per_flow": {unit: counts, requests: onPolls, about: "polls of a flow that ended",
		dist: func(b *reports.Breakdown) reports.Distribution { return b.PollsPerFlow }},
	"lag": {unit: times, regardless: true, about: "how late this machine sent requests",
		whole: func(l *reports.Load) reports.Distribution { return l.Lag }},
	"start_service": {unit: times, timed: true, requests: onStarts,
		about: "response time of a device authorization request, from when it was sent",
		whole: func(l *reports.Load) reports.Distribution { return l.Service.Start }},
	"poll_service": {unit: times, timed: true, requests: onPolls,
		about: "response time of a poll, from when it was sent",
		whole: func(l *reports.Load) reports.Distribution { return l.Service.Poll }},
	"worst_second": {unit: times, timed: true, about: "response time in the second of the run in which it was highest",
		whole: worstSecond},

	"error_rate": {unit: share, regardless: true, about: "requests with an error of any kind",
		one: func(b *reports.Breakdown) float64 { return ofRequests(b, b.Outcomes.Errors()) },
		theirs: func(_ *reports.Load, b *reports.Breakdown) float64 {
			return ofRequests(b, b.Outcomes.Errors()-b.Outcomes.Timeout)
		}},
	"http_5xx": {unit: share, regardless: true, about: "requests answered with a status of 500 or above",
		one:    func(b *reports.Breakdown) float64 { return ofRequests(b, b.Outcomes.HTTP5xx) },
		theirs: func(_ *reports.Load, b *reports.Breakdown) float64 { return ofRequests(b, b.Outcomes.HTTP5xx) }},
	"timeout": {unit: share, regardless: true, about: "requests without an answer in time",
		one: func(b *reports.Breakdown) float64 { return ofRequests(b, b.Outcomes.Timeout) }},
	"connection": {unit: share, regardless: true, about: "requests whose connection was refused or broken",
		one:    func(b *reports.Breakdown) float64 { return ofRequests(b, b.Outcomes.Connection) },
		theirs: func(_ *reports.Load, b *reports.Breakdown) float64 { return ofRequests(b, b.Outcomes.Connection) }},
	"poll_waste": {unit: share, requests: onPolls, about: "polls that were told to wait",
		one: func(b *reports.Breakdown) float64 { return ofPolls(b, b.Outcomes.Wasted()) }},
	"slow_down": {unit: share, requests: onPolls, about: "polls that were told to slow down",
		one: func(b *reports.Breakdown) float64 { return ofPolls(b, b.Outcomes.SlowDown) }},
	"approved": {unit: share, about: "flows that ended with a token",
		one: func(b *reports.Breakdown) float64 { return ofFlows(b, b.Devices.Approved) }},
	"denied": {unit: share, about: "flows that ended with a denial",
		one: func(b *reports.Breakdown) float64 { return ofFlows(b, b.Devices.Denied) }},
	"expired": {unit: share, about: "flows whose codes expired",
		one: func(b *reports.Breakdown) float64 { return ofFlows(b, b.Devices.Expired) }},
	"failed": {unit: share, regardless: true, about: "flows that ended with an error",
		one: func(b *reports.Breakdown) float64 { return ofFlows(b, b.Devices.Failed) }},
	"abandoned": {unit: share, about: "flows that their devices abandoned",
		one: func(b *reports.Breakdown) float64 { return ofFlows(b, b.Devices.Abandoned) }},
	"per_second": {unit: number, about: "requests per second, over the run",
		one: func(b *reports.Breakdown) float64 { return b.Requests.PerSecond }},
	"polls_per_second": {unit: number, requests: onPolls, about: "polls per second, over the run",
		one: func(b *reports.Breakdown) float64 { return b.Requests.PollsPerSecond }},
	"start_growth": {unit: rise, growth: growth(reports.StartP99),
		about: "rise of start_service.p99 for 100,000 codes that devices left behind"},
	"poll_growth": {unit: rise, growth: growth(reports.PollP99),
		about: "rise of poll_service.p99 for 100,000 codes that devices left behind"},
	"carried": {unit: share, regardless: true,
		about:    "requests answered without an error, of those that a healthy server would have got",
		wholeOne: func(l *reports.Load) float64 { return l.Offered.Share }},
	"violations": {unit: number, regardless: true, about: "answers that break the protocol",
		wholeOne: func(l *reports.Load) float64 { return float64(l.Violated()) },
		theirs:   func(l *reports.Load, _ *reports.Breakdown) float64 { return float64(l.Violated()) }},
}

func ofPolls(b *reports.Breakdown, n uint64) float64 { return float64(n) / float64(b.Requests.Polls) }

func ofRequests(b *reports.Breakdown, n uint64) float64 {
	return float64(n) / float64(b.Requests.Total())
}

func ofFlows(b *reports.Breakdown, n uint64) float64 { return float64(n) / float64(b.Devices.Over()) }

func measureNames() []string { return slices.Sorted(maps.Keys(measures)) }

// OfParts reports whether groups and stages have the figure too.
func (t *Threshold) OfParts() bool { return t.measure.ofParts() }

func (m *measure) spread() bool  { return m.unit == times || m.unit == counts }
func (m *measure) ofParts() bool { return m.dist != nil || m.one != nil }

// quantiles are the figures of a distribution.
var quantiles = []string{"min", "mean", "p50", "p90", "p95", "p99", "p999", "max"}

// Quantiles lists the figures of a distribution that thresholds can be about.
func Quantiles() []string { return slices.Clone(quantiles) }

func quantile(d reports.Distribution, name string) float64 {
	return map[string]float64{"min": d.Min, "mean": d.Mean, "p50": d.P50, "p90": d.P90, "p95": d.P95, "p99": d.P99,
		"p999": d.P999, "max": d.Max}[name]
}

// worstSecond has, for every quantile that the time line has, that of the second
// in which it was highest.
func worstSecond(l *reports.Load) reports.Distribution {
	var d reports.Distribution
	for _, s := range l.Timeline {
		d.Count += s.Starts + s.Polls
		d.P50, d.P99, d.Max = max(d.P50, s.P50), max(d.P99, s.P99), max(d.Max, s.Max)
	}
	return d
}

// Measure describes a figure that thresholds can be about, for people.
type Measure struct {
	Name   string
	Unit   string // time, share or number
	About  string
	Spread bool // it needs a quantile
	Parts  bool // groups and stages have it too
}

// Measures lists the figures that thresholds can be about, by how they are read.
func Measures() (out []Measure) {
	units := [...]string{times: "time", counts: "number", share: "share", number: "number",
		rise: "time"}
	for _, name := range measureNames() {
		m := measures[name]
		out = append(out, Measure{Name: name, Unit: units[m.unit], Spread: m.spread(), About: m.about,
			Parts: m.ofParts()})
	}
	slices.SortStableFunc(out,
		func(a, b Measure) int { return cmp.Compare(measures[a.Name].unit, measures[b.Name].unit) })
	return out
}
