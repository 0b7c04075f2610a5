package conformance

import (
	"fmt"
	"slices"

	"github.com/dfcheck/dfcheck/reports"
)

// A Judgement gathers what a check finds. Its verdict only ever gets worse;
// with nothing observed it stays undecided.
type Judgement struct {
	verdict  reports.Verdict
	reason   string
	findings []reports.Finding
	seen     int
}

// Pass books exchanges that are as they should be.
func (j *Judgement) Pass(xs ...*Exchange) { j.seen += max(len(xs), 1) }

// Fail, Warn and Inconclusive book a finding: what was expected, what came,
// and the exchanges that show it.
func (j *Judgement) Fail(expected, actual string, xs ...*Exchange) {
	j.find(reports.Fail, expected, actual, xs)
}
func (j *Judgement) Warn(expected, actual string, xs ...*Exchange) {
	j.find(reports.Warning, expected, actual, xs)
}

// Inconclusive says why something was not decided.
func (j *Judgement) Inconclusive(reason string, xs ...*Exchange) {
	j.worsen(reports.Inconclusive, reason)
	if len(xs) > 0 {
		j.cite(reports.Inconclusive, "a decision", reason, xs)
	}
}

// Skip says why the check does not apply to this target.
func (j *Judgement) Skip(reason string) { j.worsen(reports.Skipped, reason) }

// Waive books a deviation that the configuration knows of (lenient.…).
func (j *Judgement) Waive(setting, expected, actual string, xs ...*Exchange) {
	j.seen += max(len(xs), 1)
	j.worsen(reports.Waived, setting)
	j.cite(reports.Waived, expected, actual, xs)
}

// Book adds a finding under any verdict.
func (j *Judgement) Book(v reports.Verdict, expected, actual string, xs ...*Exchange) {
	switch v {
	case reports.Pass:
		j.Pass(xs...)
	case reports.Inconclusive:
		j.Inconclusive(actual, xs...)
	default:
		j.find(v, expected, actual, xs)
	}
}

func (j *Judgement) find(v reports.Verdict, expected, actual string, xs []*Exchange) {
	j.seen += max(len(xs), 1)
	j.worsen(v, fmt.Sprintf("expected %s, got %s", expected, actual))
	j.cite(v, expected, actual, xs)
}

// cite adds a finding; what was found before is counted.
func (j *Judgement) cite(v reports.Verdict, expected, actual string, xs []*Exchange) {
	j.findings = reports.AddFinding(j.findings, reports.Finding{Verdict: v, Expected: expected, Actual: actual, Exchanges: ids(xs)})
}

func (j *Judgement) worsen(v reports.Verdict, reason string) {
	if j.verdict == "" {
		j.verdict = reports.Pass
	}
	if worse := reports.Worse(j.verdict, v); worse != j.verdict {
		j.verdict, j.reason = worse, reason
	}
}

// Seen is how many observations were booked.
func (j *Judgement) Seen() int { return j.seen }

func (j *Judgement) result(c Check) Result {
	if j.verdict == "" || j.verdict == reports.Pass {
		if j.seen == 0 {
			return Result{Check: c, Verdict: reports.Inconclusive, Reason: "nothing was observed"}
		}
		return Result{Check: c, Verdict: reports.Pass}
	}
	slices.SortStableFunc(j.findings, func(a, b reports.Finding) int { return reports.Order(b.Verdict, a.Verdict) })
	return Result{Check: c, Verdict: j.verdict, Reason: j.reason, Findings: j.findings}
}

func ids(xs []*Exchange) []string {
	var out []string
	for _, x := range xs {
		if x != nil {
			out = append(out, x.ID)
		}
	}
	return out
}
