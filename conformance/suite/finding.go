package suite

import (
	"fmt"
	"strings"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// conforms matches a check that does not fail its spec.
type conforms struct{ session *session }

func (m conforms) Match(actual any) (bool, error) {
	c, ok := actual.(reports.Check)
	if !ok {
		return false, fmt.Errorf("%T is no verdict on a check", actual)
	}
	return !m.session.failing(c), nil
}

func (m conforms) FailureMessage(actual any) string {
	c, _ := actual.(reports.Check)
	return m.session.safe(failure(c, m.session.curl))
}

func (m conforms) NegatedFailureMessage(actual any) string {
	c, _ := actual.(reports.Check)
	return c.ID + " conforms"
}

// failure is what a server author is told of a check that failed.
func failure(c reports.Check, curl func(id string) string) string {
	out := fmt.Sprintf("%s %s (%s)\n%s", c.ID, c.Title, c.Level, findings(c, curl))
	out += "\n  source: " + c.Source
	if r, err := spec.Lookup(c.ID); err == nil {
		out += "\n  remedy: " + r.Remedy
	}
	return out
}

// findings are the findings of a check with curl lines that show them; the reason
// where it has none.
func findings(c reports.Check, curl func(id string) string) string {
	if len(c.Findings) == 0 {
		return "  " + c.Reason
	}
	var lines []string
	if c.Verdict == reports.Waived {
		lines = append(lines, "  "+c.Reason)
	}
	for _, f := range c.Findings {
		again := ""
		if f.Count > 1 {
			again = fmt.Sprintf(" (%d times)", f.Count)
		}
		if f.Expected == "" {
			lines = append(lines, fmt.Sprintf("  %s: %s%s", f.Verdict, f.Actual, again))
		} else {
			lines = append(lines, fmt.Sprintf("  %s%s", f.Verdict, again),
				"    expected: "+f.Expected, "    actual:   "+f.Actual)
		}
		for _, id := range f.Exchanges {
			lines = append(lines, "    "+id+": "+curl(id))
		}
	}
	return strings.Join(lines, "\n")
}

// exchange is a request as a curl line, and its answer.
func exchange(x *conformance.Exchange) string {
	out := x.Curl() + "\n" + x.Says()
	if r := x.Response; r != nil && r.Body != "" {
		out += "\n" + r.Body
	}
	return out
}
