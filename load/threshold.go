package load

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/strict"
)

// threshold is one expectation of a run: poll.p99 < 250ms.
type threshold struct {
	text     string
	measure  string // poll, start, time_to_token, lag, error_rate, violations, per_second
	quantile string // p99, mean, max; empty for single figures
	less     func(value, limit float64) bool
	limit    float64 // milliseconds for times, a share for rates
}

var thresholdShape = regexp.MustCompile(`^\s*([a-z_]+)(?:\.([a-z0-9]+))?\s*(<=|<|==|>=|>)\s*([0-9.]+)\s*(%|ms|s|m)?\s*$`)

// The measures, and the figures of those that are distributions.
var (
	distributions = []string{"poll", "start", "time_to_token", "lag"}
	figures       = []string{"error_rate", "violations", "per_second"}
	quantiles     = []string{"min", "mean", "p50", "p90", "p95", "p99", "p999", "max"}
)

var comparisons = map[string]func(value, limit float64) bool{
	"<":  func(v, l float64) bool { return v < l },
	"<=": func(v, l float64) bool { return v <= l },
	"==": func(v, l float64) bool { return v == l },
	">=": func(v, l float64) bool { return v >= l },
	">":  func(v, l float64) bool { return v > l },
}

// parseThreshold reads an expectation. Errors say what is possible.
func parseThreshold(text string) (threshold, error) {
	m := thresholdShape.FindStringSubmatch(text)
	if m == nil {
		return threshold{}, fmt.Errorf("threshold %q is not of the form poll.p99 < 250ms, error_rate < 1%% or violations == 0", text)
	}
	t := threshold{text: strings.TrimSpace(text), measure: m[1], quantile: m[2], less: comparisons[m[3]]}
	known := append(slices.Clone(distributions), figures...)
	switch {
	case !slices.Contains(known, t.measure):
		return t, fmt.Errorf("threshold %q: unknown measure %q; the nearest is %q", text, t.measure, strict.Nearest(t.measure, known))
	case slices.Contains(distributions, t.measure) && !slices.Contains(quantiles, t.quantile):
		return t, fmt.Errorf("threshold %q: %s needs one of %s, as in %s.p99", text, t.measure, strings.Join(quantiles, ", "), t.measure)
	case slices.Contains(figures, t.measure) && t.quantile != "":
		return t, fmt.Errorf("threshold %q: %s is one figure and has no %s", text, t.measure, t.quantile)
	}
	var err error
	if t.limit, err = strconv.ParseFloat(m[4], 64); err != nil {
		return t, fmt.Errorf("threshold %q: %q is not a number", text, m[4])
	}
	isTime := slices.Contains(distributions, t.measure)
	switch unit := m[5]; {
	case isTime && unit == "":
		return t, fmt.Errorf("threshold %q: a time needs its unit, as in 250ms", text)
	case isTime != (unit == "ms" || unit == "s" || unit == "m"):
		return t, fmt.Errorf("threshold %q: %s is not measured in %q", text, t.measure, unit)
	case unit == "%":
		t.limit /= 100
	case unit == "s":
		t.limit *= float64(time.Second / time.Millisecond)
	case unit == "m":
		t.limit *= float64(time.Minute / time.Millisecond)
	}
	return t, nil
}

// judge compares the figure of a run. A miss that our own machine may be the
// reason for is no verdict on the server.
func (t threshold) judge(l *reports.Load) reports.Threshold {
	out := reports.Threshold{Expression: t.text}
	ownDoing := true
	switch t.measure {
	case "error_rate":
		out.Value = l.ErrorRate
	case "violations":
		out.Value, ownDoing = float64(l.Violated()), false
	case "per_second":
		out.Value = l.Requests.PerSecond
	default:
		d := map[string]reports.Distribution{"poll": l.Latency.Poll, "start": l.Latency.Start,
			"time_to_token": l.Latency.TimeToToken, "lag": l.Lag}[t.measure]
		out.Value = map[string]float64{"min": d.Min, "mean": d.Mean, "p50": d.P50, "p90": d.P90, "p95": d.P95,
			"p99": d.P99, "p999": d.P999, "max": d.Max}[t.quantile]
		if d.Count == 0 {
			out.Verdict, out.Reason = reports.Inconclusive, "nothing was measured"
			return out
		}
	}
	out.OK = t.less(out.Value, t.limit)
	switch {
	case out.OK:
		out.Verdict = reports.Pass
	case l.Client.Saturated && ownDoing:
		out.Verdict, out.Reason = reports.Inconclusive, "this machine was the limit: "+l.Client.Why
	default:
		out.Verdict = reports.Fail
	}
	return out
}
