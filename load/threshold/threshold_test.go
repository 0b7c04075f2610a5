package threshold

import (
	"slices"
	"strings"
	"testing"

	"github.com/dfcheck/dfcheck/reports"
)

// measured is a run of 1,000 polls that took 5 ms, or failed, or timed out.
func measured(failed, timedOut uint64) *reports.Load {
	answered := 1000 - failed
	d := reports.Distribution{Count: answered, Min: 5, Mean: 5, P50: 5, P90: 5, P95: 5, P99: 5, P999: 5, Max: 5}
	if answered == 0 {
		d = reports.Distribution{}
	}
	l := &reports.Load{Profile: map[string]any{"timeout": "10s"}, Latency: reports.Latencies{Poll: d},
		Service:  reports.Services{Poll: d},
		Requests: reports.Requests{Polls: 1000, FailedPolls: failed, TimedOutPolls: timedOut, PollsPerSecond: 100},
		Outcomes: reports.Outcomes{AuthorizationPending: answered, Timeout: timedOut, Connection: failed - timedOut},
		Timeline: []reports.Second{{Polls: 500, P99: 5},
			{Second: 1, Polls: 500, Errors: failed, Timeouts: timedOut, P99: 5}}}
	return l
}

// A figure that says little of the target is no pass.
func TestThresholdVerdicts(t *testing.T) {
	starved := measured(0, 0) // a tenth could not be sent
	starved.Requests.NotSent = 111
	starved.Client = reports.Client{Saturated: true, Why: "this machine ran out of local ports"}
	late, refused := measured(20, 20), measured(600, 0)
	late.Client = reports.Client{Saturated: true, Why: "one request in a hundred left 80 ms late"}
	refused.Client = late.Client
	for _, tt := range []struct {
		name, text string
		l          *reports.Load
		want       reports.Verdict
		reason     string
	}{
		{"met", "poll.p99 < 250ms", measured(0, 0), reports.Pass, ""},
		{"missed", "poll.p99 < 2ms", measured(0, 0), reports.Fail, ""},
		{"a few refused", "poll.p99 < 250ms", measured(400, 0), reports.Pass, ""},
		{"most refused", "poll.p99 < 250ms", measured(501, 0), reports.Fail, "501 of 1000 requests failed"},
		{"all refused", "poll_service.p99 < 250ms", measured(1000, 0), reports.Fail, "1000 of 1000 requests failed"},
		{"most refused, of the whole run", "per_second >= 0", measured(600, 0), reports.Fail, "600 of 1000"},
		{"most refused, expected to be slow", "poll.p50 > 1ms", measured(600, 0), reports.Fail, "600 of 1000"},
		{"the error rate counts them itself", "error_rate < 90%", measured(600, 0), reports.Pass, ""},
		{"nothing was polled", "poll.p99 < 250ms", &reports.Load{}, reports.Inconclusive, "nothing was measured"},
		{"nothing was sent", "error_rate < 1%", &reports.Load{}, reports.Inconclusive, "nothing was measured"},
		{"nobody got a token", "time_to_token.p95 < 6s", measured(0, 0), reports.Inconclusive, "nothing was measured"},
		{"timeouts beyond the percentile", "poll.p99 < 250ms", measured(10, 10), reports.Pass, ""},
		{"timeouts within it", "poll.p99 < 250ms", measured(11, 11), reports.Fail,
			"11 of 1000 requests had no answer in time, which puts the p99 beyond the timeout"},
		{"one timeout is the maximum", "poll.max < 1s", measured(1, 1), reports.Fail, "puts the max beyond"},
		{"timeouts in the mean", "poll.mean < 20ms", measured(2, 2), reports.Fail, "the mean is 25 ms or more"},
		{"timeouts in a mean that leaves room", "poll.mean < 30ms", measured(2, 2), reports.Pass, ""},
		{"timeouts of one second", "worst_second.p99 < 1s", measured(6, 6), reports.Fail,
			"6 of the 500 requests of second 1"},
		{"a token is not waited for by one poll alone", "polls_per_second > 5", measured(11, 11), reports.Pass, ""},
		{"missed, and this machine was slow", "error_rate < 1%", late, reports.Inconclusive,
			"this machine was the limit: one request"},
		{"nobody got a token, and this machine was slow", "time_to_token.p95 < 6s", late, reports.Inconclusive,
			"nothing was measured"},
		{"met all the same", "poll.p50 < 250ms", late, reports.Pass, ""},
		{"being late breaks no connection", "error_rate < 1%", refused, reports.Fail, ""},
		{"nor does it make most requests fail", "poll.p99 < 250ms", refused, reports.Fail, "600 of 1000"},
		{"no error among those that were sent", "error_rate < 1%", starved, reports.Inconclusive,
			"ran out of local ports"},
		{"not what was to be sent", "poll.p99 < 250ms", starved, reports.Inconclusive, "ran out of local ports"},
		{"violations are the target's", "violations > 0", late, reports.Fail, ""},
	} {
		th, err := Parse(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		got := th.Judge(tt.l)
		if got.Verdict != tt.want || got.OK != (tt.want == reports.Pass) || !strings.Contains(got.Reason, tt.reason) ||
			tt.reason == "" && got.Reason != "" {
			t.Errorf("%s: %+v, want %s %q", tt.name, got, tt.want, tt.reason)
		}
	}
}

// A share of 1 can be a hundredth or all of it.
func TestSharesNeedTheirUnit(t *testing.T) {
	for text, want := range map[string]string{
		"error_rate < 1":  `threshold "error_rate < 1": 1 % or 100 %? write 1% or 100%`,
		"approved > 60":   "60 % or 6000 %? write 60% or 6000%",
		"timeout <= 0.51": "0.51 % or 51 %? write 0.51% or 51%",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	plain := []string{"error_rate < 0.5", "error_rate < 0.01", "error_rate < 1%", "violations < 1", "per_second > 5"}
	for _, text := range plain {
		if _, err := Parse(text); err != nil {
			t.Error(err)
		}
	}
}

// Everything that can be named is described.
func TestMeasuresAreDescribed(t *testing.T) {
	for _, m := range Measures() {
		if m.About == "" || m.Unit == "" || !slices.Contains(measureNames(), m.Name) {
			t.Errorf("%+v", m)
		}
	}
	if got, want := len(Measures()), len(measures); got != want {
		t.Errorf("%d of %d measures", got, want)
	}
}

func TestThresholds(t *testing.T) {
	for text, good := range map[string]bool{
		"poll.p99 < 250ms": true, "time_to_token.p95 < 6s": true, "error_rate < 0.1%": true, "violations == 0": true,
		"time_to_token_waiting.p50 <= 2.5s": true, "polls_per_flow.mean < 4": true, "poll_waste < 85%": true,
		"approved > 60%": true, "worst_second.p99 < 1s": true,
		"poll.p99{group:television} < 250ms": true, "expired{stage: peak hour} == 0": true,
		"poll_service.p99 < 1m": true, "slow_down < 0.1": true,
		"lag.p99{group:a} < 1s": false, "violations{stage:a} == 0": false, "poll.p99{city:a} < 1s": false,
		"worst_second.p90 < 1s": false, "polls_per_flow.mean < 4s": false, "per_second > 5%": false,
		"poll < 250ms": false, "poll.p98 < 1s": false, "pol.p99 < 1s": false, "poll.p99 < 250": false,
		"error_rate.p99 < 1%": false, "nonsense": false,
	} {
		if _, err := Parse(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}
