package threshold

import (
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// What cannot be met any more, whatever the rest of the run brings.
func TestLost(t *testing.T) {
	h := reports.NewHistogram(reports.Milliseconds)
	for i := range 1000 {
		took := 10 * time.Millisecond
		if i < 30 { // 3 % of what there is so far
			took = time.Second
		}
		h.Record(took)
	}
	l := &reports.Load{Latency: reports.Latencies{Poll: h.Distribution()}, Requests: reports.Requests{Polls: 1000},
		Outcomes: reports.Outcomes{HTTP5xx: 30}, Violations: []reports.Violation{{Count: 2}, {Count: 9, Information: true}}}
	for _, tt := range []struct {
		text string
		done float64
		want bool
	}{
		{"poll.p99 < 250ms", 0.5, true},  // 1.5 % of all, at least
		{"poll.p99 < 250ms", 0.2, false}, // 0.6 %, if the rest is fast
		{"poll.p50 < 5ms", 0.9, true},
		{"poll.p50 < 5ms", 0.4, false},
		{"poll.max < 250ms", 0.01, true},
		{"poll.min < 1ms", 0.99, false}, // one fast answer is enough
		{"poll.mean < 30ms", 0.9, true},
		{"poll.mean < 30ms", 0.5, false},
		{"error_rate < 1%", 0.5, true},
		{"error_rate < 1%", 0.2, false},
		{"http_5xx < 1%", 0.5, true},
		{"http_5xx == 0", 0.01, true},
		{"timeout < 1%", 0.9, false},
		{"violations == 0", 0.01, true},
		{"violations < 3", 0.99, false},
		{"error_rate > 50%", 0.9, false}, // the rest may bring it
		{"polls_per_second > 1000", 0.9, false},
		{"worst_second.p99 < 1ms", 0.9, false},
		{"error_rate < 1%", 0, false},
	} {
		th, err := Parse(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := th.Lost(l, tt.done); got != tt.want {
			t.Errorf("%s after %g of the run: lost %v", tt.text, tt.done, got)
		}
	}
	l.Client.Saturated = true
	for text, want := range map[string]bool{"poll.p99 < 250ms": false, "error_rate < 1%": true} {
		if th, _ := Parse(text); th.Lost(l, 0.5) != want {
			t.Errorf("%s on a machine that is too slow: lost %v", text, !want)
		}
	}
}

// A part that is missing takes a pass away, and nothing that was too much already.
func TestWithoutAll(t *testing.T) {
	for text, want := range map[string]reports.Verdict{"error_rate < 1%": reports.Inconclusive,
		"http_5xx < 0.1%": reports.Fail, "polls_per_second > 1000": reports.Inconclusive} {
		th, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		l := &reports.Load{Requests: reports.Requests{Polls: 1000}, Outcomes: reports.Outcomes{HTTP5xx: 2}}
		if got := th.WithoutAll(th.Judge(l), "shard 1 is missing"); got.Verdict != want || got.OK {
			t.Errorf("%s: %+v", text, got)
		}
	}
}
