package conformance

import (
	"github.com/dfcheck/dfcheck/reports"
)

// A Comparison judges special requests (hostile, altered, repeated, mistyped)
// beside their control: the same request without what makes it special.
type Comparison struct {
	j       *Judgement
	control *Exchange
	owner   string
}

// Against compares with a control request to which the same is due, and whose
// own verdict belongs to the check owner. A special request is blamed only where
// its control did better, or where it was given what the control was not known to
// get: tokens and codes are a deviation whatever became of the control.
func (j *Judgement) Against(control *Exchange, owner string) Comparison {
	return Comparison{j, control, owner}
}

// Each judges as Judgement.Each does, and blames only what the control allows.
func (c Comparison) Each(xs []*Exchange, due Due, expected string, rules ...Rule) {
	for _, x := range xs {
		if x == nil || x.Superseded {
			continue
		}
		v, actual := due.verdict(x, rules, c.j.ownsLimits)
		c.book(v, expected, actual, x)
	}
}

// book adds a finding about one special request, if its control did better.
func (c Comparison) book(v reports.Verdict, expected, actual string, x *Exchange) {
	if reports.Order(v, reports.Inconclusive) <= 0 {
		c.j.Book(v, expected, actual, x)
		return
	}
	switch plain := c.control; {
	case accepted(x) && (plain == nil || !accepted(plain)):
		c.j.Book(v, expected, actual, x)
	case plain == nil || plain.Infrastructure():
		c.j.Inconclusive(actual+"; the plain request to compare it with got "+describe(plain)+
			", so nothing follows from that", x)
	case accepted(x), plain.Class() == 5 && x.Class() == 5, sameAnswer(plain, x) && x.StillPending():
		c.j.Inconclusive(actual+"; the plain request got "+describe(plain)+" too: see "+c.owner, x)
	case sameAnswer(plain, x) && x.Class() == 4:
		c.j.Pass(x) // told apart in nothing; how the plain request is refused is its check's business
	default:
		c.j.Book(v, expected, actual, x)
	}
}

// sameAnswer reports whether two answers say the same to a program: the same class
// of status, the same error code, and the same kind of thing given.
func sameAnswer(a, b *Exchange) bool {
	return a.Class() == b.Class() && a.ErrorCode() == b.ErrorCode() && a.HasTokens() == b.HasTokens() &&
		a.HasCodes() == b.HasCodes()
}
