package checks

import (
	"fmt"
	"slices"

	. "github.com/dfcheck/dfcheck/conformance"
)

// judgeQuestion: after the code, a page asks whether the device may have access.
func judgeQuestion(e *Evidence, j *Judgement) {
	const expected = "a page after the code that asks to approve or deny"
	for _, step := range []string{lookedAt, byLink} {
		c, ok := consentOf(e, consentPages, step)
		if !ok {
			continue
		}
		polls := e.Polls(c.flow, "looked at")
		switch asked := c.decision(); {
		case c.Opens:
			j.Warn(expected, "a link that approves when it is opened, as the approver's recipe has it", c.start)
		case !c.Reached && c.Asked == 0 && len(WithTokens(polls)) > 0:
			j.Warn(expected, "tokens: the code was approved when it was entered, and nobody was asked; "+c.quote(),
				append(WithTokens(polls)[:1], c.start)...)
		case !c.Reached:
			c.unreached(j)
		case !asked.After && len(c.refusals(e)) == 0:
			j.Warn(expected, "a page that takes the code and approves with the same button; "+c.quote(), c.start)
		default:
			j.Pass(c.start)
		}
	}
}

// judgeSecondDevice: whoever has approved a device is asked again for the next one.
func judgeSecondDevice(e *Evidence, j *Judgement) {
	const expected = "a page that asks about the second device too"
	first, ok := consentOf(e, consentPages, lookedAt)
	if !ok {
		return
	}
	if !first.Reached || len(WithTokens(e.Polls(first.flow, "looked at"))) == 0 {
		first.unreached(j)
		return
	}
	second, ok := consentOf(e, consentPages, inOneRow)
	if !ok {
		j.Inconclusive("the approver did not get to the second device")
		return
	}
	polls := e.Polls(second.flow, "looked at")
	switch tokens := WithTokens(polls); {
	case len(tokens) > 0 && second.Asked == 0:
		j.Warn(expected, "tokens: its code was approved when it was entered, for the same person, client and scope; "+
			second.quote(),
			append(tokens[:1], second.start)...)
	case len(tokens) == 0 && !second.Reached:
		second.unreached(j)
	default:
		j.Pass(second.start)
	}
}

// judgeManySessions: a code that many people enter is noticed.
func judgeManySessions(e *Evidence, j *Judgement) {
	if fewSessions(e.Facts) {
		j.Skip(fmt.Sprintf("this approver takes seconds for each of %d sessions; --thorough opens them", sessionsOfOneCode))
		return
	}
	c, ok := consentOf(e, manySessions, manyLookers)
	if !ok {
		return
	}
	seen := e.Viewings(manySessions, c.flow)
	reached := len(seen)
	if i := slices.IndexFunc(seen, func(v Viewing) bool { return !v.Reached }); i >= 0 {
		reached = i
	}
	polls := e.Polls(c.flow, "looked at")
	ended := slices.ContainsFunc(polls, func(x *Exchange) bool { return IsTerminal(x) && !x.Infrastructure() })
	switch {
	case reached == 0:
		c.unreached(j)
	case !c.decision().After:
		j.Skip("the code is sent with the decision alone, so that nothing can be noticed before")
	case reached < len(seen) || ended:
		j.Pass(c.start)
	case reached < sessionsOfOneCode:
		j.Inconclusive(fmt.Sprintf("the code ended after %d sessions", reached), c.start)
	default:
		j.Warn("a code that is entered again and again to be noticed: refused, limited or closed",
			fmt.Sprintf("the page of the decision in each of %d sessions", reached), c.start)
	}
}
