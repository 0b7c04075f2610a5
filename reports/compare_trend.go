package reports

import (
	"math"
	"slices"
)

// A TrendChange is what became of the growth of a figure, for 100,000 dead codes.
type TrendChange struct {
	Name     string
	Unit     string
	Old, New float64 // slopes; means of the runs of a side
	// Low and High bound the difference with a confidence of 99 %, by the intervals of
	// both sides.
	Low, High float64
	Outcome   Outcome
	Why       string
}

// leastGrowth is by how much a response time must differ at the most dead codes of the
// runs to be worth the word, in milliseconds: what a trend calls growth.
const leastGrowth = 1.0

// slopes is the slope of a figure in the runs of one side, with half its interval.
type slopes struct {
	mid, below, above float64
	most              float64 // dead codes
	recovery          string  // where all say the same
	known             bool
}

// slopesOf puts the slopes of some runs together: their mean, whose interval is that of
// independent measurements.
func slopesOf(runs []*Load, name string) (s slopes) {
	n := float64(len(runs))
	for i, l := range runs {
		f := l.Trend.Growth(name)
		if f == nil || f.Verdict == TooFew {
			return slopes{}
		}
		s.mid += f.Slope / n
		s.below += (f.Slope - f.Low) * (f.Slope - f.Low) / (n * n)
		s.above += (f.High - f.Slope) * (f.High - f.Slope) / (n * n)
		s.most = max(s.most, float64(l.Trend.MostDead))
		if s.recovery == f.Recovery || i == 0 {
			s.recovery = f.Recovery
		} else {
			s.recovery = RecoveryUnder
		}
	}
	s.known = n > 0
	return s
}

// trendFigures are the figures that some run has a trend of.
func trendFigures(runs []*Load) (out []*TrendFigure) {
	for _, l := range runs {
		if l.Trend == nil {
			continue
		}
		for i := range l.Trend.Figures {
			f := &l.Trend.Figures[i]
			if !slices.ContainsFunc(out, func(g *TrendFigure) bool { return g.Name == f.Name }) {
				out = append(out, f)
			}
		}
	}
	return out
}

// compareTrends holds the growths of two sides against each other. One run on each side is
// enough: each slope has an interval by itself.
func compareTrends(old, now []*Load, tolerance float64) (out []TrendChange) {
	if len(old) == 0 || len(now) == 0 {
		return nil
	}
	for _, f := range trendFigures(slices.Concat(old, now)) {
		a, b := slopesOf(old, f.Name), slopesOf(now, f.Name)
		c := TrendChange{Name: f.Name, Unit: f.Unit, Outcome: TooFewMeasured}
		if a.known && b.known {
			c.Old, c.New = a.mid, b.mid
			by := b.mid - a.mid
			c.Low, c.High = by-math.Sqrt(b.below+a.above), by+math.Sqrt(b.above+a.below)
			c.Outcome = c.outcome(max(a.most, b.most)/100_000, tolerance)
			if a.recovery != b.recovery && a.recovery != "" && b.recovery != "" {
				c.Why = "before it " + a.recovery + " once the codes have expired, and now it " + b.recovery
			}
		}
		out = append(out, c)
	}
	return out
}

// outcome of a difference, at so many times 100,000 dead codes. A store takes memory for
// what it holds, so that the server's own metrics are neither better nor worse.
func (c *TrendChange) outcome(dead, tolerance float64) Outcome {
	time, by := c.Unit == "ms", c.New-c.Old
	switch {
	case c.Low <= 0 && c.High >= 0:
		return NotShown
	case time && math.Abs(by)*dead < leastGrowth, math.Abs(by) < tolerance*math.Abs(c.Old):
		return Tolerated
	case !time:
		return Differs
	case by > 0:
		return GotWorse
	}
	return GotBetter
}

// trendBlock has a line for each figure of both trends.
func (l *LoadChange) trendBlock() (b block) {
	if len(l.Trends) == 0 {
		return b
	}
	b.title = trendTitle + ", for 100,000 of them"
	b.table = [][]string{{"figure", "before", "now", "difference", "99 %", "finding"}}
	for _, c := range l.Trends {
		b.table = append(b.table, append(append([]string{c.Name}, c.cells()...), string(c.Outcome)+after(": ", c.Why)))
	}
	return b
}

// cells are both slopes, their difference and its interval.
func (c TrendChange) cells() []string {
	if c.Outcome == TooFewMeasured {
		return []string{"–", "–", "–", "–"}
	}
	return []string{c.in(c.Old), c.in(c.New), c.in(c.New - c.Old), c.in(c.Low) + " to " + c.in(c.High)}
}

// in is a slope or a difference, with its sign.
func (c TrendChange) in(v float64) string {
	f := TrendFigure{Unit: c.Unit, Slope: v}
	return f.sign() + f.in(math.Abs(v))
}

// growAlike says that no trend was shown to differ, after other words.
func (l *LoadChange) growAlike() string {
	unlike := func(c TrendChange) bool { return c.Outcome != NotShown }
	if len(l.Trends) == 0 || slices.ContainsFunc(l.Trends, unlike) {
		return ""
	}
	return " Of codes left behind no difference is shown."
}

// grown are those that grow more, or less, in words for a headline.
func (l *LoadChange) grown(o Outcome) (out []string) {
	for _, c := range l.Trends {
		if c.Outcome == o {
			out = append(out, c.Name+" "+c.in(c.New-c.Old)+" for 100,000 dead codes")
		}
	}
	return out
}
