package checks

import (
	"fmt"
	"net/http"
	"slices"

	. "github.com/dfcheck/dfcheck/conformance"
)

// judgeAroundDecision judges what devices hear while their approval is on its way and
// soon after it: nothing but pending, and then tokens (ruling R72).
func judgeAroundDecision(e *Evidence, j *Judgement) {
	for _, s := range []*Scenario{crossingPolls, approvedElsewhere} {
		for _, flow := range e.FlowsOf(s) {
			polls := alive(e, e.Polls(flow, "crossing", "soon"))
			if !wasAccepted(e, j, s, flow) || e.SharesCode(flow) || len(polls) == 0 {
				continue
			}
			d, _ := e.Decision(s, flow, "")
			met := func(x *Exchange) bool { return !x.Infrastructure() && x.Received >= d.At-d.Decision.Took }
			if polls = slices.DeleteFunc(polls, func(x *Exchange) bool { return !met(x) }); len(polls) == 0 {
				j.Lost("no poll was answered after the approval had begun")
				continue
			}
			j.Round()
			for _, x := range polls {
				judgeMoment(e, j, x, d)
			}
		}
	}
}

// judgeMoment judges a poll that met its approval.
func judgeMoment(e *Evidence, j *Judgement, x *Exchange, d Event) {
	winners := WithTokens(e.Polls(x.Flow))
	mayBeRedeemed := slices.ContainsFunc(winners, func(y *Exchange) bool { return y != x && y.Sent <= x.Received })
	if x.StillPending() || x.HasTokens() || mayBeRedeemed {
		j.Pass(x)
		return
	}
	actual := fmt.Sprintf("%s, %d ms after the approval had begun", x.Replied(),
		(x.Received - (d.At - d.Decision.Took)).Milliseconds())
	switch {
	case len(winners) > 0:
		actual += fmt.Sprintf(", and tokens %.1f s later", (winners[0].Received - x.Received).Seconds())
	case x.Class() != 5:
		return // DF-CONC-004 judges approvals that are lost
	}
	const expected = "authorization_pending until there are tokens, and then tokens"
	if x.Status() == http.StatusConflict || x.Status() == http.StatusServiceUnavailable {
		j.Warn(expected, actual, x)
		return
	}
	j.Fail(expected, actual, x)
}
