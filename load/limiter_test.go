package load

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/dfcheck/dfcheck/load/internal/wire"
)

// fill grants what the gate allows at an instant and returns how many are in flight.
func fill(g *limiter, now int64) int {
	for len(g.free) > 0 && g.allow(now) {
		g.inFlight++
		g.acquire()
	}
	return g.inFlight
}

// For 40 ms a request ends each millisecond, if any does, and the Pacer asks each
// millisecond, if it can. The starts of a server may be quick when its polls are not.
func TestLimiter(t *testing.T) {
	ms := int64(time.Millisecond)
	for name, tt := range map[string]struct {
		took   []int64 // in turn
		paused bool
		busy   bool
		want   int
	}{
		"a quick server":          {took: []int64{ms}, want: 64},
		"one answer late":         {took: append([]int64{60 * ms}, make([]int64, 40)...), want: 64},
		"a slow server":           {took: []int64{9 * ms}, want: 128},
		"slow polls":              {took: []int64{90 * ms, 0, 0}, want: 128},
		"a server that stopped":   {want: 128},
		"a pause of ours":         {paused: true, want: 64},
		"a slow server, but busy": {took: []int64{9 * ms}, busy: true, want: 64},
	} {
		g := newLimiter(300)
		g.busy.Store(tt.busy)
		fill(g, 0)
		for now := ms; now <= 40*ms; now += ms {
			if n := len(tt.took); n > 0 {
				g.release(0, now-tt.took[now/ms%int64(n)], now)
			}
			if !tt.paused {
				fill(g, now)
			}
		}
		if got := fill(g, 41*ms); got != tt.want {
			t.Errorf("%s: %d in flight, want %d", name, got, tt.want)
		}
		if blamed := g.lastSlow > 0; blamed != (tt.want > 64) {
			t.Errorf("%s: the server is blamed: %v", name, blamed)
		}
	}
}

// The most are never exceeded; when they are in flight the server holds the crowd up.
func TestLimiterAtItsMax(t *testing.T) {
	g := newLimiter(100)
	for now := int64(0); now < 1e9; now += slowAnswer {
		fill(g, now)
	}
	if g.inFlight != 100 || g.limit != 100 {
		t.Errorf("%d of %d", g.inFlight, g.limit)
	}
	if g.release(7, 0, 3e9); g.lastSlow != 3e9 || g.acquire() != 7 {
		t.Errorf("slow at %d", g.lastSlow)
	}
}

// A Pacer at the gate goes on when a request ends, and when the run does.
func TestPacerAtTheLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := make([]device, 3)
		s := newSchedule(all, time.Now(), time.Hour, MaxRate, 1, wire.NewTimerAlarm())
		defer s.check.Stop()
		for i := range all {
			s.put(int32(i))
		}
		s.Pace(0, 0)
		first := s.take()
		granted := make(chan bool)
		pace := func() { _, stop := s.Pace(0, 0); granted <- !stop }
		for _, tt := range []struct {
			event func()
			want  bool
		}{{func() { s.done(first.slot, 0, 1) }, true}, {s.stop, false}} {
			go pace()
			time.Sleep(time.Second)
			select {
			case <-granted:
				t.Fatal("two requests are in flight where one may be")
			default:
			}
			tt.event()
			if got := <-granted; got != tt.want {
				t.Errorf("granted: %v, want %v", got, tt.want)
			}
		}
	})
}
