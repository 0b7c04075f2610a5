package refserver

import (
	"net/http"
	"sync"
	"time"
)

// window is how long an unlocked server lets others in between reading a record
// and writing it back.
const window = 10 * time.Millisecond

// pause lets others at a locked grant for a while.
func (g *grant) pause() {
	g.mu.Unlock()
	time.Sleep(window)
	g.mu.Lock()
}

var concurrencyFaults = []Fault{
	pollFault("redeem-unlocked", "DF-CONC-001", "Redeeming reads the grant, then marks it, without a lock.",
		func(s *Server, q *request, g *grant, now time.Time) *answer {
			if g.state != approved || s.is.over(q, g, now) {
				return nil
			}
			g.pause()
			return s.is.redeem(s, q, g)
		}),
	{
		Name: "poll-conflict", Check: "DF-CONC-002", Doc: "Two polls of one code at the same time end in a conflict and 500.",
		Break: func(b *behaviour) {
			var mu sync.Mutex
			under := map[*grant]int{}
			b.early = func(_ *Server, _ *request, g *grant, _ time.Time) *answer {
				if g.state != pending {
					return nil
				}
				mu.Lock()
				under[g]++
				busy := under[g] > 1
				mu.Unlock()
				g.pause()
				mu.Lock()
				under[g]--
				mu.Unlock()
				if busy {
					a := refuse("server_error", "the record was changed by another request")
					a.status = http.StatusInternalServerError
					return a
				}
				return nil
			}
		},
	},
	{
		Name: "codes-shared-in-races", Check: "DF-CONC-003", Doc: "Starts at the same moment can get the same user code.",
		Break: func(b *behaviour) {
			var mu sync.Mutex
			var last string
			var at time.Time
			b.userCode = func(s *Server) string {
				mu.Lock()
				defer mu.Unlock()
				if now := time.Now(); last == "" || now.Sub(at) > time.Millisecond {
					last, at = s.newUserCode(), now
				}
				return last
			}
		},
	},
	{
		Name: "poll-erases-approval", Check: "DF-CONC-004", Doc: "A poll writes back the whole record that it read.",
		Break: func(b *behaviour) {
			b.early = func(_ *Server, _ *request, g *grant, _ time.Time) *answer {
				if g.state == pending {
					g.pause()
					g.state = pending
				}
				return nil
			}
		},
	},
	{
		Name: "both-decisions-kept", Check: "DF-CONC-005", Doc: "Of an approval and a denial at once the device sees first the one, then the other.",
		Break: func(b *behaviour) {
			var mu sync.Mutex
			minted := map[*grant]bool{}
			told := map[*grant]bool{}
			b.decide = func(s *Server, g *grant, action, user string, now time.Time) error {
				g.mu.Lock()
				was := g.state
				g.mu.Unlock()
				time.Sleep(window)
				if was != pending || action == actionEnter || !now.Before(g.expires) {
					return s.decide(g, action, user, now)
				}
				g.mu.Lock()
				defer g.mu.Unlock()
				g.user = user
				if action == actionApprove {
					mu.Lock()
					minted[g] = true
					mu.Unlock()
					if g.state == pending {
						g.state = approved
					}
				} else {
					g.state = denied
				}
				return nil
			}
			b.early = func(s *Server, q *request, g *grant, now time.Time) *answer {
				mu.Lock()
				defer mu.Unlock()
				if g.state != denied || !minted[g] || s.is.over(q, g, now) {
					return nil
				}
				if !told[g] {
					told[g] = true
					return nil
				}
				return s.is.redeem(s, q, g)
			}
		},
	},
	{
		Name: "decisions-per-model", Check: "DF-CONC-006", Doc: "Devices of one make that are decided within a second share the first decision.",
		Break: func(b *behaviour) {
			type made struct {
				action string
				at     time.Time
			}
			var mu sync.Mutex
			last := map[string]made{}
			b.decide = func(s *Server, g *grant, action, user string, now time.Time) error {
				mu.Lock()
				defer mu.Unlock()
				model := g.model()
				if d, ok := last[model]; ok && now.Sub(d.at) < time.Second && action != actionEnter && g.state == pending {
					action = d.action
				} else if action != actionEnter && g.state == pending {
					last[model] = made{action, now}
				}
				return s.decide(g, action, user, now)
			}
		},
	},
}
