package load

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
)

// outage is a server that is away for a time, counted from its first request: it
// breaks its connections, or hangs.
func outage(from, to time.Duration, hangs bool) http.Handler {
	inner := quick()
	var once sync.Once
	var began time.Time
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		once.Do(func() { began = time.Now() })
		at := time.Since(began)
		switch {
		case at < from || at >= to:
			inner.ServeHTTP(w, r)
		case hangs:
			select {
			case <-time.After(to - at):
				inner.ServeHTTP(w, r)
			case <-r.Context().Done():
			}
		default:
			panic(http.ErrAbortHandler)
		}
	})
}

// A target that is gone ends the run, and one that only stalls or restarts does
// not, whatever else the outage costs.
func TestOutages(t *testing.T) {
	const ever = time.Hour
	for _, tt := range []struct {
		name     string
		from, to time.Duration
		hangs    bool
		stopped  bool
		ended    bool // before its time
	}{
		{"dies after a quarter", 15 * time.Second, ever, false, true, true},
		{"hangs after a quarter", 15 * time.Second, ever, true, true, true},
		{"dies late", 42 * time.Second, ever, false, true, false},
		{"restarts in 25 s", 15 * time.Second, 40 * time.Second, false, false, false},
		{"stalls for a second", 15 * time.Second, 16 * time.Second, true, false, false},
		{"is away for a few seconds at the end", 54 * time.Second, ever, false, false, false},
		{"is back when the run ends", 40 * time.Second, 59900 * time.Millisecond, false, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &profile.Profile{Devices: 20, Duration: profile.Duration(time.Minute),
				Arrivals:   profile.Arrivals{Kind: "ramp", Over: profile.Duration(time.Second)},
				Thresholds: []string{"poll.p99 < 250ms"}}
			inBubble(t, outage(tt.from, tt.to, tt.hangs), documented(t), p, func(t *testing.T, l *reports.Load) {
				s := l.Stopped
				from := tt.from.Seconds()
				if (s != nil) != tt.stopped ||
					s != nil && (s.EndedRun != tt.ended || s.AtSeconds < from-1 || s.AtSeconds > from+2) {
					t.Fatalf("stopped: %+v, want %t, the run ended: %t", s, tt.stopped, tt.ended)
				}
				if n := len(l.Timeline); l.Shard.Complete == tt.ended || tt.ended != (n < 58) || n < 40 {
					t.Errorf("complete %t, a time line of %d seconds", l.Shard.Complete, n)
				}
				if rate := l.Thresholds[1]; rate.Expression != "error_rate < 1%" ||
					(tt.stopped && rate.Verdict != reports.Fail) {
					t.Errorf("%+v", rate)
				}
				if r := l.Requests; l.Latency.Poll.Count != r.Polls-r.FailedPolls || r.Polls-r.FailedPolls < 100 ||
					r.SteadyPollsPerSecond < 5 {
					t.Errorf("%d latencies of %+v", l.Latency.Poll.Count, r)
				}
				if second := l.Latency.Poll.Max; tt.name == "stalls for a second" &&
					(second < 900 || l.Thresholds[0].Verdict != reports.Fail || l.ErrorRate > 0) {
					t.Errorf("a stall of a second is %g ms: %+v, %+v", second, l.Thresholds, l.Outcomes)
				}
			})
		})
	}
}
