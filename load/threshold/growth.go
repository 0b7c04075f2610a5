package threshold

import (
	"fmt"

	"github.com/dfcheck/dfcheck/reports"
)

// growth is a figure of a run's trend, nil where it has none.
func growth(name string) func(l *reports.Load) *reports.TrendFigure {
	return func(l *reports.Load) *reports.TrendFigure { return l.Trend.Growth(name) }
}

// judgeGrowth holds the whole confidence interval of a slope against the limit: where
// the limit lies within, the run does not say.
func (t *Threshold) judgeGrowth(l *reports.Load, out reports.Threshold) reports.Threshold {
	f := t.measure.growth(l)
	out.Verdict = reports.Inconclusive
	switch {
	case f == nil:
		out.Reason = "no codes were left behind"
		return out
	case f.Verdict == reports.TooFew:
		out.Reason = reports.TooFew
		if l.Trend.Why != "" {
			out.Reason += ": " + l.Trend.Why
		}
		return out
	}
	out.Value = f.Slope
	low, high := t.less(f.Low, t.limit), t.less(f.High, t.limit)
	switch {
	case low && high:
		out.Verdict, out.OK = reports.Pass, true
	case l.Client.Saturated:
		out.Reason = "this machine was the limit: " + l.Client.Why
	case low || high:
		out.Reason = fmt.Sprintf("the limit lies within what it may be, %.3g to %.3g ms: a longer run tells", f.Low, f.High)
	default:
		out.Verdict = reports.Fail
	}
	return out
}
