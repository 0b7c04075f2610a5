package threshold

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// Override returns the named thresholds and those inherited ones that are about
// another figure: a threshold replaces what was expected of the same figure, and
// nothing else. One that cannot be read replaces nothing.
func Override(inherited, named []string) []string {
	out := slices.Clone(named)
	for _, text := range inherited {
		if !slices.ContainsFunc(named, func(n string) bool { return sameFigure(n, text) }) {
			out = append(out, text)
		}
	}
	return out
}

func sameFigure(a, b string) bool {
	x, err := Parse(a)
	y, berr := Parse(b)
	return err == nil && berr == nil && x.name == y.name && x.quantile == y.quantile && x.Part == y.Part && x.Of == y.Of
}

// subject is the part of the run that a threshold is about.
func (t *Threshold) subject(l *reports.Load) *reports.Breakdown {
	parts := map[string][]reports.Breakdown{"group": l.Groups, "stage": l.Stages}[t.Part]
	for i := range parts {
		if parts[i].Name == t.Of {
			return &parts[i]
		}
	}
	return l.Whole() // of one group, too, which is the whole
}

// value reads the figure; measured is false when there was nothing to measure.
func (t *Threshold) value(l *reports.Load) (v float64, measured bool) {
	b := t.subject(l)
	switch m := &t.measure; {
	case m.wholeOne != nil:
		return m.wholeOne(l), true
	case m.one != nil:
		if v = m.one(b); math.IsNaN(v) {
			return 0, false
		}
		return v, true
	default:
		d := t.distribution(l)
		return quantile(d, t.quantile), d.Count > 0
	}
}

// Judge compares the figure of a run with the limit. A figure that says little of the target is
// no pass: one that nothing was measured for, one of the few requests that were
// answered, one that requests without an answer in time would be beyond. A miss
// that our own machine may be the reason for is no verdict on the target.
func (t *Threshold) Judge(l *reports.Load) reports.Threshold {
	out := reports.Threshold{Expression: t.text, Unit: t.measure.unit.String(), Measure: t.figure(), Limit: t.limit}
	if t.measure.growth != nil {
		return t.judgeGrowth(l, out)
	}
	var measured bool
	out.Value, measured = t.value(l)
	met := measured && t.less(out.Value, t.limit)
	why, theirs := t.hollow(l, out.Value)
	switch {
	case !measured && why == "":
		out.Verdict, out.Reason = reports.Inconclusive, "nothing was measured"
	case l.Client.Saturated && !theirs && t.ours(l, met && why == ""):
		out.Verdict, out.Reason = reports.Inconclusive, "this machine was the limit: "+l.Client.Why
	case why != "":
		out.Verdict, out.Reason = reports.Fail, why
	case met:
		out.Verdict, out.OK = reports.Pass, true
	default:
		out.Verdict = reports.Fail
	}
	return out
}

// WithoutAll is a verdict on a run of which a part is missing. What was met is not
// known to be, and what is too little may be because of what is missing; too much
// stays too much.
func (t *Threshold) WithoutAll(judged reports.Threshold, why string) reports.Threshold {
	if judged.Verdict == reports.Pass || judged.Verdict == reports.Fail && !t.upper {
		judged.Verdict, judged.OK, judged.Reason = reports.Inconclusive, false, why
	}
	return judged
}

// ours reports whether a saturated load generator may be why the figure was met, or
// missed.
func (t *Threshold) ours(l *reports.Load, met bool) bool {
	if met {
		return t.unsent(l)
	}
	return t.measure.theirs == nil || t.less(t.measure.theirs(l, t.subject(l)), t.limit)
}

// hollow says why the figure does not stand for the requests of the run, or
// nothing when it does. theirs tells that this machine cannot be the reason.
func (t *Threshold) hollow(l *reports.Load, value float64) (why string, theirs bool) {
	if t.measure.regardless {
		return "", false
	}
	on := t.measure.requests
	if on == nil {
		on = onAll
	}
	n := on(&t.subject(l).Requests)
	if 2*n.failed > n.sent {
		return fmt.Sprintf("%d of %d requests failed; the figure is of the others", n.failed, n.sent),
			2*(n.failed-n.timedOut) > n.sent
	}
	switch {
	case !t.measure.timed || !t.upper || n.timedOut == 0:
		return "", false
	case t.name == "worst_second":
		return t.hungSecond(l), false
	case t.quantile == "mean":
		if least := n.mean(value, patience(l)); !t.less(least, t.limit) {
			return fmt.Sprintf("%d of %d requests had no answer in time; with them the mean is %.0f ms or more",
				n.timedOut, n.sent, least), false
		}
	case n.hides(t.quantile):
		return fmt.Sprintf("%d of %d requests had no answer in time, which puts the %s beyond the timeout",
			n.timedOut, n.sent, t.quantile), false
	}
	return "", false
}

// patience is the timeout of a run's requests, in milliseconds.
func patience(l *reports.Load) float64 {
	text, _ := l.Profile["timeout"].(string)
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0 // it was written by asMap
	}
	return float64(d) / float64(time.Millisecond)
}

// answered are the requests that have a latency.
func (n requests) answered() uint64 { return n.sent - n.failed }

// mean of all requests at least, when those that were answered took mean.
func (n requests) mean(mean, timeout float64) float64 {
	return (mean*float64(n.answered()) + timeout*float64(n.timedOut)) / float64(n.answered()+n.timedOut)
}

// quantileShares are the shares of a distribution that lie below its figures.
var quantileShares = map[string]float64{"min": 0, "p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999,
	"max": 1}

// hides reports whether a figure of the requests that were answered is not that of
// all: those without an answer in time took longer than any other.
func (n requests) hides(figure string) bool {
	q := quantileShares[figure]
	return n.timedOut > 0 && math.Ceil(q*float64(n.answered()+n.timedOut)) > float64(n.answered())
}

// hungSecond says in which second of the time line the figure is not that of all
// requests, or nothing.
func (t *Threshold) hungSecond(l *reports.Load) string {
	for _, s := range l.Timeline {
		n := requests{s.Starts + s.Polls, s.Errors, s.Timeouts}
		if n.hides(t.quantile) {
			return fmt.Sprintf("%d of the %d requests of second %d had no answer in time", n.timedOut, n.sent, s.Second)
		}
	}
	return ""
}

// unsent reports whether so many requests were not sent that the rest does not
// stand for them.
func (t *Threshold) unsent(l *reports.Load) bool {
	r := t.subject(l).Requests
	return float64(r.NotSent) > unsentShare*float64(r.NotSent+r.Total())
}

// unsentShare of the requests is what may not have been sent before a run says
// nothing of the target.
const unsentShare = 0.01

// figure is what a threshold of the whole run is about, as it is written.
func (t *Threshold) figure() string {
	switch {
	case t.Part != "":
		return ""
	case t.quantile != "":
		return t.name + "." + t.quantile
	}
	return t.name
}
