package refserver

import (
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

var reuseFaults = []Fault{
	pollFault("code-reusable", "DF-REUSE-001", "A redeemed code gives another set of tokens.",
		func(s *Server, q *request, g *grant, now time.Time) *answer {
			if g.state == approved {
				g.polled = now
			}
			if g.state != redeemed || s.is.over(q, g, now) {
				return nil
			}
			if tooFast(q, g, now) {
				return stateAnswer(spec.ErrSlowDown)
			}
			g.polled = now
			return s.is.redeem(s, q, g)
		}),
	pollFault("reuse-as-denial", "DF-REUSE-002", "A redeemed code is answered with invalid_scope.",
		func(_ *Server, _ *request, g *grant, _ time.Time) *answer {
			if g.state == redeemed {
				return refuse(spec.ErrInvalidScope, "used already")
			}
			return nil
		}),
	standard(pollFault("replay-revokes-half", "DF-REUSE-003",
		"A replay revokes the access token and leaves the refresh token.",
		func(s *Server, _ *request, g *grant, _ time.Time) *answer {
			if g.state == redeemed {
				s.wallet.forgetAccess(g.tokens.access)
			}
			return nil
		})),
	decideFault("approval-revives", "DF-REUSE-004", "Approving a redeemed code makes it valid again.",
		func(s *Server, g *grant, action, user string, now time.Time) error {
			g.mu.Lock()
			if g.state == redeemed && action == actionApprove {
				g.state = pending
			}
			g.mu.Unlock()
			return s.decide(g, action, user, now)
		}),
}
