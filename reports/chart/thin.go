package chart

import (
	"math"
	"slices"

	"github.com/tsenart/vegeta/v12/lib/lttb"
)

// maxPoints is how many points of a line can be told apart.
const maxPoints = 240

// Thin leaves the points of long lines out that nobody would miss: what remains of
// each was chosen by Largest-Triangle-Three-Buckets, which keeps peaks, and all lines
// keep what one of them needs. The first and the last point stay.
func (c *Chart) Thin() {
	if len(c.At) <= maxPoints {
		return
	}
	var keep []int
	for _, l := range c.Lines {
		keep = append(keep, chosen(l.Values)...)
	}
	slices.Sort(keep)
	keep = slices.Compact(keep)
	c.At = picked(c.At, keep)
	for i := range c.Lines {
		c.Lines[i].Values = picked(c.Lines[i].Values, keep)
	}
}

func picked(values []float64, keep []int) []float64 {
	out := make([]float64, len(keep))
	for i, at := range keep {
		out[i] = values[at]
	}
	return out
}

// chosen are the indices of a line's points that remain.
func chosen(values []float64) []int {
	at := 0
	points, err := lttb.Downsample(len(values), maxPoints, func(count int) ([]lttb.Point, error) {
		out := make([]lttb.Point, 0, max(count, 0))
		for ; count > 0 && at < len(values); at, count = at+1, count-1 {
			v := values[at]
			if math.IsNaN(v) {
				v = 0
			}
			out = append(out, lttb.Point{X: float64(at), Y: v})
		}
		return out, nil
	})
	if err != nil {
		panic(err) // only for fewer than three points
	}
	out := []int{len(values) - 1}
	for _, p := range points {
		out = append(out, int(p.X))
	}
	return out
}
