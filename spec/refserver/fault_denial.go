package refserver

import (
	"cmp"
	"strings"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// pollFault answers polls of a grant before the state machine does.
func pollFault(name, check, doc string, early func(s *Server, q *request, g *grant, now time.Time) *answer) Fault {
	return Fault{Name: name, Check: check, Doc: doc, Break: func(b *behaviour) { b.early = early }}
}

// decideFault changes what decisions do.
func decideFault(name, check, doc string, decide func(s *Server, g *grant, action, user string,
	now time.Time) error) Fault {
	return Fault{Name: name, Check: check, Doc: doc, Break: func(b *behaviour) { b.decide = decide }}
}

var denialFaults = []Fault{
	pollFault("denial-as-expiry", "DF-DENY-001", "A denial is reported as expired_token.",
		func(_ *Server, _ *request, g *grant, _ time.Time) *answer {
			if g.state == denied {
				return stateAnswer(spec.ErrExpiredToken)
			}
			return nil
		}),
	{
		Name: "denial-forgotten", Check: "DF-DENY-002", Doc: "Reporting a denial makes the grant undecided again.",
		Break: func(b *behaviour) {
			b.polled = func(_ *Server, _ *request, g *grant, a *answer) {
				if a.code == spec.ErrAccessDenied {
					g.state = pending
				}
			}
		},
	},
	decideFault("failing-denial-approves", "DF-DENY-001", "Denying approves, and the page says that it went wrong.",
		func(s *Server, g *grant, action, user string, now time.Time) error {
			if action != actionDeny {
				return s.decide(g, action, user, now)
			}
			return cmp.Or(s.decide(g, actionApprove, user, now), errDecided)
		}),
	decideFault("denial-reversible", "DF-DENY-003", "A denied code can be approved.",
		func(s *Server, g *grant, action, user string, now time.Time) error {
			g.mu.Lock()
			if g.state == denied && action == actionApprove {
				g.state = pending
			}
			g.mu.Unlock()
			return s.decide(g, action, user, now)
		}),
	decideFault("withdrawal-ignored", "DF-DENY-004", "Denying an approved code reports success and changes nothing.",
		func(s *Server, g *grant, action, user string, now time.Time) error {
			err := s.decide(g, action, user, now)
			if err == errDecided && action == actionDeny && g.state == approved {
				return nil
			}
			return err
		}),
	{
		Name: "denial-per-model", Check: "DF-DENY-005",
		Doc: "A second after a denial it holds for every device of the same make that the person has.",
		Also: map[string]string{"DF-CONC-006": "devices of one make that are approved beside a denied one are " +
			"denied as well"},
		Break: func(b *behaviour) {
			var mu sync.Mutex
			refusedModels := map[string]time.Time{}
			b.decide = func(s *Server, g *grant, action, user string, now time.Time) error {
				mu.Lock()
				defer mu.Unlock()
				err := s.decide(g, action, user, now)
				at, ok := refusedModels[user+g.model()]
				switch {
				case err != nil:
				case action == actionDeny && !ok:
					refusedModels[user+g.model()] = now // the first one, so that when it shows does not depend on chance
				case action == actionApprove && ok && now.Sub(at) > time.Second:
					g.mu.Lock()
					g.state = denied
					g.mu.Unlock()
				}
				return err
			}
		},
	},
	{
		Name: "denial-with-identity", Check: "DF-DENY-006",
		Doc: "access_denied carries the id_token of the person who denied.",
		Break: func(b *behaviour) {
			b.polled = func(_ *Server, _ *request, g *grant, a *answer) {
				if a.code == spec.ErrAccessDenied {
					a.body = nil
					a.members = map[string]any{"id_token": encoded(`{"alg":"RS256"}`) + "." + encoded(`{"sub":"`+g.user+`"}`) + "." +
						random(16)}
				}
			}
		},
	},
}

// model is the make of a device: what it says of itself, without the part that
// numbers it.
func (g *grant) model() string {
	make, _, _ := strings.Cut(g.deviceOS, "-")
	return g.deviceType + "\x00" + make
}
