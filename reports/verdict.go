// Package reports is the versioned document that every run ends in, and its
// renderings.
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

// Worse returns the worse of two verdicts.
func Worse(a, b Verdict) Verdict {
	if slices.Index(Verdicts, b) > slices.Index(Verdicts, a) {
		return b
	}
	return a
}
