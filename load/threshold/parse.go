package threshold

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dfcheck/dfcheck/spec/strict"
)

// Threshold is one expectation of a run: poll.p99 < 250ms, or, of a part of it,
// poll.p99{group:television} < 250ms.
type Threshold struct {
	text     string
	name     string // of the measure
	measure  measure
	quantile string // p99, mean, max; empty for single figures
	Part     string // group or stage; empty for the whole run
	Of       string // name of the group or stage
	less     func(value, limit float64) bool
	upper    bool    // the limit is one from above
	limit    float64 // milliseconds for times, 0..1 for shares
}

var thresholdShape = regexp.MustCompile(`^\s*([a-z0-9_]+)(?:\.([a-z0-9]+))?` +
	`\s*(?:\{\s*([a-z]+)\s*:\s*([^{}]+?)\s*\})?\s*(<=|<|==|>=|>)\s*([0-9.]+)\s*(%|ms|s|m)?\s*$`)

var comparisons = map[string]func(value, limit float64) bool{
	"<":  func(v, l float64) bool { return v < l },
	"<=": func(v, l float64) bool { return v <= l },
	"==": func(v, l float64) bool { return v == l },
	">=": func(v, l float64) bool { return v >= l },
	">":  func(v, l float64) bool { return v > l },
}

// Parse reads an expectation. Its error says what is possible.
func Parse(text string) (Threshold, error) {
	m := thresholdShape.FindStringSubmatch(text)
	if m == nil {
		return Threshold{}, fmt.Errorf("threshold %q is not of the form poll.p99 < 250ms, error_rate < 1%%, "+
			"poll.p99{group:NAME} < 1s or violations == 0", text)
	}
	t := Threshold{text: strings.TrimSpace(text), name: m[1], quantile: m[2], Part: m[3], Of: m[4],
		less: comparisons[m[5]], upper: strings.HasPrefix(m[5], "<") || m[5] == "=="}
	var known bool
	t.measure, known = measures[t.name]
	bad := func(format string, args ...any) (Threshold, error) {
		return t, fmt.Errorf("threshold %q: "+format, append([]any{text}, args...)...)
	}
	switch {
	case !known:
		return bad("unknown measure %q; the nearest is %q (`dfcheck load thresholds` lists them)", t.name,
			strict.Nearest(t.name, measureNames()))
	case t.measure.spread() && !slices.Contains(quantiles, t.quantile):
		return bad("%s needs one of %s, as in %s.p99", t.name, strings.Join(quantiles, ", "), t.name)
	case t.name == "worst_second" && !slices.Contains([]string{"p50", "p99", "max"}, t.quantile):
		return bad("worst_second has p50, p99 and max")
	case !t.measure.spread() && t.quantile != "":
		return bad("%s is a single figure and has no %s", t.name, t.quantile)
	case t.Part != "" && t.Part != "group" && t.Part != "stage":
		return bad("the part of a run is %q; it must be group or stage", t.Part)
	case t.Part != "" && !t.measure.ofParts():
		return bad("%s is a figure of the whole run", t.name)
	}
	return t, t.bound(m[6], m[7])
}

// bound reads the limit in the unit of the measure.
func (t *Threshold) bound(digits, unit string) (err error) {
	if t.limit, err = strconv.ParseFloat(digits, 64); err != nil {
		return fmt.Errorf("threshold %q: %q is not a number", t.text, digits)
	}
	isTime, ofTime := unit == "ms" || unit == "s" || unit == "m", t.measure.unit == times || t.measure.unit == rise
	switch {
	case t.measure.unit == share && unit == "" && t.limit > 0.5:
		return fmt.Errorf("threshold %q: %g %% or %g %%? write %g%% or %g%%",
			t.text, t.limit, 100*t.limit, t.limit, 100*t.limit)
	case ofTime && unit == "":
		return fmt.Errorf("threshold %q: a time needs its unit, as in 250ms", t.text)
	case ofTime != isTime, unit == "%" && t.measure.unit != share:
		return fmt.Errorf("threshold %q: %s is not measured in %q", t.text, t.name, unit)
	case unit == "%":
		t.limit /= 100
	case unit == "s":
		t.limit *= float64(time.Second / time.Millisecond)
	case unit == "m":
		t.limit *= float64(time.Minute / time.Millisecond)
	}
	return nil
}

// Fits returns an error when the part it is about is none of a profile's.
func (t *Threshold) Fits(groups, stages []string) error {
	names := groups
	if t.Part == "stage" {
		names = stages
	}
	switch {
	case t.Part == "" || slices.Contains(names, t.Of):
		return nil
	case len(names) == 0:
		return fmt.Errorf("threshold %q: the profile has no %ss", t.text, t.Part)
	}
	return fmt.Errorf("threshold %q: there is no %s %q; the nearest is %q", t.text, t.Part, t.Of,
		strict.Nearest(t.Of, names))
}
