package refserver

import (
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// refreshFault changes what a refresh request does.
func refreshFault(name, check, doc string, refresh func(s *Server, q *request) *answer) Fault {
	return standard(Fault{Name: name, Check: check, Doc: doc, Break: func(b *behaviour) { b.refresh = refresh }})
}

var refreshFaults = []Fault{
	refreshFault("refresh-storable", "DF-REFRESH-001", "The answer to a refresh may be stored.",
		func(s *Server, q *request) *answer {
			a := s.refresh(q)
			if a.code == "" {
				a.with("Cache-Control", "no-cache")
			}
			return a
		}),
	standard(Fault{
		Name: "rotated-not-stored", Check: "DF-REFRESH-001", Doc: "The refresh token that a refresh brings does not work.",
		Break: func(b *behaviour) {
			var lost sync.Map // refresh tokens
			b.refresh = func(s *Server, q *request) *answer {
				if _, unknown := lost.Load(q.get("refresh_token")); unknown {
					return refuse(spec.ErrInvalidGrant, "the refresh token is unknown")
				}
				a := s.refresh(q)
				if token, rotated := a.members["refresh_token"]; rotated {
					lost.Store(token, true)
				}
				return a
			}
		},
	}),
	standard(Fault{
		Name: "refresh-ends-with-access", Check: "DF-REFRESH-001",
		Doc:       "A refresh token ends with the access token that came with it.",
		Configure: func(c *Config) { c.TokenLifetime = shortTokens },
		Break: func(b *behaviour) {
			b.refresh = func(s *Server, q *request) *answer {
				if t := s.wallet.refreshed(q.get("refresh_token")); t != nil && time.Now().After(t.expires) {
					return refuse(spec.ErrInvalidGrant, "the refresh token has expired")
				}
				return s.refresh(q)
			}
		},
	}),
	refreshFault("refresh-unbound", "DF-REFRESH-002", "Any client can use a refresh token.",
		func(s *Server, q *request) *answer {
			if t := s.wallet.refreshed(q.get("refresh_token")); t != nil {
				q.client = t.client
			}
			return s.refresh(q)
		}),
	refreshFault("rotation-keeps-old", "DF-REFRESH-003", "A rotated refresh token stays valid.",
		func(s *Server, q *request) *answer {
			if t := s.wallet.refreshed(q.get("refresh_token")); t != nil &&
				time.Until(t.expires) < s.cfg.TokenLifetime-30*time.Second {
				t.family.mu.Lock()
				t.family.current = t.refresh
				t.family.mu.Unlock()
			}
			return s.refresh(q)
		}),
	refreshFault("refresh-widens", "DF-REFRESH-004", "The scope of a refresh request is granted as requested.",
		func(s *Server, q *request) *answer {
			if t := s.wallet.refreshed(q.get("refresh_token")); t != nil {
				t.family.mu.Lock()
				t.family.scope += " " + q.get("scope")
				t.family.mu.Unlock()
			}
			return s.refresh(q)
		}),
	standard(tokenRequestFault("refresh-token-as-code", "DF-REFRESH-005", "A refresh token is taken for a device code.",
		func(s *Server, q *request) *answer {
			if t := s.wallet.refreshed(q.get("device_code")); t != nil {
				return succeed(s.mint(t.client, t.user, t.scope, nil).members())
			}
			return nil
		})),
	{
		Name: "rotation-unlocked", Check: "DF-REFRESH-006", Contract: "rfc8628",
		Doc: "Simultaneous refreshes each start a new token family.",
		Break: func(b *behaviour) {
			var mu sync.Mutex
			under := map[*tokens]int{}
			b.refresh = func(s *Server, q *request) *answer {
				t := s.wallet.refreshed(q.get("refresh_token"))
				if t == nil {
					return s.refresh(q)
				}
				mu.Lock()
				under[t]++
				mu.Unlock()
				time.Sleep(window)
				mu.Lock()
				defer mu.Unlock()
				defer func() { under[t]-- }()
				if under[t] > 1 {
					return succeed(s.mint(t.client, t.user, t.scope, nil).members())
				}
				return s.refresh(q)
			}
		},
	},
	{
		Name: "refresh-wants-device-code", Check: "DF-REFRESH-007", Contract: "documented-v2",
		Doc: "A refresh with an unknown token is told that device_code is missing.",
		Break: func(b *behaviour) {
			b.refuseToken = func(s *Server, q *request) *answer {
				if q.get("grant_type") == spec.GrantRefreshToken && q.get("device_code") == "" &&
					s.wallet.refreshed(q.get("refresh_token")) == nil {
					return refuse(spec.ErrInvalidRequest, "device_code is missing")
				}
				return nil
			}
		},
	},
	refreshFault("refresh-restores-default", "DF-REFRESH-008", "A refreshed token has the client's default scope.",
		restoreDefault),
	offline(Fault{
		Name: "offline-refresh-restores-default", Check: "DF-REFRESH-008",
		Doc:   "The same, where refresh tokens come with offline_access alone.",
		Break: func(b *behaviour) { b.refresh = restoreDefault },
	}, "openid", "profile"),
	offline(Fault{
		Name: "offline-part-refreshed-to-all", Check: "DF-REFRESH-008",
		Doc:   "The same, where a part of the scope that is asked for can have offline_access in it.",
		Break: func(b *behaviour) { b.refresh = restoreDefault },
	}, "openid", "profile", "address"),
	offline(Fault{
		Name: "offline-access-for-nothing", Check: "DF-REFRESH-001",
		Doc: "offline_access is granted and told, and no refresh token comes.",
		Break: func(b *behaviour) {
			b.issued = func(_ *Server, _ *request, g *grant, m map[string]any) {
				delete(m, "refresh_token")
				if g.tokens.scope != "" {
					m["scope"] = g.tokens.scope
				}
			}
		},
	}, "openid", "profile"),
}

// shortTokens is a lifetime of access tokens that ends while a run goes on.
const shortTokens = 30 * time.Second

// restoreDefault refreshes with the scope that the client has by default.
func restoreDefault(s *Server, q *request) *answer {
	if t := s.wallet.refreshed(q.get("refresh_token")); t != nil && q.get("scope") == "" {
		t.family.mu.Lock()
		t.scope = s.defaultScope()
		t.family.mu.Unlock()
	}
	return s.refresh(q)
}

// OfflineAccess is the scope without which many servers give no refresh token.
const OfflineAccess = "offline_access"

// offline is a server that gives refresh tokens to those alone who are granted
// offline_access, of these scopes.
func offline(f Fault, scopes ...string) Fault {
	f.Configure = func(c *Config) { c.Scopes = append(scopes, OfflineAccess) }
	own := f.Break
	f.Break = func(b *behaviour) {
		b.issued = func(_ *Server, _ *request, g *grant, m map[string]any) {
			if !within(OfflineAccess, g.tokens.scope) {
				delete(m, "refresh_token")
			}
		}
		if own != nil {
			own(b)
		}
	}
	return standard(f)
}
