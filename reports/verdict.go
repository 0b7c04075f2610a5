package reports

import "slices"

// Verdict is what became of a check. It only ever gets worse.
type Verdict string

const (
	Pass         Verdict = "pass"
	Waived       Verdict = "waived"
	Skipped      Verdict = "skipped"
	Inconclusive Verdict = "inconclusive"
	Warning      Verdict = "warning"
	Fail         Verdict = "fail"
	Error        Verdict = "error"
)

// Verdicts lists them from better to worse.
var Verdicts = []Verdict{Pass, Waived, Skipped, Inconclusive, Warning, Fail, Error}

// Order compares verdicts: from better to worse.
func Order(a, b Verdict) int { return slices.Index(Verdicts, a) - slices.Index(Verdicts, b) }

// Worse returns the worse of two verdicts.
func Worse(a, b Verdict) Verdict {
	if Order(b, a) > 0 {
		return b
	}
	return a
}
