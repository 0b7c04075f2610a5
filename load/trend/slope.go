package trend

import (
	"math"
	"slices"
)

// slope is that of y over x, with an interval that holds it with a confidence of 99 %.
type slope struct{ mid, low, high float64 }

// normal is the quantile of the normal distribution that bounds 99 % on both sides.
const normal = 2.5758

// leastApart is the share of the range of x that two points are apart at least, so that
// the slope between them means something.
const leastApart = 0.01

// slopeOf is the median of the slopes between all pairs of points (Theil 1950), which a
// quarter of outliers does not move far. The interval is that of Kendall's rank
// correlation (Sen 1968), which asks nothing of how the errors are spread. ok is false
// for points from which none can be found.
func slopeOf(x, y []float64) (s slope, ok bool) {
	n := float64(len(x))
	if n < fewestWindows {
		return s, false
	}
	apart := leastApart * (slices.Max(x) - slices.Min(x))
	var all []float64
	for i := range x {
		for j := range i {
			if dx := x[i] - x[j]; math.Abs(dx) > apart {
				all = append(all, (y[i]-y[j])/dx)
			}
		}
	}
	spread := normal * math.Sqrt(n*(n-1)*(2*n+5)/18)
	low := int(math.Floor((float64(len(all)) - spread) / 2))
	if low < 0 || len(all) == 0 {
		return s, false
	}
	slices.Sort(all)
	return slope{median(all), all[low], all[len(all)-1-low]}, true
}

// start is y where x is 0.
func (s slope) start(x, y []float64) float64 {
	rest := make([]float64, len(x))
	for i := range x {
		rest[i] = y[i] - s.mid*x[i]
	}
	return median(rest)
}

// median of values in any order, NaN for none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	v := slices.Sorted(slices.Values(values))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
