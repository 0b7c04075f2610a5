package chart

import (
	"math"
	"strconv"
	"time"
)

// An Axis says where values stand, from 0 to 1, and which of them are named.
type Axis struct {
	Kind     Kind
	Low, Top float64
	Unit     string // after the names of ticks: ms, %
	Ticks    []float64
}

// Kind of an axis.
type Kind string

const (
	Linear   Kind = "linear"
	Log      Kind = "log"      // values above 0
	Time     Kind = "time"     // seconds of a run
	Quantile Kind = "quantile" // 0..1, the more nines the wider
)

// At is where a value stands.
func (a Axis) At(v float64) float64 {
	low, top := a.place(a.Low), a.place(a.Top)
	if top == low {
		return 0
	}
	return min(max((a.place(v)-low)/(top-low), 0), 1)
}

// maxQuantile is the last that is shown: a hundred thousand measurements have one
// beyond it.
const maxQuantile = 0.99999

func (a Axis) place(v float64) float64 {
	switch a.Kind {
	case Log:
		return math.Log10(max(v, a.Low, math.SmallestNonzeroFloat64))
	case Quantile:
		return -math.Log10(1 - min(v, maxQuantile))
	}
	return v
}

// Name of a tick, with the unit.
func (a Axis) Name(v float64) string {
	switch a.Kind {
	case Time:
		return clock(v, a.Top)
	case Quantile:
		return strconv.FormatFloat(100*v, 'f', -1, 64) + " %"
	}
	return short(v) + a.Unit
}

// short writes a tick: 2k, 1.5M.
func short(v float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e4, "k"}} {
		if math.Abs(v) >= unit.size {
			size := unit.size
			if unit.name == "k" {
				size = 1e3
			}
			return strconv.FormatFloat(v/size, 'g', 4, 64) + unit.name
		}
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

// clock writes seconds as people say them on a scale that reaches to top.
func clock(v, top float64) string {
	d := time.Duration(v * float64(time.Second))
	switch {
	case top >= 2*time.Hour.Seconds():
		return strconv.FormatFloat(d.Hours(), 'g', 4, 64) + " h"
	case top >= 3*time.Minute.Seconds():
		return strconv.FormatFloat(d.Minutes(), 'g', 4, 64) + " min"
	}
	return strconv.FormatFloat(v, 'g', 4, 64) + " s"
}

// NewLinear is an axis from 0 to a round value at or beyond top, with about n ticks.
func NewLinear(top float64, n int, unit string) Axis {
	if top <= 0 || math.IsNaN(top) || math.IsInf(top, 0) {
		top = 1
	}
	step := nice(top / float64(n))
	a := Axis{Kind: Linear, Unit: unit}
	for v := 0.0; ; v += step {
		a.Ticks = append(a.Ticks, v)
		if a.Top = v; v >= top*almost {
			return a
		}
	}
}

// almost makes up for what floating point loses.
const almost = 0.999999

// nice is the smallest step of 1, 2 or 5 and zeros that is not below a step.
func nice(step float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(step)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= step*almost {
			return m * power
		}
	}
	return 10 * power
}

// NewLog is an axis of powers of ten around values above 0.
func NewLog(low, top float64, unit string) Axis {
	a := Axis{Kind: Log, Unit: unit, Low: math.Pow(10, math.Floor(math.Log10(low))),
		Top: math.Pow(10, math.Ceil(math.Log10(top)))}
	if a.Top <= a.Low {
		a.Top = 10 * a.Low
	}
	for v := a.Low; v <= a.Top/almost; v *= 10 {
		a.Ticks = append(a.Ticks, v)
	}
	return a
}

// timeSteps are seconds between ticks that people count time in.
var timeSteps = []float64{0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 2 * 3600, 3 * 3600,
	6 * 3600, 12 * 3600, 24 * 3600}

// NewTime is an axis from 0 to top seconds, with at most n ticks after the first.
func NewTime(top float64, n int) Axis {
	a := Axis{Kind: Time, Top: top}
	step := 0.0
	for _, step = range timeSteps {
		if top/step <= float64(n) {
			break
		}
	}
	for top/step > float64(n) {
		step *= 2
	}
	for i := 0; float64(i)*step <= top/almost; i++ {
		a.Ticks = append(a.Ticks, float64(i)*step)
	}
	return a
}

// NewQuantile is an axis of quantiles up to that of the largest of count
// measurements.
func NewQuantile(count uint64) Axis {
	a := Axis{Kind: Quantile, Top: max(min(1-1/float64(max(count, 2)), maxQuantile), 0.9)}
	for _, q := range []float64{0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999} {
		if q <= a.Top/almost {
			a.Ticks = append(a.Ticks, q)
		}
	}
	return a
}
