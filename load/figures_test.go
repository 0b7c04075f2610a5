package load

import (
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
)

// The figures of groups and stages add up to those of the run, and thresholds
// read them.
func TestFiguresOfParts(t *testing.T) {
	t.Parallel()
	stages := []profile.Stage{{Name: "first", Share: 2, Over: profile.Duration(2 * time.Second)},
		{Name: "second", Kind: "burst", Share: 1}}
	quick := profile.People{Approve: 1, Delay: profile.Delay{Median: profile.Duration(500 * time.Millisecond)}}
	p := &profile.Profile{Devices: 60, Duration: profile.Duration(6 * time.Second),
		Arrivals: profile.Arrivals{Kind: "stages", Stages: stages},
		Groups:   []profile.Group{{Name: "quick", People: quick}, {Name: "deaf"}},
		Thresholds: []string{"approved{group:quick} == 100%", "approved{group:deaf} > 0%",
			"time_to_token.p50{stage:second} < 2s", "time_to_token_server.max < 5s"}}
	l := run(t, target(t), p)
	sum := func(list []reports.Breakdown, f func(reports.Breakdown) uint64) (n uint64) {
		for _, b := range list {
			n += f(b)
		}
		return n
	}
	for name, f := range map[string]func(reports.Breakdown) uint64{
		"polls":   func(b reports.Breakdown) uint64 { return b.Requests.Polls },
		"devices": func(b reports.Breakdown) uint64 { return b.Devices.Simulated },
		"flows":   func(b reports.Breakdown) uint64 { return b.Devices.Started },
		"tokens":  func(b reports.Breakdown) uint64 { return b.Latency.TimeToToken.Count },
		"bytes":   func(b reports.Breakdown) uint64 { return b.Requests.BytesOut + b.Requests.BytesIn },
	} {
		want := f(reports.Breakdown{Devices: l.Devices, Requests: l.Requests, Latency: l.Latency})
		if g, s := sum(l.Groups, f), sum(l.Stages, f); g != want || s != want || want == 0 {
			t.Errorf("%s: %d in groups, %d in stages, %d in all", name, g, s, want)
		}
	}
	deaf := l.Groups[1]
	if deaf.Devices.Pending != deaf.Devices.Simulated || deaf.PollWaste != 1 ||
		l.Groups[0].FlowShares.Approved != 1 || l.Groups[0].PollsPerFlow.Mean != 1 {
		t.Errorf("groups: %+v", l.Groups)
	}
	all, w, s := l.Latency.TimeToToken.Mean, l.TokenWait.Waiting.Mean, l.TokenWait.Server.Mean
	if w < 300 || w+s < all-1 || w+s > all+1 {
		t.Errorf("the time to token %.1f ms is not %.1f ms of waiting and %.1f ms of the server", all, w, s)
	}
	for i, want := range []reports.Verdict{reports.Pass, reports.Inconclusive, reports.Pass, reports.Pass} {
		if got := l.Thresholds[i]; got.Verdict != want {
			t.Errorf("%+v, want %s", got, want)
		}
	}
}
