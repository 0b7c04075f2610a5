package chart

import "math"

// Ticks are round values from 0 on, about n of them, the last at or beyond top.
func Ticks(top float64, n int) (out []float64) {
	step := nice(top / float64(n))
	for i := 0; ; i++ {
		v := float64(i) * step
		out = append(out, v)
		if v >= top*0.999999 || i > 2*n {
			return out
		}
	}
}

// nice is the smallest step of 1, 2 or 5 and zeros that is not below a step.
func nice(step float64) float64 {
	if step <= 0 || math.IsNaN(step) || math.IsInf(step, 0) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(step)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= step*0.999999 {
			return m * power
		}
	}
	return 10 * power
}

// timeSteps are seconds between ticks that people count time in.
var timeSteps = []float64{0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 2 * 3600, 3 * 3600, 6 * 3600,
	12 * 3600, 24 * 3600}

// TimeTicks are round times from 0 to top seconds, at most n.
func TimeTicks(top float64, n int) (out []float64) {
	step := timeSteps[len(timeSteps)-1]
	for _, s := range timeSteps {
		if top/s <= float64(n) {
			step = s
			break
		}
	}
	for top/step > float64(n) {
		step *= 2
	}
	for i := 0; float64(i)*step <= top*1.000001; i++ {
		out = append(out, float64(i)*step)
	}
	return out
}
