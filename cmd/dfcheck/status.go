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
	left := max(g.Critical-g.Elapsed, g.WaitEnds-g.Elapsed, 0)
	when := fmt.Sprintf("%s of about %s, %s left", seconds(g.Elapsed), seconds(g.Elapsed+left), seconds(left))
	if left == 0 {
		when = fmt.Sprintf("%s, longer than the critical path of %s", seconds(g.Elapsed), seconds(g.Critical))
	}
	waiting := "waiting for answers"
	if g.Waiting != "" {
		waiting = fmt.Sprintf("%s, %s", g.Waiting, seconds(g.WaitEnds-g.Elapsed))
	}
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

// loadStatus is how far a load run is, and how the server is doing.
func loadStatus(g load.Progress) status {
	left := max(g.Duration-g.Elapsed, 0)
	when := fmt.Sprintf("%s of %s, %s left", seconds(g.Elapsed), seconds(g.Duration), seconds(left))
	if left == 0 {
		when = fmt.Sprintf("%s are over, waiting for the last answers", seconds(g.Duration))
	}
	all := g.Starts + g.Polls
	errors := item{reports.Plural(g.Errors, "error"), g.Errors > 0}
	if g.Errors > 0 {
		errors.text += fmt.Sprintf(" (%s %%)", reports.Figure(100*float64(g.Errors)/float64(all)))
	}
	times := []item{plain("no answer yet")}
	if s := g.Recent; s != nil {
		times = []item{plain("p50 %s ms", reports.Figure(s.P50)), plain("p99 %s ms", reports.Figure(s.P99)),
			plain("lag p99 %s ms", reports.Figure(s.LagP99))}
	}
	rate := plain("%s a second", reports.Figure(g.PerSecond))
	flows := reports.Plural(uint64(max(g.Active, 0)), "flow") + " in flight"
	line := fmt.Sprintf("%s of %s: %s, %s", seconds(g.Elapsed), seconds(g.Duration), reports.Plural(all, "request"),
		rate.text)
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

// seconds is a time as people count it while they wait.
func seconds(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	if d < 2*time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	if d < time.Hour {
		return fmt.Sprintf("%d:%02d min", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d:%02d h", int(d.Hours()), int(d.Minutes())%60)
}
