package refserver

import (
	"net/http"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// decisionFaults answer polls that come at the moment of an approval with an error.
var decisionFaults = []Fault{
	momentFault("decision-before-tokens", "For half a second after its approval a code is unknown.", 0,
		500*time.Millisecond,
		refuse(spec.ErrInvalidGrant, "unknown")),
	momentFault("code-briefly-unknown",
		"A twentieth of a second after its approval a code is moved, and unknown for a tenth.",
		50*time.Millisecond, 150*time.Millisecond, refuse(spec.ErrInvalidGrant, "unknown")),
	{
		Name: "5xx-at-decision", Check: "DF-CONC-007", Doc: "A poll during which the code is approved ends in 500.",
		Break: func(b *behaviour) {
			b.early = func(_ *Server, _ *request, g *grant, _ time.Time) *answer {
				if g.state != pending {
					return nil
				}
				g.pause()
				if g.state != approved {
					return nil
				}
				a := refuse("server_error", "the record was changed by another request")
				a.status = http.StatusInternalServerError
				return a
			}
		},
	},
}

// momentFault gives an answer to polls from one moment after the approval to another.
func momentFault(name, doc string, from, to time.Duration, wrong *answer) Fault {
	return Fault{Name: name, Check: "DF-CONC-007", Doc: doc, Break: func(b *behaviour) {
		var mu sync.Mutex
		decided := map[*grant]time.Time{}
		b.decide = func(s *Server, g *grant, action, user string, now time.Time) error {
			err := s.decide(g, action, user, now)
			if err == nil && action == actionApprove {
				mu.Lock()
				defer mu.Unlock()
				decided[g] = now
			}
			return err
		}
		b.early = func(_ *Server, _ *request, g *grant, now time.Time) *answer {
			mu.Lock()
			defer mu.Unlock()
			if at, ok := decided[g]; ok && g.state == approved && now.Sub(at) >= from && now.Sub(at) < to {
				a := *wrong
				return &a
			}
			return nil
		}
	}}
}
