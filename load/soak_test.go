package load

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
	"github.com/dfcheck/dfcheck/spec/refserver/daily"
)

// leaves is what a server is found to be after devices left codes behind on it.
var leaves = []struct{ fault, verdict, recovery string }{
	{"", reports.NoGrowth, ""},
	{"scans-all-codes", reports.Grows, reports.Recovers},
	{"codes-leak", reports.Grows, reports.RecoversNot},
}

// soaked runs a profile on a server in a bubble and holds the verdict against what is
// wanted.
func soaked(t *testing.T, p *profile.Profile, interval, lifetime time.Duration, fault, verdict, recovery string) {
	t.Helper()
	var faults []refserver.Fault
	if fault != "" {
		f, err := refserver.FaultNamed(fault)
		if err != nil {
			t.Fatal(err)
		}
		faults = append(faults, f)
	}
	server := refserver.New(refserver.Config{Interval: interval, Lifetime: lifetime, Decisions: true}, faults...)
	var running *Running
	half := ""
	o := Options{Watch: func(r *Running) { running = r }, Progress: func(g Progress) {
		if half == "" && g.Elapsed >= g.Duration/2 {
			if l, err := running.Report(); err == nil {
				half = l.Trend.Verdict
			}
		}
	}}
	check := func(t *testing.T, l *reports.Load) {
		t.Logf("%+v %+v %d", l.Devices, l.Trend.Figures, l.Client.MaxRSSBytes)
		addsUp(t, l)
		if l.Trend.Verdict != verdict || l.Trend.LeftBehind != l.Devices.Abandoned {
			t.Errorf("%s, want %s", l.Trend, verdict)
		}
		for _, f := range l.Trend.Figures {
			if f.Recovery != recovery {
				t.Errorf("%s: %q, want %q", f.Name, f.Recovery, recovery)
			}
		}
		if l.Shard.Breach != "" {
			t.Error(l.Shard.Why)
		}
		if half != verdict {
			t.Errorf("halfway, when no more codes are left behind: %q, want %q", half, verdict)
		}
	}
	synctest.Test(t, func(t *testing.T) { runOn(t, server, documented(t), p, o, check) })
}

// A small soak: 12,000 codes are left behind within 45 s, and have expired 50 s later.
func TestSoak(t *testing.T) {
	for _, tt := range daily.Part(t, leaves) {
		t.Run(tt.fault, func(t *testing.T) {
			t.Parallel()
			p := loaded(t, "soak")
			const second = profile.Duration(time.Second)
			p.Devices, p.Duration, p.Arrivals.Over = 40, 120*second, 3*second
			p.Groups[0].Weight = 3
			p.Groups[0].People = profile.People{Approve: 0.9, Deny: 0.1,
				Delay: profile.Delay{Kind: "fixed", Median: second / 2}}
			p.Groups[0].Behaviour.RestartAfter = second / 10
			p.Groups[1].Behaviour.RestartAfter, p.Groups[1].Behaviour.RestartUntil = second/20, 45*second
			soaked(t, p, time.Second, 50*time.Second, tt.fault, tt.verdict, tt.recovery)
		})
	}
}

// A run ends when it cannot meet a threshold any more, where its profile wants that.
func TestAbortOnBreach(t *testing.T) {
	for _, abort := range []bool{true, false} {
		p := crowdOf(20)
		p.Duration, p.AbortOnBreach = profile.Duration(time.Minute), abort
		p.Groups[0].Behaviour.RestartAfter = profile.Duration(time.Second)
		inBubble(t, quick(every(2, says(500, "no database"))), documented(t), p, func(t *testing.T, l *reports.Load) {
			short := len(l.Timeline) < 50
			if short != abort || (l.Shard.Breach != "") != abort || l.Shard.Complete == abort {
				t.Errorf("abort %v: %d seconds, %+v", abort, len(l.Timeline), l.Shard)
			}
			if noted := slices.ContainsFunc(l.Notes, func(n string) bool {
				return strings.Contains(n, "cannot meet") && strings.Contains(n, "any more")
			}); noted != abort {
				t.Errorf("abort %v: %q", abort, l.Notes)
			}
			if !slices.ContainsFunc(l.Thresholds, func(th reports.Threshold) bool { return th.Verdict == reports.Fail }) {
				t.Errorf("no threshold failed: %+v", l.Thresholds)
			}
		})
	}
}
