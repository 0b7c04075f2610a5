package load

import (
	"math"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/reports"
)

// pollAt puts an answered poll, or a late one, into a second.
func pollAt(t *timeline, n int, took time.Duration) {
	s := t.second(n)
	s.count(false, wire.Pending)
	s.times.Record(took)
	s.lag.Record(time.Millisecond)
}

// Every second is there once, idle ones too, whenever its answers came.
func TestTimelineHasEverySecond(t *testing.T) {
	line := newTimeline()
	pollAt(&line, 2, 10*time.Millisecond)
	line.second(2).Active = 7
	pollAt(&line, 30, time.Millisecond) // closes what is older
	if len(line.open) != 1 {
		t.Fatalf("%d open seconds", len(line.open))
	}
	pollAt(&line, 2, 20*time.Second) // opens it again
	got := line.all(40 * time.Second)
	if len(got) != 40 {
		t.Fatalf("%d seconds of a run of 40 s", len(got))
	}
	for n, s := range got {
		want := map[int]uint64{2: 2, 30: 1}[n]
		if s.Second != n || s.Polls != want {
			t.Errorf("second %d: %+v, want %d polls", n, s, want)
		}
	}
	if s := got[2]; math.Abs(s.P50-10) > 0.01 || s.Max != 20_000 || s.LagP99 != 1 {
		t.Errorf("the second that was opened again: %+v", s)
	}
	if got[0].Active != 0 || got[3].Active != 7 {
		t.Errorf("flows in idle seconds: %d and %d, want 0 and 7", got[0].Active, got[3].Active)
	}
	if n := len(new(timeline).all(0)); n != 0 {
		t.Errorf("%d seconds of a run that did not begin", n)
	}
}

// A crowd that polls in step has idle seconds, and its rate counts them.
func TestSteadyRateCountsIdleSeconds(t *testing.T) {
	inStep := make([]reports.Second, 60) // 100 devices, each five seconds
	for n := 5; n < 60; n += 5 {
		inStep[n].Polls = 100
	}
	spread := make([]reports.Second, 60) // the same, spread
	for n := 5; n < 60; n++ {
		spread[n].Polls = 20
	}
	for _, tt := range []struct {
		name                 string
		line                 []reports.Second
		from, interval, took time.Duration
		want                 float64
	}{
		{"in step", inStep, 5 * time.Second, 5 * time.Second, time.Minute, 20},
		{"the end is not a whole interval", inStep, 5 * time.Second, 5 * time.Second, 57 * time.Second, 20},
		{"spread", spread, 5 * time.Second, 5 * time.Second, time.Minute, 20},
		{"not one interval", inStep, 56 * time.Second, 5 * time.Second, time.Minute, 0},
		{"the devices never all came", inStep, 2 * time.Minute, 5 * time.Second, time.Minute, 0},
	} {
		if got := steady(tt.line, tt.from, tt.interval, tt.took); got != tt.want {
			t.Errorf("%s: %g polls a second, want %g", tt.name, got, tt.want)
		}
	}
}
