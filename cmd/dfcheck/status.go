package main

import (
	"fmt"
	"time"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/reports"
)

// firstAnswers is what a run waits for before it has a plan.
func firstAnswers() status {
	const text = "waiting for the first answers of the server"
	return status{rows: []row{{"now", []item{plain(text)}}}, line: text}
}

// conformanceStatus is how far a conformance run is: what it waits for, and how much
// of its critical path is left.
func conformanceStatus(g conformance.Progress) status {
	left := timeLeft(g)
	when := fmt.Sprintf("%s of about %s, %s left", reports.Clock(g.Elapsed), reports.Clock(g.Elapsed+left),
		reports.Clock(left))
	if left == 0 {
		when = fmt.Sprintf("%s, longer than the critical path of %s", reports.Clock(g.Elapsed), reports.Clock(g.Critical))
	}
	waiting := waitsFor(g)
	judged := fmt.Sprintf("%d of %d checks judged", g.Judged, g.Checks)
	requests := reports.Plural(uint64(g.Requests), "request")
	return status{
		rows: []row{
			{"progress", []item{plain("%s", bar(g.Elapsed.Seconds()/max(g.Elapsed+left, 1).Seconds())), plain("%s", when)}},
			{"now", []item{plain("%s", waiting), plain("%s", g.Phase)}},
			{"so far", []item{plain("%s", judged), plain("%s", requests)}},
		},
		line: fmt.Sprintf("%s: %s, %s, %s; %s", g.Phase, requests, judged, when, waiting),
	}
}

// conformanceGrowing is the same for the page of the run.
func conformanceGrowing(g conformance.Progress) reports.Growing {
	out := reports.Growing{Elapsed: g.Elapsed, Checks: g.Checks,
		Now: fmt.Sprintf("%s; %d of %d checks judged, %s", waitsFor(g), g.Judged, g.Checks,
			reports.Plural(uint64(g.Requests), "request"))}
	if left := timeLeft(g); left > 0 {
		out.Duration = (g.Elapsed + left).Round(time.Second)
		out.Now = reports.Clock(left) + " left, " + out.Now
	}
	return out
}

// timeLeft is how long a conformance run takes still, by its plan and by what it waits
// for; 0 where it takes longer than planned.
func timeLeft(g conformance.Progress) time.Duration {
	return max(g.Critical-g.Elapsed, g.WaitEnds-g.Elapsed, 0)
}

// waitsFor is what a conformance run waits for, and for how long.
func waitsFor(g conformance.Progress) string {
	if g.Waiting == "" {
		return "waiting for answers"
	}
	return fmt.Sprintf("%s, %s", g.Waiting, reports.Clock(g.WaitEnds-g.Elapsed))
}

// loadStatus is how far a load run is, and how the server is doing.
func loadStatus(g load.Progress) status {
	left := max(g.Duration-g.Elapsed, 0)
	when := fmt.Sprintf("%s of %s, %s left", reports.Clock(g.Elapsed), reports.Clock(g.Duration),
		reports.Clock(left))
	if left == 0 {
		when = fmt.Sprintf("%s are over, waiting for the last answers", reports.Clock(g.Duration))
	}
	all := g.Starts + g.Polls
	errors := item{reports.Plural(g.Errors, "error"), g.Errors > 0}
	if g.Errors > 0 {
		errors.text += fmt.Sprintf(" (%s %%)", reports.Figure(100*float64(g.Errors)/float64(all)))
	}
	times := []item{plain("no answer yet")}
	if all > 0 {
		times = []item{{"no answer in the last seconds", true}}
	}
	if s := g.Recent; s != nil {
		times = []item{plain("p50 %s ms", reports.Figure(s.P50)), plain("p99 %s ms", reports.Figure(s.P99)),
			plain("lag p99 %s ms", reports.Figure(s.LagP99))}
	}
	rate := plain("%s a second", reports.Figure(g.PerSecond))
	flows := reports.Plural(uint64(max(g.Active, 0)), "flow") + " in flight"
	line := fmt.Sprintf("%s of %s: %s, %s", reports.Clock(g.Elapsed), reports.Clock(g.Duration),
		reports.Plural(all, "request"), rate.text)
	for _, i := range append(times, errors) {
		line += ", " + i.text
	}
	return status{
		rows: []row{
			{"progress", []item{plain("%s", bar(g.Elapsed.Seconds()/g.Duration.Seconds())), plain("%s", when)}},
			{"requests", []item{rate, plain("%s in all", reports.Grouped(all)), errors}},
			{"answers", times},
			{"flows", []item{plain("%s", flows)}},
		},
		line: line + ", " + flows,
	}
}

// shardStatus is how far the shards of a run are together.
func shardStatus(l *reports.Load, duration time.Duration) status {
	running := 0
	for _, s := range l.Shards {
		if !s.Missing && !s.Late {
			running++
		}
	}
	elapsed := time.Duration(l.Shard.Seconds * float64(time.Second))
	s := loadStatus(load.Progress{Elapsed: elapsed, Duration: duration, Starts: l.Requests.Starts, Polls: l.Requests.Polls,
		Errors: l.Outcomes.Errors(), Active: int64(l.Devices.Pending), PerSecond: l.Requests.PerSecond,
		Recent: &reports.Second{P50: l.Latency.Poll.P50, P99: l.Latency.Poll.P99, LagP99: l.Lag.P99}})
	shards := fmt.Sprintf("%d of %d shards", running, len(l.Shards))
	s.rows = append(s.rows, row{"shards", []item{{text: shards, alarm: running < len(l.Shards)}}})
	s.line += ", " + shards
	return s
}
