package load

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
)

// A run that goes on tells what its report will say of that time, as often as it is
// asked, and does not change for it.
func TestRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := crowdOf(100)
		p.Duration = profile.Duration(time.Minute)
		p.Groups[0].Behaviour.RestartAfter = profile.Duration(time.Second)
		p.Thresholds = []string{"poll.p99 < 1s"}
		var running *Running
		var early *reports.Load
		var middle Progress
		look := func(t *testing.T, l *reports.Load) {
			if early == nil || early.Requests.Polls == 0 || early.Requests.Polls >= l.Requests.Polls {
				t.Fatalf("after half a minute: %+v", early)
			}
			if n := len(early.Timeline); n != 30 {
				t.Errorf("%d seconds after half a minute", n)
			}
			for i, s := range early.Timeline[:25] {
				s.HDR = l.Timeline[i].HDR // of closed seconds alone
				if d := cmp.Diff(l.Timeline[i], s); d != "" {
					t.Errorf("second %d was another: %s", i, d)
				}
			}
			if len(early.Thresholds) != 3 || early.Latency.Poll.Count == 0 || early.Lag.HDR == "" || early.Devices.Pending == 0 {
				t.Errorf("%+v", early)
			}
			if middle.Recent == nil || middle.Recent.P99 < 20 || middle.PerSecond < 50 || middle.Elapsed != 30*time.Second ||
				middle.Starts+middle.Polls == 0 {
				t.Errorf("%+v", middle)
			}
			// The report of a run that nobody watched is the same.
			if late, err := running.Report(); err != nil || late.Requests.Polls != l.Requests.Polls ||
				cmp.Diff(late.Outcomes, l.Outcomes) != "" || late.Latency.Poll.P99 != l.Latency.Poll.P99 ||
				len(late.Timeline) != 60 {
				t.Errorf("at the end: %v, %+v", err, late)
			}
		}
		o := Options{Watch: func(r *Running) {
			running = r
			if got := r.Progress(); got.Recent != nil || got.PerSecond != 0 || got.Duration != time.Minute {
				t.Errorf("before the first request: %+v", got)
			}
			time.AfterFunc(30*time.Second, func() {
				early, _ = r.Report()
				middle = r.Progress()
			})
		}}
		server := quick()
		slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(20 * time.Millisecond)
			server.ServeHTTP(w, r)
		})
		runOn(t, slow, documented(t), p, o, look)
	})
}

// What has been told once is not looked at again, however long a run is.
func TestRunningKeepsSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := &simulation{record: &record{timeline: newTimeline()}, schedule: &schedule{began: time.Now()}}
		r := &Running{sim: sim, profile: &profile.Profile{Duration: profile.Duration(time.Hour)}}
		pollAt(&sim.record.timeline, 1, time.Millisecond)
		sim.record.timeline.open[1].Active = 7
		time.Sleep(100 * time.Second)
		if got := r.Seconds(); len(got) != 100 || got[1].Polls != 1 || got[50].Active != 7 || len(r.known) != 70 {
			t.Errorf("%d seconds, %+v, %d known", len(got), got[1], len(r.known))
		}
		pollAt(&sim.record.timeline, 80, 2*time.Millisecond)
		if got := r.Seconds(); len(got) != 100 || got[80].Polls != 1 || got[80].P99 != 2 || len(r.known) != 70 {
			t.Errorf("%d seconds, %+v", len(got), got[80])
		}
	})
}

// Looking at a run while it goes on disturbs nothing, from several sides at once.
func TestRunningSideBySide(t *testing.T) {
	t.Parallel()
	p := crowdOf(200)
	p.Duration = profile.Duration(3 * time.Second)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l, err := Run(t.Context(), target(t), p, Options{Watch: func(r *Running) {
		for range 3 {
			go func() {
				for ctx.Err() == nil {
					if _, err := r.Report(); err != nil {
						t.Error(err)
					}
					r.Progress()
				}
			}()
		}
	}})
	if err != nil || l.ErrorRate != 0 || len(l.Violations) != 0 {
		t.Errorf("%v, %+v", err, l)
	}
}
