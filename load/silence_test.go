package load

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// A target is gone after half a minute without any answer, and not before.
func TestSilence(t *testing.T) {
	type end struct {
		outcome        outcome
		sent, received float64 // seconds
	}
	several := func(o outcome, at ...float64) (out []end) {
		for _, s := range at {
			out = append(out, end{o, s, s})
		}
		return out
	}
	for _, tt := range []struct {
		name string
		ends []end
		gone bool    // the run was ended
		at   float64 // that reports give; 0 for none
	}{
		{"it answers", several(outPending, 1, 2, 40), false, 0},
		{"it refuses shortly before the end", several(outConnection, 51, 52, 56), false, 0},
		{"it refuses before the devices back off", several(outConnection, 35, 36, 37), false, 35},
		{"it refuses for half a minute", several(outConnection, 15, 20, 30, 45), true, 15},
		{"a restart of 29 s", append(several(outConnection, 15, 20, 30, 44), end{outPending, 45, 45.1}), false, 0},
		{"and it goes again", append(append(several(outConnection, 15, 44), end{outPending, 45, 45.1}), several(outConnection, 50, 60, 70)...), false, 50},
		{"it hangs", []end{{outTimeout, 15, 25}, {outTimeout, 20, 30}, {outTimeout, 45, 55}}, true, 15},
		{"a stall of 12 s that ends with the answers", []end{{outTimeout, 15, 25}, {outTimeout, 16, 26}, {outPending, 20, 27}}, false, 0},
		{"an answer that was read late", []end{{outConnection, 15, 15}, {outConnection, 20, 20}, {outPending, 14, 14.5}, {outConnection, 45, 45}}, true, 15},
		{"two requests are too few", several(outConnection, 15, 60), false, 0},
		{"errors are answers", several(out5xx, 15, 20, 60), false, 0},
		{"this machine has no ports", several(outUnsent, 15, 20, 60), false, 0},
		{"an idle minute before it", append(several(outPending, 1), several(outConnection, 61, 62, 66)...), false, 0},
	} {
		s := silence{patience: gonePatience}
		var gone bool
		for _, e := range tt.ends {
			gone = s.hear(e.outcome, int64(e.sent*1e9), int64(e.received*1e9)) || gone
		}
		r := s.report(time.Minute)
		if gone != tt.gone || (r == nil) != (tt.at == 0) || r != nil && (r.AtSeconds != tt.at || r.EndedRun != gone) {
			t.Errorf("%s: gone %t, report %+v; want %t at %g s", tt.name, gone, r, tt.gone, tt.at)
		}
	}
}

// mortal is a reference server that dies with its poll number n.
func mortal(t *testing.T, n int32) Target {
	t.Helper()
	var polls atomic.Int32
	path := documented(t).Token.Path
	inner := refserver.New(refserver.Config{Interval: time.Second, Decisions: true})
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == path && polls.Add(1) >= n {
			go server.Listener.Close()
			panic(http.ErrAbortHandler)
		}
		inner.ServeHTTP(w, r)
	}))
	tg := targetAt(t, server)
	tg.Approver = nil
	return tg
}

// carryOut runs a crowd whose patience, or network, is another.
func carryOut(t *testing.T, tg Target, p *Profile, change func(*crowd)) *reports.Load {
	t.Helper()
	p = p.WithDefaults()
	c, err := newCrowd(t.Context(), tg, p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.transport.pool.close()
	defer c.schedule.waker.close()
	change(c)
	complete, _ := c.run(t.Context(), p, Options{})
	l, err := c.report(p, complete)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A run ends early when its target is gone, and its latencies are those of the
// time before.
func TestTargetDies(t *testing.T) {
	t.Parallel()
	l := carryOut(t, mortal(t, 30), &Profile{Devices: 20, Duration: Duration(time.Minute), Arrivals: Arrivals{Kind: "ramp", Over: Duration(time.Second)}},
		func(c *crowd) { c.record.silence.patience = int64(2 * time.Second) })
	if l.Stopped == nil || !l.Stopped.EndedRun || l.Shard.Complete || l.Stopped.AtSeconds < 1 || l.Stopped.AtSeconds > 20 {
		t.Fatalf("stopped: %+v, complete %t", l.Stopped, l.Shard.Complete)
	}
	if len(l.Timeline) >= 60 {
		t.Errorf("a time line of %d seconds", len(l.Timeline))
	}
	if r := l.Requests; l.Latency.Poll.Count != r.Polls-r.FailedPolls || r.FailedPolls < 4 || l.Outcomes.Connection < 4 {
		t.Errorf("%d latencies of %+v, outcomes %+v", l.Latency.Poll.Count, r, l.Outcomes)
	}
}

// What this machine cannot send is no error of the target.
func TestOwnLimits(t *testing.T) {
	t.Parallel()
	p := crowdOf(20)
	p.Duration, p.Connections.Mode = Duration(3*time.Second), perRequest
	l := carryOut(t, target(t), p, func(c *crowd) {
		var dials atomic.Int32
		dial := c.transport.pool.dial
		c.transport.pool.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			if dials.Add(1)%2 == 0 {
				return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EADDRNOTAVAIL)}
			}
			return dial(ctx, network, address)
		}
	})
	want := []reports.Shortage{{Of: localPorts, NotSent: l.Requests.NotSent}}
	if l.Requests.NotSent < 5 || l.ErrorRate != 0 || l.Requests.FailedStarts+l.Requests.FailedPolls != 0 || !cmp.Equal(l.Client.Shortages, want) {
		t.Errorf("requests %+v, error rate %g, client %+v", l.Requests, l.ErrorRate, l.Client)
	}
	if !l.Client.Saturated || l.Client.Why != "this machine ran out of local ports" || l.Stopped != nil {
		t.Errorf("client %+v, stopped %+v", l.Client, l.Stopped)
	}
	th, err := parseThreshold("error_rate < 1%")
	if got := th.judge(l); err != nil || got.Verdict != reports.Inconclusive {
		t.Errorf("%v, %+v", err, got)
	}
}
