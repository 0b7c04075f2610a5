package load

import (
	"context"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/load/threshold"
	"github.com/dfcheck/dfcheck/reports"
)

// Only requests without any answer are silence, from the first of them on.
func TestSilence(t *testing.T) {
	type end struct {
		outcome        wire.Outcome
		sent, received float64 // seconds
	}
	several := func(o wire.Outcome, at ...float64) (out []end) {
		for _, s := range at {
			out = append(out, end{o, s, s})
		}
		return out
	}
	for _, tt := range []struct {
		name  string
		ends  []end
		since float64 // of a silence that lasts to second 60; 0 for none
	}{
		{"it answers", several(wire.Pending, 1, 2, 40), 0},
		{"it refuses", several(wire.ConnectionFailed, 15, 20, 30), 15},
		{"it refuses for less than half a minute", several(wire.ConnectionFailed, 31, 32, 40), 0},
		{"it answers again", append(several(wire.ConnectionFailed, 15, 20, 30, 44), end{wire.Pending, 45, 45.1}), 0},
		{"and refuses again", append(append(several(wire.ConnectionFailed, 5, 14), end{wire.Pending, 15, 15.1}),
			several(wire.ConnectionFailed, 20, 22, 24)...), 20},
		{"it hangs", []end{{wire.TimedOut, 15, 25}, {wire.TimedOut, 20, 30}, {wire.TimedOut, 45, 55}}, 15},
		{"it hung, and then answered", []end{{wire.TimedOut, 15, 25}, {wire.TimedOut, 16, 26}, {wire.TimedOut, 17, 27},
			{wire.Pending, 20, 27}}, 0},
		{"an answer that was read before", []end{{wire.ConnectionFailed, 15, 15}, {wire.ConnectionFailed, 20, 20},
			{wire.Pending, 14, 14.5}, {wire.ConnectionFailed, 45, 45}}, 15},
		{"two requests are too few", several(wire.ConnectionFailed, 15, 55), 0},
		{"errors are answers", several(wire.HTTP5xx, 15, 20, 25), 0},
		{"this machine has no ports", several(wire.Unsent, 15, 20, 25), 0},
		{"an idle time before it", append(several(wire.Pending, 1), several(wire.ConnectionFailed, 21, 22, 26)...), 21},
	} {
		var s silence
		for _, e := range tt.ends {
			s.hear(e.outcome, int64(e.sent*1e9), int64(e.received*1e9))
		}
		if lasts := s.lasts(60e9, gonePatience); lasts != (tt.since > 0) || lasts && s.since != int64(tt.since*1e9) {
			t.Errorf("%s: %t, %+v; want it since %g s", tt.name, lasts, s, tt.since)
		}
	}
}

// What this machine cannot send is no error of the target.
func TestOwnLimits(t *testing.T) {
	t.Parallel()
	p := crowdOf(20)
	p.Duration, p.Connections.Mode = profile.Duration(3*time.Second), profile.PerRequest
	tg := target(t)
	var dials atomic.Int32
	tg.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials.Add(1)%2 == 0 {
			return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EADDRNOTAVAIL)}
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	l := run(t, tg, p)
	want := []reports.Shortage{{Of: "local ports", NotSent: l.Requests.NotSent}}
	if l.Requests.NotSent < 5 || l.ErrorRate != 0 || l.Requests.FailedStarts+l.Requests.FailedPolls != 0 ||
		!cmp.Equal(l.Client.Shortages, want) {
		t.Errorf("requests %+v, error rate %g, client %+v", l.Requests, l.ErrorRate, l.Client)
	}
	if !l.Client.Saturated || l.Client.Why != "this machine ran out of local ports" || l.Stopped != nil {
		t.Errorf("client %+v, stopped %+v", l.Client, l.Stopped)
	}
	th, err := threshold.Parse("error_rate < 1%")
	if got := th.Judge(l); err != nil || got.Verdict != reports.Inconclusive {
		t.Errorf("%v, %+v", err, got)
	}
}
