package load

import (
	"testing"
	"testing/synctest"
	"time"
)

// fill grants what the gate allows at an instant and tells how many are under way.
func fill(g *gate, now int64) int {
	for len(g.places) > 0 && g.open(now) {
		g.flying++
		g.enter()
	}
	return g.flying
}

// Sixty-four are under way; some end, each after a time, and then nothing does.
func TestGate(t *testing.T) {
	ms := int64(time.Millisecond)
	for name, tt := range map[string]struct {
		ends       int
		took, idle int64
		busy       bool
		want       int
	}{
		"a quick server":          {ends: 100, took: ms, want: 64},
		"a pause of ours":         {ends: 64, took: 9 * ms, want: 64},
		"a slow server":           {ends: 65, took: 9 * ms, want: 128},
		"a server that stopped":   {ends: 1, took: ms, idle: 51 * ms, want: 128},
		"a slow server, but busy": {ends: 65, took: 9 * ms, busy: true, want: 64},
	} {
		g := newGate(300)
		g.busy.Store(tt.busy)
		for range tt.ends {
			fill(g, 0)
			g.leave(0, 0, tt.took)
		}
		if got := fill(g, tt.took+tt.idle); got != tt.want {
			t.Errorf("%s: %d under way, want %d", name, got, tt.want)
		}
	}
}

// The most are never exceeded; when they are under way the server holds the crowd up.
func TestGateAtItsMost(t *testing.T) {
	g := newGate(100)
	fill(g, 1e9)
	if fill(g, 2e9) != 100 || g.limit != 100 {
		t.Errorf("%d of %d", g.flying, g.limit)
	}
	if g.leave(7, 0, 3e9); g.full != 3e9 || g.enter() != 7 {
		t.Errorf("full at %d", g.full)
	}
}

// A Pacer at the gate goes on when a request ends, and when the run does.
func TestPacerAtTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := make([]device, 3)
		s := newSchedule(all, time.Now(), time.Hour, MaxRate, 1, newTimerWaker())
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
		}{{func() { s.leave(first.place, 0, 1) }, true}, {s.stop, false}} {
			go pace()
			time.Sleep(time.Second)
			select {
			case <-granted:
				t.Fatal("two requests are under way where one may be")
			default:
			}
			tt.event()
			if got := <-granted; got != tt.want {
				t.Errorf("granted: %v, want %v", got, tt.want)
			}
		}
	})
}
