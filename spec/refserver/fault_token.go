package refserver

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"
)

// standard shows a fault at a standard server.
func standard(f Fault) Fault { f.Contract = "rfc8628"; return f }

// number is a number written as text.
func number(v any) string { return fmt.Sprint(v) }

// tokenFault changes what a redemption answers.
func tokenFault(name, check, doc string, change func(s *Server, g *grant, m map[string]any)) Fault {
	return Fault{Name: name, Check: check, Doc: doc, Break: func(b *behaviour) {
		b.issued = func(s *Server, _ *request, g *grant, m map[string]any) { change(s, g, m) }
	}}
}

var tokenFaults = []Fault{
	{
		Name: "approval-without-effect", Check: "DF-TOKEN-001",
		Doc: "The approval never reaches what the token endpoint reads.",
		Break: func(b *behaviour) {
			b.decide = func(s *Server, g *grant, action, user string, now time.Time) error {
				err := s.decide(g, action, user, now)
				g.mu.Lock()
				defer g.mu.Unlock()
				if g.state == approved {
					g.state = pending
				}
				return err
			}
		},
	},
	tokenFault("token-type-missing", "DF-TOKEN-002", "The token response lacks token_type.",
		func(_ *Server, _ *grant, m map[string]any) { delete(m, "token_type") }),
	{
		Name: "token-storable", Check: "DF-TOKEN-003", Doc: "The token response says no-cache instead of no-store.",
		Break: func(b *behaviour) {
			b.finish = func(q *request, a *answer) {
				if q.name == "token" && a.code == "" {
					a.with("Cache-Control", "no-cache")
				}
			}
		},
	},
	tokenFault("token-lifetime-as-milliseconds", "DF-TOKEN-004", "expires_in of the token is a string of milliseconds.",
		func(_ *Server, _ *grant, m map[string]any) {
			if seconds, there := m["expires_in"]; there {
				m["expires_in"] = number(seconds) + "000"
			}
		}),
	tokenFault("requested-scope-reported", "DF-TOKEN-005",
		"The token response repeats the requested scope although less was granted.",
		func(_ *Server, g *grant, m map[string]any) {
			if g.scope != "" {
				m["scope"] = g.scope
			}
		}),
	tokenFault("token-with-newline", "DF-TOKEN-007", "The access token ends in a line break.",
		func(s *Server, g *grant, m map[string]any) {
			g.tokens.access += "\n"
			m["access_token"] = g.tokens.access
			s.wallet.keep(g.tokens)
		}),
	{
		Name: "token-per-user", Check: "DF-TOKEN-008", Doc: "A person's second device gets the token of the first.",
		Break: func(b *behaviour) {
			var mu sync.Mutex
			first := map[string]*tokens{}
			b.redeem = func(s *Server, q *request, g *grant) *answer {
				mu.Lock()
				defer mu.Unlock()
				key := g.client.ID + "\x00" + g.user + "\x00" + g.scope
				if first[key] == nil {
					a := s.redeem(q, g)
					first[key] = g.tokens
					return a
				}
				g.state, g.tokens = redeemed, first[key]
				return succeed(g.tokens.members())
			}
		},
	},
	tokenFault("codes-beside-tokens", "DF-TOKEN-009", "The token response repeats the codes.",
		func(_ *Server, g *grant, m map[string]any) {
			m["device_code"], m["user_code"] = g.deviceCode, g.userCode
		}),
	{
		Name: "token-of-last-approver", Check: "DF-TOKEN-010",
		Doc: "The token belongs to whoever was the last to approve anything for the first time.",
		Break: func(b *behaviour) {
			var mu sync.Mutex
			last, known := "", map[string]bool{}
			b.decide = func(s *Server, g *grant, action, user string, now time.Time) error {
				err := s.decide(g, action, user, now)
				mu.Lock()
				defer mu.Unlock()
				if err == nil && action == actionApprove && !known[user] {
					last, known[user] = user, true
				}
				return err
			}
			b.redeem = func(s *Server, q *request, g *grant) *answer {
				mu.Lock()
				g.user = last
				mu.Unlock()
				return s.redeem(q, g)
			}
		},
	},
	tokenFault("jwt-unsigned", "DF-TOKEN-011", "The access token is a JWT with the algorithm none.",
		func(s *Server, g *grant, m map[string]any) {
			s.replaceAccess(g.tokens, m, strings.Join([]string{
				encoded(`{"alg":"none","typ":"at+jwt"}`),
				encoded(fmt.Sprintf(`{"iss":%q,"sub":%q,"exp":%d,"jti":%q}`, s.cfg.BaseURL, g.user, g.tokens.expires.Unix(),
					random(16))), ""}, "."))
		}),
	jwtTokens(Fault{Name: "jwt-for-nobody", Check: "DF-TOKEN-011",
		Doc: "The audience of JWT access tokens is an empty array."},
		func(claims map[string]any) { claims["aud"] = []string{} }),
	jwtTokens(Fault{Name: "jwt-about-nobody", Check: "DF-TOKEN-011", Doc: "The subject of JWT access tokens is empty."},
		func(claims map[string]any) { claims["sub"] = "" }),
}

// jwtTokens gives access tokens with the claims of RFC 9068, and what is changed of them.
// Nobody looks at their signatures.
func jwtTokens(f Fault, change func(claims map[string]any)) Fault {
	f.Break = func(b *behaviour) {
		b.issued = func(s *Server, _ *request, g *grant, m map[string]any) {
			claims := map[string]any{"iss": s.cfg.BaseURL, "sub": g.user, "aud": "https://api.example.com",
				"client_id": g.client.ID, "iat": time.Now().Unix(), "exp": g.tokens.expires.Unix(), "jti": random(16)}
			change(claims)
			payload, _ := json.Marshal(claims) // texts and numbers
			s.replaceAccess(g.tokens, m, strings.Join([]string{encoded(`{"alg":"ES256","typ":"at+jwt"}`),
				encoded(string(payload)), random(64)}, "."))
		}
	}
	return f
}

// replaceAccess gives out another access token in place of the one that was made.
func (s *Server) replaceAccess(t *tokens, members map[string]any, access string) {
	t.access, members["access_token"] = access, access
	s.wallet.keep(t)
}
