package reports

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A crowd cut into any number of shards merges to the same histogram, byte for
// byte.
func TestMergedHistogramIsThatOfOneProcess(t *testing.T) {
	whole := NewHistogram(Milliseconds)
	parts := []*Histogram{NewHistogram(Milliseconds), NewHistogram(Milliseconds), NewHistogram(Milliseconds)}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 30_000 {
		d := time.Duration(rng.ExpFloat64() * float64(20*time.Millisecond))
		whole.Record(d)
		parts[i%3].Record(d)
	}
	merged := NewHistogram(Milliseconds)
	for _, p := range parts {
		h, err := p.Distribution().Histogram(Milliseconds) // as it travels
		if err != nil {
			t.Fatal(err)
		}
		if err := merged.Merge(h); err != nil {
			t.Fatal(err)
		}
	}
	got, want := merged.Distribution(), whole.Distribution()
	if diff := got.Mean - want.Mean; diff > 0.001 || diff < -0.001 {
		t.Errorf("mean %v, want %v", got.Mean, want.Mean)
	}
	got.Mean = want.Mean // it travels rounded to the microsecond
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDistributionOfFew(t *testing.T) {
	h := NewHistogram(Counts)
	if diff := cmp.Diff(Distribution{}, h.Distribution()); diff != "" {
		t.Errorf("of nothing: %s", diff)
	}
	for _, n := range []int64{3, 4, 4, 9} {
		h.RecordCount(n)
	}
	got := h.Distribution()
	got.HDR = ""
	want := Distribution{Count: 4, Min: 3, Mean: 5, P50: 4, P90: 9, P95: 9, P99: 9, P999: 9, Max: 9, Sum: 20}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A measurement beyond the histogram's range is not lost.
func TestBeyondTheRange(t *testing.T) {
	h := NewHistogram(Milliseconds)
	h.Record(2 * time.Hour)
	h.Record(-time.Second)
	d := h.Distribution()
	if d.Count != 2 || d.Max != 7_200_000 || d.Min != 0 {
		t.Errorf("%+v", d)
	}
}

func TestDamagedHistograms(t *testing.T) {
	good := NewHistogram(Milliseconds)
	good.Record(time.Millisecond)
	d := good.Distribution()
	for name, c := range map[string]struct {
		d    Distribution
		want string
	}{
		"absent":       {Distribution{Count: 1}, "no histogram"},
		"not base64":   {Distribution{Count: 1, HDR: "!"}, "unreadable"},
		"cut":          {Distribution{Count: 1, HDR: d.HDR[:len(d.HDR)/2/4*4]}, "unreadable"},
		"other counts": {Distribution{Count: 2, HDR: d.HDR}, "holds 1 measurements, its count says 2"},
	} {
		if _, err := c.d.Histogram(Milliseconds); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}
