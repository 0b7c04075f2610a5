package load

import (
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
)

// measure is a figure that thresholds can be about. It has one of four ways to be
// read: as a distribution or a single figure, of any part of the run or of the
// whole run alone. A figure that could not be measured is NaN.
type measure struct {
	unit     unit
	dist     func(b *reports.Breakdown) reports.Distribution
	one      func(b *reports.Breakdown) float64
	whole    func(l *reports.Load) reports.Distribution
	wholeOne func(l *reports.Load) float64
	theirs   bool // it is never missed because of this machine
}

// measures by their names in thresholds.
var measures = map[string]measure{
	"start":                 {unit: times, dist: func(b *reports.Breakdown) reports.Distribution { return b.Latency.Start }},
	"poll":                  {unit: times, dist: func(b *reports.Breakdown) reports.Distribution { return b.Latency.Poll }},
	"time_to_token":         {unit: times, dist: func(b *reports.Breakdown) reports.Distribution { return b.Latency.TimeToToken }},
	"time_to_token_waiting": {unit: times, dist: func(b *reports.Breakdown) reports.Distribution { return b.TokenWait.Waiting }},
	"time_to_token_server":  {unit: times, dist: func(b *reports.Breakdown) reports.Distribution { return b.TokenWait.Server }},
	"polls_per_flow":        {unit: counts, dist: func(b *reports.Breakdown) reports.Distribution { return b.PollsPerFlow }},
	"lag":                   {unit: times, whole: func(l *reports.Load) reports.Distribution { return l.Lag }},
	"start_service":         {unit: times, whole: func(l *reports.Load) reports.Distribution { return l.Service.Start }},
	"poll_service":          {unit: times, whole: func(l *reports.Load) reports.Distribution { return l.Service.Poll }},
	"worst_second":          {unit: times, whole: worstSecond},

	"error_rate":       {unit: share, one: func(b *reports.Breakdown) float64 { return ofRequests(b, b.Outcomes.Errors()) }},
	"poll_waste":       {unit: share, one: func(b *reports.Breakdown) float64 { return ofPolls(b, b.Outcomes.Wasted()) }},
	"approved":         {unit: share, one: func(b *reports.Breakdown) float64 { return ofFlows(b, b.Devices.Approved) }},
	"denied":           {unit: share, one: func(b *reports.Breakdown) float64 { return ofFlows(b, b.Devices.Denied) }},
	"expired":          {unit: share, one: func(b *reports.Breakdown) float64 { return ofFlows(b, b.Devices.Expired) }},
	"failed":           {unit: share, one: func(b *reports.Breakdown) float64 { return ofFlows(b, b.Devices.Failed) }},
	"abandoned":        {unit: share, one: func(b *reports.Breakdown) float64 { return ofFlows(b, b.Devices.Abandoned) }},
	"slow_down":        {unit: share, one: func(b *reports.Breakdown) float64 { return ofPolls(b, b.Outcomes.SlowDown) }},
	"http_5xx":         {unit: share, one: func(b *reports.Breakdown) float64 { return ofRequests(b, b.Outcomes.HTTP5xx) }},
	"timeout":          {unit: share, one: func(b *reports.Breakdown) float64 { return ofRequests(b, b.Outcomes.Timeout) }},
	"connection":       {unit: share, one: func(b *reports.Breakdown) float64 { return ofRequests(b, b.Outcomes.Connection) }},
	"per_second":       {unit: number, one: func(b *reports.Breakdown) float64 { return b.Requests.PerSecond }},
	"polls_per_second": {unit: number, one: func(b *reports.Breakdown) float64 { return b.Requests.PollsPerSecond }},
	"violations":       {unit: number, theirs: true, wholeOne: func(l *reports.Load) float64 { return float64(l.Violated()) }},
}

func ofPolls(b *reports.Breakdown, n uint64) float64 { return float64(n) / float64(b.Requests.Polls) }

func ofRequests(b *reports.Breakdown, n uint64) float64 {
	return float64(n) / float64(b.Requests.Total())
}

func ofFlows(b *reports.Breakdown, n uint64) float64 { return float64(n) / float64(b.Devices.Over()) }

func measureNames() []string { return slices.Sorted(maps.Keys(measures)) }

func (m *measure) spread() bool  { return m.unit == times || m.unit == counts }
func (m *measure) ofParts() bool { return m.dist != nil || m.one != nil }

// quantiles are the figures of a distribution.
var quantiles = []string{"min", "mean", "p50", "p90", "p95", "p99", "p999", "max"}

func quantile(d reports.Distribution, name string) float64 {
	return map[string]float64{"min": d.Min, "mean": d.Mean, "p50": d.P50, "p90": d.P90, "p95": d.P95, "p99": d.P99, "p999": d.P999, "max": d.Max}[name]
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

// asPart is the run's section as the breakdown into one part.
func asPart(l *reports.Load) *reports.Breakdown {
	return &reports.Breakdown{Devices: l.Devices, Requests: l.Requests, Outcomes: l.Outcomes, ErrorRate: l.ErrorRate, Latency: l.Latency,
		TokenWait: l.TokenWait, PollsPerFlow: l.PollsPerFlow, PollWaste: l.PollWaste, FlowShares: l.FlowShares}
}
