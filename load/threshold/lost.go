package threshold

import "github.com/dfcheck/dfcheck/reports"

// Lost reports whether a run that goes on misses the threshold even if all of its
// rest is without an error and without delay. done is the share of the run that the
// figures stand for, not more than it is. Figures that can still get better, or that our own
// machine may be the reason for, are not lost.
func (t *Threshold) Lost(l *reports.Load, done float64) bool {
	m := &t.measure
	if !t.upper || done <= 0 || t.name == "worst_second" || l.Client.Saturated && m.theirs == nil {
		return false
	}
	beyond := func(v float64) bool { return v > t.limit && !t.less(v, t.limit) }
	switch {
	case t.name == "violations":
		return beyond(float64(l.Violated()))
	case m.unit == share && m.one != nil:
		v, measured := t.value(l)
		if m.theirs != nil && l.Client.Saturated {
			v = m.theirs(l, t.subject(l))
		}
		return measured && beyond(v*done)
	case m.spread():
		return t.lostQuantile(l, done, beyond)
	}
	return false
}

// lostQuantile: values beyond the limit stay, and are at least their present share
// times done in the end.
func (t *Threshold) lostQuantile(l *reports.Load, done float64, beyond func(float64) bool) bool {
	d := t.distribution(l)
	if d.Count == 0 {
		return false
	}
	switch t.quantile {
	case "min":
		return false
	case "max":
		return beyond(d.Max)
	case "mean":
		return beyond(d.Mean * done)
	}
	unit := reports.Milliseconds
	if t.measure.unit == counts {
		unit = reports.Counts
	}
	h, err := d.Histogram(unit)
	if err != nil {
		return false
	}
	q := 1 - (1-quantileShares[t.quantile])/done
	return q > 0 && beyond(h.Quantile(q))
}

// distribution that the threshold is about.
func (t *Threshold) distribution(l *reports.Load) reports.Distribution {
	if t.measure.whole != nil {
		return t.measure.whole(l)
	}
	return t.measure.dist(t.subject(l))
}
