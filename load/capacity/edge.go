package capacity

import "math"

// edge is what is believed about the number of devices at which a server begins
// to miss its objectives. A crowd of n devices is held with the probability
//
//	P(held | n) = lapse + (1 - 2 lapse) / (1 + (n/c)^(1/s))
//
// where c is the edge and s how blurred it is. At first all c on a grid of log c
// are equally likely, and of the s each half as likely as the one before; every
// measurement weighs them anew (Bayes). Measuring at a quantile of what is
// believed about c is bisection while outcomes agree, and repetition near the
// edge where they do not.
type edge struct {
	at     []float64   // log c of the grid
	weight [][]float64 // log of the belief, by blur and c
}

// blurs are the values of s: from half a percent to a sixth.
var blurs = []float64{0.005, 0.01, 0.02, 0.04, 0.08, 0.16}

const (
	lapse   = 0.02 // chance of a measurement that something else spoiled
	gridPer = 100  // points of the grid per unit of log c: one percent apart
)

// newEdge believes in an edge between half a device and twice the most.
func newEdge(most int) *edge {
	e := &edge{weight: make([][]float64, len(blurs))}
	from, to := math.Log(0.5), math.Log(2*float64(most))
	n := int((to-from)*gridPer) + 1
	for i := range n {
		e.at = append(e.at, from+float64(i)/gridPer)
	}
	for b := range blurs {
		e.weight[b] = make([]float64, n)
		for i := range n {
			e.weight[b][i] = -float64(b) * math.Ln2
		}
	}
	return e
}

// see weighs the grid by an outcome.
func (e *edge) see(devices int, held bool) {
	x := math.Log(float64(devices))
	for b, s := range blurs {
		for i, c := range e.at {
			p := lapse + (1-2*lapse)/(1+math.Exp((x-c)/s))
			if !held {
				p = 1 - p
			}
			e.weight[b][i] += math.Log(p)
		}
	}
}

// quantiles are those of the edge, in devices.
func (e *edge) quantiles(qs ...float64) []float64 {
	most := math.Inf(-1)
	for _, row := range e.weight {
		for _, w := range row {
			most = max(most, w)
		}
	}
	mass, total := make([]float64, len(e.at)), 0.0
	for _, row := range e.weight {
		for i, w := range row {
			p := math.Exp(w - most)
			mass[i] += p
			total += p
		}
	}
	out := make([]float64, len(qs))
	for k, q := range qs {
		sum := 0.0
		for i, m := range mass {
			if sum += m; sum >= q*total {
				out[k] = math.Exp(e.at[i])
				break
			}
		}
	}
	return out
}

// strategy decides what to measure next. It does no input or output.
type strategy struct {
	edge      *edge
	most      int     // devices
	precision float64 // width of the interval, as a share of the answer
	budget    int     // measurements that are left
	next      int     // devices of the next measurement; 0 when the search is over
	held      int     // the largest crowd that was held
	missed    int     // the smallest that was not; 0 for none
	above     bool    // the last measurement near the edge was above it
}

func newStrategy(first, most, budget int, precision float64) *strategy {
	return &strategy{edge: newEdge(most), most: most, precision: precision, budget: budget, next: min(first, most)}
}

// confidence of the interval.
const confidence = 0.95

// interval is the edge and its bounds.
func (s *strategy) interval() (devices, low, high float64) {
	q := s.edge.quantiles(0.5, (1-confidence)/2, (1+confidence)/2)
	return q[0], q[1], q[2]
}

// closeIn is the width of the interval, as a share of the edge, below which the
// search measures on both sides of the edge in turn: outcomes at the edge itself
// are a coin's, and tell nothing of how blurred it is.
const closeIn = 0.4

// probe is where the next measurement tells most.
func (s *strategy) probe(far bool) float64 {
	if far {
		return s.edge.quantiles(0.5)[0]
	}
	if s.above = !s.above; s.above {
		return s.edge.quantiles(0.9)[0]
	}
	return s.edge.quantiles(0.1)[0]
}

// see takes in a measurement and decides on the next: twice as many devices
// until a crowd is not held, half as many until one is, then the median.
func (s *strategy) see(devices int, held bool) {
	s.edge.see(devices, held)
	s.budget--
	if held {
		s.held = max(s.held, devices)
	} else if s.missed == 0 || devices < s.missed {
		s.missed = devices
	}
	median, low, high := s.interval()
	median, high = min(median, float64(s.most)), min(high, float64(s.most)) // beyond that nobody asks
	switch {
	case s.budget <= 0:
		s.next = 0
	case s.missed == 0 && s.held == s.most:
		s.next = 0 // as many as may be
	case s.missed == 0:
		s.next = min(2*devices, s.most)
	case s.held == 0:
		s.next = devices / 2 // 0 when a single one is too many
	case high-low <= s.precision*median:
		s.next = 0
	default: // not far beyond what is known: that tells little and hurts the server
		s.next = max(min(int(s.probe(high-low > closeIn*median)+0.5), max(s.held, s.missed)*5/4, s.most), 1)
	}
}
