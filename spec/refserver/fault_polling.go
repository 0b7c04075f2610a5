package refserver

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// paceFault changes when a poll is too fast.
func paceFault(name, check, doc string, tooFast func(q *request, g *grant, now time.Time) bool) Fault {
	return Fault{Name: name, Check: check, Doc: doc, Break: func(b *behaviour) { b.tooFast = tooFast }}
}

// findFault changes how a device code is looked up.
func findFault(name, check, doc string, find func(s *Server, q *request, code string) *grant) Fault {
	return Fault{Name: name, Check: check, Doc: doc, Break: func(b *behaviour) { b.find = find }}
}

// also names what a fault cannot help tripping.
func also(reasons map[string]string, f Fault) Fault { f.Also = reasons; return f }

// slow shows a fault at an interval of 5 s alone.
func slow(f Fault) Fault { f.Slow = true; return f }

var pollingFaults = []Fault{
	pollFault("pending-as-invalid-grant", "DF-POLL-001",
		"An undecided code is answered invalid_grant when an interval has passed.",
		func(_ *Server, _ *request, g *grant, now time.Time) *answer {
			if g.state == pending && now.Sub(g.created) >= g.interval && now.Before(g.expires) {
				return refuse(spec.ErrInvalidGrant, "not approved")
			}
			return nil
		}),
	pollFault("first-poll-refused", "DF-POLL-002", "A first poll within the interval is answered invalid_grant.",
		func(_ *Server, _ *request, g *grant, now time.Time) *answer {
			if g.state == pending && g.polled.IsZero() && now.Sub(g.created) < 200*time.Millisecond && g.client.ID == "dfcheck" {
				return refuse(spec.ErrInvalidGrant, "too early")
			}
			return nil
		}),
	slow(paceFault("whole-seconds", "DF-POLL-003", "The interval is compared in whole seconds, and must be exceeded.",
		func(_ *request, g *grant, now time.Time) bool {
			exact := now.Sub(g.polled) >= g.interval && now.Sub(g.polled) < g.interval+exactly &&
				g.interval == spec.DefaultInterval*time.Second
			return !g.polled.IsZero() && (now.Sub(g.polled) < g.interval || exact &&
				now.Unix()-g.polled.Unix() <= int64(g.interval/time.Second))
		})),
	paceFault("no-slow-down", "DF-POLL-004", "The interval is announced and never enforced.",
		func(*request, *grant, time.Time) bool { return false }),
	slow(Fault{
		Name: "raised-again", Check: "DF-POLL-005", Doc: "Every answer at the raised interval raises it again.",
		Break: func(b *behaviour) {
			b.polled = func(s *Server, _ *request, g *grant, a *answer) {
				if a.code == spec.ErrAuthorizationPending && g.interval == s.cfg.Interval+spec.SlowDownStep*time.Second {
					g.interval += spec.SlowDownStep * time.Second
				}
			}
		},
	}),
	slow(Fault{
		Name: "interval-doubled", Check: "DF-POLL-006", Doc: "Every slow_down doubles the interval.",
		Break: func(b *behaviour) {
			b.polled = func(s *Server, _ *request, g *grant, a *answer) {
				if a.code == spec.ErrSlowDown {
					g.interval = 2 * (g.interval - spec.SlowDownStep*time.Second)
				}
			}
		},
	}),
	{
		Name: "slow-down-understated", Check: "DF-POLL-007",
		Doc: "slow_down announces the old interval while the raised one is enforced.",
		Break: func(b *behaviour) {
			b.polled = func(s *Server, _ *request, _ *grant, a *answer) {
				if a.code == spec.ErrSlowDown {
					a.body = nil
					a.members = map[string]any{"interval": int64(s.cfg.Interval / time.Second)}
				}
			}
		},
	},
	{
		Name: "slow-down-bars-redemption", Check: "DF-POLL-008",
		Doc: "A code that was slowed down before its approval gives no tokens.",
		Also: map[string]string{
			"DF-CONC-001": "codes that were polled twice across their approval are redeemed in races",
			"DF-CONC-004": "the second of two polls across an approval may earn slow_down before it",
		},
		Break: func(b *behaviour) {
			var mu sync.Mutex
			slowed := map[*grant]time.Time{}
			b.polled = func(_ *Server, _ *request, g *grant, a *answer) {
				mu.Lock()
				defer mu.Unlock()
				if _, again := slowed[g]; a.code == spec.ErrSlowDown && !again {
					slowed[g] = time.Now()
				}
			}
			b.early = func(s *Server, q *request, g *grant, now time.Time) *answer {
				mu.Lock()
				at, was := slowed[g]
				mu.Unlock()
				if was && now.Sub(at) > spec.SlowDownStep*time.Second &&
					g.interval < s.cfg.Interval+2*spec.SlowDownStep*time.Second && g.state == approved && !s.is.over(q, g, now) {
					return refuse(spec.ErrInvalidGrant, "the code was misused")
				}
				return nil
			}
		},
	},
	{
		Name: "pace-per-client", Check: "DF-POLL-009", Doc: "The last poll is kept per client instead of per code.",
		Break: func(b *behaviour) {
			var mu sync.Mutex
			last := map[*Client]time.Time{}
			b.tooFast = func(q *request, g *grant, now time.Time) bool {
				mu.Lock()
				defer mu.Unlock()
				at := last[g.client]
				last[g.client] = now
				return !g.polled.IsZero() && now.Sub(at) < g.interval
			}
		},
	},
	{
		Name: "guesses-slow-client", Check: "DF-POLL-010",
		Doc: "Unknown codes of the usual length slow down all devices of the client that polled them.",
		Break: func(b *behaviour) {
			var mu sync.Mutex
			misses := map[*Client][]time.Time{}
			b.find = func(s *Server, q *request, code string) *grant {
				g := s.grants.find(code)
				if g == nil && q.client != nil && len(code) == issuedLength { // what else is tried is no guess
					mu.Lock()
					misses[q.client] = append(misses[q.client], time.Now())
					mu.Unlock()
				}
				return g
			}
			b.early = func(s *Server, _ *request, g *grant, now time.Time) *answer {
				mu.Lock()
				defer mu.Unlock()
				recent := misses[g.client]
				if n := len(recent); n >= 8 && now.Sub(recent[n-8]) < 3*time.Second && g.state == pending && !g.polled.IsZero() &&
					now.Sub(g.polled) >= g.interval {
					return stateAnswer(spec.ErrSlowDown)
				}
				return nil
			}
		},
	},
	tokenRequestFault("unknown-as-pending", "DF-POLL-011", "A code that nobody issued is answered authorization_pending.",
		func(s *Server, q *request) *answer {
			code := q.get("device_code")
			if q.get("grant_type") == spec.GrantDeviceCode && len(code) == issuedLength && len(q.params) == 3 &&
				s.grants.findLike(code, strings.EqualFold) == nil && !s.wallet.knows(code) {
				return stateAnswer(spec.ErrAuthorizationPending)
			}
			return nil
		}),
	{
		Name: "unknown-as-denied", Check: "DF-POLL-011",
		Doc: "Codes that nobody issued, or that ended five seconds ago, are answered access_denied.",
		Break: func(b *behaviour) {
			b.early = func(_ *Server, _ *request, g *grant, now time.Time) *answer {
				if now.Sub(g.expires) > 5*time.Second {
					return refuse(spec.ErrInvalidGrant, "the device code is unknown")
				}
				return nil
			}
			b.finish = func(q *request, a *answer) {
				if a.code == spec.ErrInvalidGrant && q.get("grant_type") == spec.GrantDeviceCode {
					*a = *stateAnswer(spec.ErrAccessDenied)
				}
			}
		},
	},
	findFault("codes-case-insensitive", "DF-POLL-012", "Device codes are compared without regard to case.",
		func(s *Server, _ *request, code string) *grant {
			if g := s.grants.find(code); g != nil {
				return g
			}
			return s.grants.findLike(code, strings.EqualFold)
		}),
	findFault("codes-compared-by-half", "DF-POLL-012", "Of a device code the second half alone is compared.",
		func(s *Server, _ *request, code string) *grant {
			if g := s.grants.find(code); g != nil || len(code) != issuedLength {
				return g
			}
			return s.grants.findLike(code, func(a, b string) bool {
				return len(a) == len(b) && a[len(a)/2:] == b[len(b)/2:]
			})
		}),
	tokenRequestFault("empty-code-refused-late", "DF-POLL-013", "A poll without a device code is answered access_denied.",
		func(_ *Server, q *request) *answer {
			if q.get("grant_type") == spec.GrantDeviceCode && q.get("device_code") == "" && q.get("client_id") == "dfcheck" {
				return stateAnswer(spec.ErrAccessDenied)
			}
			return nil
		}),
	tokenRequestFault("grant-type-defaulted", "DF-POLL-014", "A poll without grant_type is taken for the device grant.",
		func(_ *Server, q *request) *answer {
			if q.get("grant_type") == "" && q.get("device_code") != "" {
				q.params = q.params.With("grant_type", spec.GrantDeviceCode)
			}
			return nil
		}),
	tokenRequestFault("grant-type-suffix", "DF-POLL-015", "Every grant type that ends in device_code is accepted.",
		func(_ *Server, q *request) *answer {
			if grant := q.get("grant_type"); grant != spec.GrantDeviceCode && strings.HasSuffix(grant, ":device_code") {
				q.params = q.params.With("grant_type", spec.GrantDeviceCode)
			}
			return nil
		}),
	tokenRequestFault("long-code-overflows", "DF-POLL-016", "A device code that is too long ends in a server error.",
		func(_ *Server, q *request) *answer {
			if n := len(q.get("device_code")); n > 255 && n < 300 {
				a := refuse("server_error", "the value does not fit")
				a.status = http.StatusInternalServerError
				return a
			}
			return nil
		}),
	{
		Name: "silent-interval", Check: "DF-POLL-017", Contract: "rfc8628",
		Doc:       "No interval is announced and 10 s are enforced.",
		Configure: func(c *Config) { c.Interval, c.Lifetime = 10*time.Second, time.Minute },
		Break: func(b *behaviour) {
			b.began = func(_ *Server, _ *request, _ *grant, m map[string]any) { delete(m, "interval") }
			b.tooFast = func(_ *request, g *grant, now time.Time) bool {
				steady := now.Sub(g.polled) < spec.DefaultInterval*time.Second+exactly/2
				return !g.polled.IsZero() && (now.Sub(g.polled) < spec.DefaultInterval*time.Second || steady &&
					g.interval == 10*time.Second)
			}
		},
	},
	also(map[string]string{
		"DF-USERCODE-011": "the link enters the code, so that opening it approves",
	}, decideFault("entering-approves", "DF-POLL-018", "Typing the code approves the device.",
		func(s *Server, g *grant, action, user string, now time.Time) error {
			if action == actionEnter {
				action = actionApprove
			}
			return s.decide(g, action, user, now)
		})),
	also(map[string]string{
		"DF-DENY-005": "it approves a device that has not polled yet",
	}, decideFault("priming-poll-needed", "DF-POLL-019", "An approval reaches only codes that were polled before.",
		func(s *Server, g *grant, action, user string, now time.Time) error {
			time.Sleep(window) // for a poll that came at the same moment
			g.mu.Lock()
			primed := !g.polled.IsZero()
			g.mu.Unlock()
			err := s.decide(g, action, user, now)
			if !primed && action == actionApprove && err == nil {
				g.mu.Lock()
				g.state = pending
				g.mu.Unlock()
			}
			return err
		})),
	tokenRequestFault("unknown-poll-parameters-refused", "DF-POLL-020",
		"A poll with a parameter that is not declared is refused.",
		func(_ *Server, q *request) *answer {
			if _, there := q.params.Get("dfcheck_extra"); there {
				return refuse(spec.ErrInvalidRequest, "unknown parameter")
			}
			return nil
		}),
	tokenRequestFault("first-repeat-wins", "DF-POLL-021", "Of a repeated parameter of a poll the first one counts.",
		func(_ *Server, q *request) *answer {
			for _, name := range []string{"grant_type", "device_code", "client_id"} {
				if v, there := q.params.Get(name); there && q.encoding == spec.Form {
					q.params = q.params.With(name, v)
				}
			}
			return nil
		}),
}

// issuedLength is the length of the codes that this server issues.
const issuedLength = 43

func (w *wallet) knows(token string) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.byAccess[token] != nil || w.byRefresh[token] != nil
}

// exactly is how much beyond an interval a device may be, to count as one that
// keeps it to the letter.
const exactly = 150 * time.Millisecond

// findLike finds a grant with a code that is like this one.
func (s *store) findLike(code string, like func(a, b string) bool) *grant {
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.RLock()
		for known, g := range sh.grants {
			if like(known, code) {
				sh.mu.RUnlock()
				return g
			}
		}
		sh.mu.RUnlock()
	}
	return nil
}
