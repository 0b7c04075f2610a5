package refserver

import (
	"fmt"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// overFault changes when a code has ended.
func overFault(name, check, doc string, over func(q *request, g *grant, now time.Time) bool) Fault {
	return Fault{Name: name, Check: check, Doc: doc, Break: func(b *behaviour) { b.over = over }}
}

var expiryFaults = []Fault{
	overFault("pending-for-ever", "DF-EXPIRY-001", "An undecided code never expires.",
		func(_ *request, g *grant, now time.Time) bool { return g.state != pending && !now.Before(g.expires) }),
	{
		Name: "half-lifetime", Check: "DF-EXPIRY-002", Doc: "Codes live for nine tenths of the announced lifetime.",
		Break: func(b *behaviour) {
			b.lifetime = func(s *Server) time.Duration { return s.cfg.Lifetime * 85 / 100 }
		},
	},
	{
		Name: "poll-prolongs", Check: "DF-EXPIRY-003", Doc: "Every poll restarts the lifetime.",
		Break: func(b *behaviour) {
			b.polled = func(s *Server, _ *request, g *grant, a *answer) {
				if a.code == spec.ErrAuthorizationPending {
					g.expires = time.Now().Add(s.cfg.Lifetime)
				}
			}
		},
	},
	decideFault("late-approval-revives", "DF-EXPIRY-004", "An approval after the expiry makes the code valid again.",
		func(s *Server, g *grant, action, user string, now time.Time) error {
			g.mu.Lock()
			if action == actionApprove && !now.Before(g.expires) {
				g.expires = now.Add(s.cfg.Lifetime)
			}
			g.mu.Unlock()
			return s.decide(g, action, user, now)
		}),
	overFault("approved-for-ever", "DF-EXPIRY-005", "A code that was approved in time never expires.",
		func(_ *request, g *grant, now time.Time) bool { return g.state != approved && !now.Before(g.expires) }),
	{
		Name: "expiry-forgotten", Check: "DF-EXPIRY-006", Doc: "Reporting the expiry once makes the code undecided again.",
		Break: func(b *behaviour) {
			told := map[*grant]int{}
			b.polled = func(s *Server, _ *request, g *grant, a *answer) {
				if a.code != spec.ErrExpiredToken {
					return
				}
				s.guesses.mu.Lock() // any lock of the server's will do
				told[g]++
				n := told[g]
				s.guesses.mu.Unlock()
				if n == 3 {
					g.expires = time.Now().Add(s.cfg.Lifetime)
				}
			}
		},
	},
	evictsOldestOf(20, "DF-EXPIRY-002"),
	evictsOldestOf(60, "DF-EXPIRY-002"),
	evictsOldestOf(200, "DF-EXPIRY-002"),
	{
		Name: "restart-forgets", Check: "DF-EXPIRY-008",
		Doc:   "Grants are in the memory of the process, and gone when it is restarted.",
		Break: func(b *behaviour) { b.restarted = func(s *Server) { s.grants.clear() } },
	},
	pollFault("limiter-before-end", "DF-EXPIRY-007", "The rate limit is checked before the expiry of the code.",
		func(s *Server, q *request, g *grant, now time.Time) *answer {
			final := s.is.over(q, g, now) || g.state == denied
			if final && !g.polled.IsZero() && now.Sub(g.polled) < time.Second/2 {
				return stateAnswer(spec.ErrSlowDown)
			}
			if final {
				g.polled = now
			}
			return nil
		}),
}

// evictsOldestOf is a store that keeps so many grants, and forgets the oldest when
// another begins, whatever its state.
func evictsOldestOf(n int, check string) Fault {
	return Fault{
		Name: fmt.Sprintf("evicts-oldest-of-%d", n), Check: check, Whole: true,
		Doc: fmt.Sprintf("A store with room for %d evicts the oldest grant, whether it has ended or not.", n),
		Break: func(b *behaviour) {
			var mu sync.Mutex
			var kept []*grant
			b.began = func(s *Server, _ *request, g *grant, _ map[string]any) {
				mu.Lock()
				defer mu.Unlock()
				if kept = append(kept, g); len(kept) > n {
					s.grants.drop(kept[0], b.normal)
					kept = kept[1:]
				}
			}
		},
	}
}
