package capacity

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/dfcheck/dfcheck/load/profile"
)

// Searches on servers whose breakpoint is known, sharp and blurred, with measurements
// that are spoiled now and then: nearly every answer is within a tenth of the
// truth, and the interval holds it as often as it says.
func TestSearch(t *testing.T) {
	for _, tt := range []struct {
		name          string
		truth         float64
		blur, spoiled float64
	}{
		{"sharp", 7500, 0.001, 0},
		{"blurred", 7500, 0.03, 0},
		{"spoiled", 7500, 0.01, 0.02},
		{"small", 12, 0.001, 0},
		{"below the first step", 40, 0.01, 0},
		{"large", 1_700_000, 0.02, 0},
	} {
		const runs = 20
		near, covered, most := 0, 0, 0
		for seed := range runs {
			r := rand.New(rand.NewPCG(uint64(seed), 1))
			s := newStrategy(100, profile.MaxDevices, 40, 0.1)
			n := 0
			for ; s.next > 0; n++ {
				held := r.Float64() < 1/(1+math.Pow(float64(s.next)/tt.truth, 1/tt.blur))
				s.observe(s.next, held != (r.Float64() < tt.spoiled))
			}
			devices, low, high := s.interval()
			if math.Abs(devices/tt.truth-1) <= 0.1 {
				near++
			}
			if low <= tt.truth*1.05 && high >= tt.truth*0.95 { // whole devices, and the grid
				covered++
			}
			most = max(most, n)
		}
		t.Logf("%s: %d of %d near, %d covered, at most %d measurements", tt.name, near, runs, covered, most)
		if near < runs*97/100 || covered < runs*9/10 {
			t.Errorf("%s: %d of %d answers are near, %d intervals hold the truth", tt.name, near, runs, covered)
		}
	}
}

// A server that holds every crowd, and one that holds none.
func TestSearchWithoutBreakpoint(t *testing.T) {
	s := newStrategy(100, 5000, 40, 0.1)
	for s.next > 0 {
		s.observe(s.next, true)
	}
	if s.passed != 5000 || s.failed != 0 {
		t.Errorf("held %d, missed %d", s.passed, s.failed)
	}
	s = newStrategy(100, 5000, 40, 0.1)
	for s.next > 0 {
		s.observe(s.next, false)
	}
	if s.passed != 0 || s.failed != 1 {
		t.Errorf("held %d, missed %d", s.passed, s.failed)
	}
}
