package reports

import (
	"bytes"
	"strings"
	"testing"
)

// Every format says what came of a load run, a capacity search and a plan.
func TestFormatsOfLoad(t *testing.T) {
	load := New(KindLoad, "v0")
	load.Run.Problem = &Problem{Kind: ProblemDied, Message: (&Stopped{AtSeconds: 15.2, Failed: 1200,
		EndedRun: true}).String()}
	load.Load = &Load{Requests: Requests{Starts: 5, Polls: 20, SteadyPollsPerSecond: 20.04},
		Timeline: []Second{{}, {Second: 1, Polls: 20, Errors: 5}, {Second: 2}},
		Thresholds: []Threshold{
			{Expression: "error_rate < 1%", Value: 0.34650967199327165, Unit: "share", Verdict: Fail}},
		Client: Client{Saturated: true, Why: "this machine ran out of local ports",
			Shortages: []Shortage{{Of: "local ports", NotSent: 7}}}}
	capacity := New(KindCapacity, "v0")
	capacity.Capacity = &Capacity{Objectives: []string{"poll.p99 < 1s"}, High: 1, Stopped: true,
		FirstLimit: LimitStopped, Points: []CapacityPoint{{Devices: 1, Limit: LimitStopped}}}
	plan := New(KindPlan, "v0")
	plan.Plan = &Forecast{Devices: 5_000_000, Rates: ForecastRates{PollsPerSecond: 100, Shards: 1},
		Shard:  ForecastShard{RequestsPerSecond: 1000},
		Others: []ForecastRates{{PollsPerSecond: 193, Shards: 2}}}
	for _, tt := range []struct {
		format string
		r      *Report
		want   []string
	}{
		{"text", load, []string{"20 polls a second on average", "FAIL         error_rate < 1% (34.7 %)",
			"7 requests not sent", "stopped answering 15.2 s into the run: 1,200 requests in a row"}},
		{"html", load, []string{"20 polls a second on average", ">34.7 %<", "7 requests not sent",
			"stopped answering 15.2 s", ">3 s</text>", "Requests a second"}},
		{"markdown", load, []string{"(34.7 %)", "ran out of local ports", "stopped answering 15.2 s"}},
		{"junit", load, []string{"34.7 %", "stopped answering 15.2 s", `errors="1"`}},
		{"text", capacity, []string{"0 devices (1 did not meet the objectives)",
			"first objective missed: the target stopped answering"}},
		{"html", capacity, []string{"first objective missed: the target stopped answering", "poll.p99 &lt; 1s</text>"}},
		{"markdown", capacity, []string{"`first objective missed`: the target stopped answering"}},
		{"junit", capacity, []string{`tests="1" failures="1"`, "poll.p99 &lt; 1s"}},
		{"text", plan, []string{"5,000,000 devices", "1 load generator,", "93 % more"}},
		{"html", plan, []string{"5,000,000 devices", "93 % more"}},
		{"markdown", plan, []string{"5,000,000 devices", "93 % more"}},
	} {
		var b bytes.Buffer
		if err := Formats[tt.format](&b, tt.r); err != nil {
			t.Fatal(err)
		}
		for _, want := range tt.want {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s of a %s has no %q:\n%s", tt.format, tt.r.Run.Kind, want, b.String())
			}
		}
	}
}
