package shift

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestNeeded: five runs a set, and no fewer, can show a difference.
func TestNeeded(t *testing.T) {
	if n := Needed(); n != 5 {
		t.Errorf("%d runs are needed; README.md says 5", n)
	}
	for _, c := range []struct {
		old, new int
		want     bool
	}{{5, 5, true}, {4, 4, false}, {1, 500, false}, {2, 50, false}, {3, 8, true}, {100, 100, true}} {
		if Testable(c.old, c.new) != c.want {
			t.Errorf("%d and %d runs can show a difference: %v", c.old, c.new, !c.want)
		}
	}
	for _, d := range Test([]Figure{{Old: []float64{1, 1, 1, 1}, New: []float64{9, 9, 9, 9}, Resolution: .01}}) {
		if d.Shown() || !math.IsInf(d.High, 1) {
			t.Errorf("four runs show %+v", d)
		}
	}
}

// sides are figures of two sets of runs: times that share what a run does to all of
// them, some with long tails, and shares that are mostly nothing. The first ones are
// longer in the second set.
func sides(r *rand.Rand, runs int, noise, longer float64) []Figure {
	const count = 14
	figures := make([]Figure, count)
	for i := range 2 * runs {
		common, disturbed := noise*r.NormFloat64(), 0.0
		if r.Float64() < .1 {
			disturbed = 5 * noise * r.Float64()
		}
		for j := range figures {
			f := &figures[j]
			f.Resolution = .02
			tail := 1 + float64(j%4)
			v := 20 * (1 + common/2 + noise*tail*r.NormFloat64() + tail*disturbed)
			if j >= count-2 {
				v, f.Resolution = float64(max(0, r.IntN(8)-5))/1000, .001
			}
			if i < runs {
				f.Old = append(f.Old, v)
				continue
			}
			if j < 2 {
				v *= 1 + longer
			}
			f.New = append(f.New, v)
		}
	}
	return figures
}

// TestEqualRunsDoNotDiffer: of comparisons of equal runs, one in a hundred shows any
// difference in any figure.
func TestEqualRunsDoNotDiffer(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 28))
	wrong, covered := 0, 0
	const rounds = 400
	for range rounds {
		all := Test(sides(r, 5, .01, 0))
		if slices.ContainsFunc(all, Difference.Shown) {
			wrong++
		}
		if !slices.ContainsFunc(all, func(d Difference) bool { return d.Low > 0 || d.High < 0 }) {
			covered++
		}
	}
	if wrong > 3*Level*rounds || covered < (1-3*Level)*rounds {
		t.Errorf("%d of %d comparisons of equal runs show a difference; in %d all intervals hold", wrong, rounds, covered)
	}
}

// TestDifferencesAreShown: a tenth more is seen where runs differ by a hundredth.
func TestDifferencesAreShown(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 28))
	found, held := 0, 0
	const rounds = 200
	for range rounds {
		d := Test(sides(r, 5, .01, .1))[0]
		if d.Shown() != (d.Low > 0 || d.High < 0) {
			t.Fatalf("the interval and the test disagree: %+v", d)
		}
		if d.Shown() && d.New > d.Old {
			found++
		}
		if d.Low < 2 && d.High > 2 {
			held++
		}
	}
	if found < .95*rounds || held < .97*rounds {
		t.Errorf("of %d differences %d were shown, and %d lie in their interval", rounds, found, held)
	}
}

// TestConstantFigures: values that are all alike differ as soon as they do so by more
// than could have been measured, and hide no other figure.
func TestConstantFigures(t *testing.T) {
	five := func(v float64) []float64 { return []float64{v, v, v, v, v} }
	got := Test([]Figure{
		{Old: five(0), New: five(0), Resolution: .001},
		{Old: five(0), New: five(.02), Resolution: .001},
		{Old: []float64{20, 20, 20.02, 20, 20}, New: []float64{20.02, 20.02, 20, 20.02, 20.02}, Resolution: .02},
	})
	for i, want := range []bool{false, true, false} {
		if got[i].Shown() != want {
			t.Errorf("figure %d: %+v", i, got[i])
		}
	}
}

// TestManyRuns: where there are too many shuffles to try, those that are drawn are the
// same each time.
func TestManyRuns(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	figures := sides(r, 20, .01, .1)
	first, second := Test(figures), Test(figures)
	if fmt.Sprint(first) != fmt.Sprint(second) || !first[0].Shown() || first[5].Shown() {
		t.Errorf("%v\n%v", first, second)
	}
}
