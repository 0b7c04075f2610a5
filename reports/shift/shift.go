package shift

import (
	"math"
	"slices"
)

// Level is how often one of the figures of a comparison may differ by chance, 0..1.
const Level = 0.01

// Fewest is how many runs a set needs: fewer have no spread that is worth the name.
const Fewest = 3

// A Figure has a value for each run of both sets, in the order of the runs.
type Figure struct {
	Old, New []float64
	// Resolution is the smallest difference that could have been measured, above 0.
	Resolution float64
}

// A Difference is what became of a figure.
type Difference struct {
	Old, New float64 // means of the runs
	// Low and High bound New - Old. All intervals of a comparison hold together with
	// a confidence of 1 - Level; without a test they are infinite.
	Low, High float64
	// P is how often any figure differs as much when the runs are shuffled, 0..1.
	P float64
}

// Shown reports whether the figure differs.
func (d Difference) Shown() bool { return d.P <= Level }

// Testable reports whether sets of these sizes can show a difference at all.
func Testable(old, new int) bool {
	return old >= Fewest && new >= Fewest && leastP(old, new) <= Level
}

// Needed is how many runs in each of two equal sets can show a difference.
func Needed() int {
	n := Fewest
	for !Testable(n, n) {
		n++
	}
	return n
}

// Test compares figures that are all of the same runs.
func Test(figures []Figure) []Difference {
	out := make([]Difference, len(figures))
	for i, f := range figures {
		out[i] = Difference{Old: mean(f.Old), New: mean(f.New), Low: math.Inf(-1), High: math.Inf(1), P: 1}
	}
	if len(figures) == 0 || !Testable(len(figures[0].Old), len(figures[0].New)) {
		return out
	}
	old, runs := len(figures[0].Old), len(figures[0].Old)+len(figures[0].New)
	observed := upTo(old, runs)
	var most []float64 // the largest t of any figure, for each shuffle
	shuffles(runs, runs-old, func(in []bool) {
		t := 0.0
		for _, f := range figures {
			t = max(t, f.split(in).t())
		}
		most = append(most, t)
	})
	slices.Sort(most)
	limit := most[len(most)-1-int(Level*float64(len(most)))]
	for i, f := range figures {
		s := f.split(observed)
		out[i].P = 1 - float64(below(most, s.t()))/float64(len(most))
		out[i].Low, out[i].High = s.distance()-limit*s.err, s.distance()+limit*s.err
	}
	return out
}

// below counts the values of a sorted list that are smaller than t, as far as floating
// point can tell.
func below(sorted []float64, t float64) int {
	n, _ := slices.BinarySearch(sorted, t*(1-1e-9))
	return n
}

// split is a figure in two sets.
type split struct {
	mean [2]float64
	err  float64 // of the difference of the means
}

// split puts the runs of a figure into the sets that in says: those of the second are
// true.
func (f Figure) split(in []bool) (s split) {
	var n, sum [2]float64
	each := func(do func(set int, v float64)) {
		for i, second := range in {
			v, set := 0.0, 0
			if second {
				set = 1
			}
			if i < len(f.Old) {
				v = f.Old[i]
			} else {
				v = f.New[i-len(f.Old)]
			}
			do(set, v)
		}
	}
	each(func(set int, v float64) { n[set]++; sum[set] += v })
	s.mean = [2]float64{sum[0] / n[0], sum[1] / n[1]}
	var square [2]float64
	each(func(set int, v float64) { square[set] += (v - s.mean[set]) * (v - s.mean[set]) })
	variance := 0.0
	for set := range 2 {
		// Values that are equal by rounding are no more certain than the rounding.
		variance += (square[set]/(n[set]-1) + f.Resolution*f.Resolution) / n[set]
	}
	s.err = math.Sqrt(variance)
	return s
}

func (s split) distance() float64 { return s.mean[1] - s.mean[0] }

// t is Welch's statistic, without its sign.
func (s split) t() float64 { return math.Abs(s.distance()) / s.err }

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
