package capacity

import "math"

// breakpoint is what is believed about the number of devices at which a server begins
// to miss its objectives. A crowd of n devices meets the objectives with the probability
//
//	P(passed | n) = lapseRate + (1 - 2 lapseRate) / (1 + (n/c)^(1/s))
//
// where c is the breakpoint and s the slope, how blurred it is. At first all c on a grid of log c
// are equally likely, and of the s each half as likely as the one before; every
// measurement updates the weights (Bayes). Measuring at a quantile of what is
// believed about c is bisection while outcomes agree, and repetition near the
// breakpoint where they do not. That is the method QUEST of psychophysics (Watson and
// Pelli, 1983).
type breakpoint struct {
	at     []float64   // log c of the grid
	weight [][]float64 // log of the belief, by slope and c
}

// slopes are the values of s: from half a percent to a sixth.
var slopes = []float64{0.005, 0.01, 0.02, 0.04, 0.08, 0.16}

const (
	lapseRate = 0.02 // chance of a measurement that something else spoiled
	gridPer   = 100  // points of the grid per unit of log c: one percent apart
)

// newBreakpoint assumes a breakpoint between half a device and twice the maximum.
func newBreakpoint(maxDevices int) *breakpoint {
	bp := &breakpoint{weight: make([][]float64, len(slopes))}
	from, to := math.Log(0.5), math.Log(2*float64(maxDevices))
	n := int((to-from)*gridPer) + 1
	for i := range n {
		bp.at = append(bp.at, from+float64(i)/gridPer)
	}
	for b := range slopes {
		bp.weight[b] = make([]float64, n)
		for i := range n {
			bp.weight[b][i] = -float64(b) * math.Ln2
		}
	}
	return bp
}

// observe weighs the grid by an outcome.
func (bp *breakpoint) observe(devices int, passed bool) {
	x := math.Log(float64(devices))
	for b, s := range slopes {
		for i, c := range bp.at {
			p := lapseRate + (1-2*lapseRate)/(1+math.Exp((x-c)/s))
			if !passed {
				p = 1 - p
			}
			bp.weight[b][i] += math.Log(p)
		}
	}
}

// quantiles are those of the breakpoint, in devices.
func (bp *breakpoint) quantiles(qs ...float64) []float64 {
	top := math.Inf(-1)
	for _, row := range bp.weight {
		for _, w := range row {
			top = max(top, w)
		}
	}
	mass, total := make([]float64, len(bp.at)), 0.0
	for _, row := range bp.weight {
		for i, w := range row {
			p := math.Exp(w - top)
			mass[i] += p
			total += p
		}
	}
	out := make([]float64, len(qs))
	for k, q := range qs {
		sum := 0.0
		for i, m := range mass {
			if sum += m; sum >= q*total {
				out[k] = math.Exp(bp.at[i])
				break
			}
		}
	}
	return out
}

// strategy decides what to measure next. It does no input or output.
type strategy struct {
	breakpoint *breakpoint
	max        int     // devices
	precision  float64 // width of the interval, as a share of the answer
	budget     int     // measurements that are left
	next       int     // devices of the next measurement; 0 when the search is over
	passed     int     // the largest crowd that met the objectives
	failed     int     // the smallest that did not; 0 for none
	above      bool    // the last measurement near the breakpoint was above it
}

func newStrategy(first, maxDevices, budget int, precision float64) *strategy {
	return &strategy{breakpoint: newBreakpoint(maxDevices), max: maxDevices, precision: precision, budget: budget,
		next: min(first, maxDevices)}
}

// confidence of the interval.
const confidence = 0.95

// interval is the breakpoint and its bounds.
func (s *strategy) interval() (devices, low, high float64) {
	q := s.breakpoint.quantiles(0.5, (1-confidence)/2, (1+confidence)/2)
	return q[0], q[1], q[2]
}

// closeIn is the width of the interval, as a share of the breakpoint, below which the
// search measures on both sides in turn: outcomes at the breakpoint itself
// are a coin's, and tell nothing of how blurred it is.
const closeIn = 0.4

// probe is where the next measurement tells most.
func (s *strategy) probe(far bool) float64 {
	if far {
		return s.breakpoint.quantiles(0.5)[0]
	}
	if s.above = !s.above; s.above {
		return s.breakpoint.quantiles(0.9)[0]
	}
	return s.breakpoint.quantiles(0.1)[0]
}

// observe takes in a measurement and decides on the next: twice as many devices
// until a crowd misses the objectives, half as many until one meets them, then the
// median.
func (s *strategy) observe(devices int, passed bool) {
	s.breakpoint.observe(devices, passed)
	s.budget--
	if passed {
		s.passed = max(s.passed, devices)
	} else if s.failed == 0 || devices < s.failed {
		s.failed = devices
	}
	median, low, high := s.interval()
	median, high = min(median, float64(s.max)), min(high, float64(s.max)) // beyond that nobody asks
	switch {
	case s.budget <= 0:
		s.next = 0
	case s.failed == 0 && s.passed == s.max:
		s.next = 0 // as many as may be
	case s.failed == 0:
		s.next = min(2*devices, s.max)
	case s.passed == 0:
		s.next = devices / 2 // 0 when a single one is too many
	case high-low <= s.precision*median:
		s.next = 0
	default: // not far beyond what is known: that tells little and hurts the server
		s.next = max(min(int(s.probe(high-low > closeIn*median)+0.5), max(s.passed, s.failed)*5/4, s.max), 1)
	}
}
