package trend

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/dfcheck/dfcheck/reports"
)

// server is how long an answer takes with so many dead codes, and so many that there
// ever were.
type server func(dead, ever float64) float64

var servers = map[string]server{
	"clean":       func(float64, float64) float64 { return 2 },
	"linear scan": func(dead, _ float64) float64 { return 2 + dead/10_000 }, // 10 ms for 100,000
	"leak":        func(_, ever float64) float64 { return 2 + ever/10_000 },
	"half a leak": func(dead, ever float64) float64 { return 2 + (dead+ever)/20_000 },
	"a logarithm": func(dead, _ float64) float64 { return 2 + 0.05*math.Log2(1+dead) },
}

// soak is 60 stretches of 10 s, in the first 24 of which 1,250 codes a second are left
// behind. Answers take up to a third longer, and one stretch in ten has a hiccup.
func soak(of server, lifetime int, seed uint64) []reports.TrendWindow {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]reports.TrendWindow, 60)
	dead, ever := 0.0, 0.0
	for i := range out {
		w := &out[i]
		w.Second = float64(10 * i)
		if i < 24 {
			w.LeftBehind = 12_500
		}
		if i >= lifetime && i < lifetime+24 {
			w.Expired = 12_500
		}
		change := float64(w.LeftBehind) - float64(w.Expired)
		took := func() reports.Distribution {
			ms := of(dead+change/2, ever+float64(w.LeftBehind)/2) * (1 + r.Float64()/3)
			d := reports.Distribution{Count: 1000, P50: ms, P99: ms}
			if r.IntN(10) == 0 {
				d.P99 += 15
			}
			return d
		}
		w.Start, w.Poll = took(), took()
		dead, ever = dead+change, ever+float64(w.LeftBehind)
	}
	return out
}

func TestVerdicts(t *testing.T) {
	for _, tt := range []struct {
		name, of string
		lifetime int // in stretches
		verdict  string
		recovery string
		slope    float64 // ms for 100,000
	}{
		{"nothing grows", "clean", 30, reports.NoGrowth, "", 0},
		{"it grows by what lives", "linear scan", 30, reports.Grows, reports.Recovers, 11.7},
		{"a store that is full early", "linear scan", 16, reports.Grows, reports.Recovers, 11.7},
		{"it grows by what there was", "leak", 30, reports.Grows, reports.RecoversNot, 11.7},
		{"half of it stays", "half a leak", 30, reports.Grows, reports.RecoversPart, 11.7},
		{"codes outlive the run", "linear scan", 58, reports.Grows, reports.RecoveryUnder, 11.7},
		{"an index is no scan", "a logarithm", 30, reports.NoGrowth, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for seed := range uint64(50) {
				got := Of(soak(servers[tt.of], tt.lifetime, seed), 10, 35, nil)
				if got.Verdict != tt.verdict {
					t.Fatalf("seed %d: %s, want %s: %+v", seed, got.Verdict, tt.verdict, got.Figures)
				}
				for _, f := range got.Figures {
					if f.Verdict == reports.Grows && f.Recovery != tt.recovery {
						t.Errorf("seed %d, %s: %s, want %q: %+v", seed, f.Name, f.Recovery, tt.recovery, f)
					}
					if tt.slope > 0 && (f.Slope < 0.7*tt.slope || f.Slope > 1.3*tt.slope) {
						t.Errorf("seed %d, %s: %.1f ms, want about %.1f", seed, f.Name, f.Slope, tt.slope)
					}
				}
			}
		})
	}
}

// TestTooFew: what a run did not have enough of is no verdict, and is said.
func TestTooFew(t *testing.T) {
	few := soak(servers["linear scan"], 30, 1)
	for i := range few {
		few[i].LeftBehind, few[i].Expired = few[i].LeftBehind/100, few[i].Expired/100
	}
	silent := soak(servers["linear scan"], 30, 1)
	for i := range silent {
		silent[i].Start.Count, silent[i].Poll.Count = 3, 3
	}
	steady := soak(servers["linear scan"], 3, 1)
	for name, got := range map[string]*reports.Trend{
		"few codes":        Of(few, 10, 35, nil),
		"few answers":      Of(silent, 10, 35, nil),
		"few stretches":    Of(soak(servers["linear scan"], 30, 1)[:10], 10, 35, nil),
		"all too early":    Of(soak(servers["linear scan"], 30, 1), 10, 600, nil),
		"a steady number":  Of(steady, 10, 60, nil),
		"nothing happened": Of(nil, 10, 35, nil),
	} {
		if got.Verdict != reports.TooFew || got.Why == "" && name != "few answers" {
			t.Errorf("%s: %s, because %q", name, got.Verdict, got.Why)
		}
	}
}

// TestBusyMachine: where p99 is that of whatever else the machine does, the median tells.
func TestBusyMachine(t *testing.T) {
	for name, want := range map[string]string{"clean": reports.NoGrowth, "linear scan": reports.Grows} {
		for seed := range uint64(50) {
			windows := soak(servers[name], 30, seed)
			r := rand.New(rand.NewPCG(seed, 2))
			for i := range windows {
				windows[i].Start.P99 += 300 * r.ExpFloat64()
				windows[i].Poll.P99 += 300 * r.ExpFloat64()
			}
			if got := Of(windows, 10, 35, nil); got.Verdict != want {
				t.Errorf("%s, seed %d: %s, want %s: %+v", name, seed, got.Verdict, want, got.Figures)
			}
		}
	}
}

// TestServerMetrics: the server's own metrics have a trend too, and are no part of the
// verdict on the server.
func TestServerMetrics(t *testing.T) {
	windows := soak(servers["clean"], 30, 1)
	timeline := make([]reports.Second, 600)
	for i := 0; i < 600; i += 5 {
		dead := float64(min(i, 240, max(540-i, 0))) * 1250
		timeline[i].Server = map[string]float64{"memory": 1e8 + 500*dead, "goroutines": 12}
	}
	timeline[100].Server = nil // a look that found nothing
	got := Of(windows, 10, 35, timeline)
	memory, goroutines := got.Growth("server: memory"), got.Growth("server: goroutines")
	if memory == nil || goroutines == nil || got.Verdict != reports.NoGrowth {
		t.Fatalf("%s: %+v", got.Verdict, got.Figures)
	}
	if memory.Verdict != reports.Grows || memory.Recovery != reports.Recovers || memory.Slope < 4.9e7 ||
		memory.Slope > 5.1e7 || memory.Unit != "bytes" {
		t.Errorf("%+v", memory)
	}
	if goroutines.Verdict != reports.NoGrowth || goroutines.First != 12 || goroutines.Most != 12 {
		t.Errorf("%+v", goroutines)
	}
}

func TestCountsAddUp(t *testing.T) {
	got := Of(soak(servers["clean"], 30, 1), 10, 35, nil)
	if got.LeftBehind != 300_000 || got.MostDead != 300_000 || got.DeadAtEnd != 0 {
		t.Errorf("%d left behind, at most %d dead, %d at the end", got.LeftBehind, got.MostDead, got.DeadAtEnd)
	}
}
