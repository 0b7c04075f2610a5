package refserver

import (
	"strings"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// scopeFault changes what is granted.
func scopeFault(name, check, doc string, scope func(s *Server, q *request, g *grant) string) Fault {
	return Fault{Name: name, Check: check, Doc: doc, Break: func(b *behaviour) { b.scope = scope }}
}

// redeemFault refuses to redeem some approved grants.
func redeemFault(name, doc, code string, refused func(s *Server, g *grant) bool) Fault {
	return Fault{Name: name, Check: "DF-TOKEN-012", Doc: doc, Break: func(b *behaviour) {
		b.redeem = func(s *Server, q *request, g *grant) *answer {
			if refused(s, g) {
				return refuse(code, "the scope cannot be granted")
			}
			return s.redeem(q, g)
		}
	}}
}

// defaultScope is all that the server can grant.
func (s *Server) defaultScope() string { return strings.Join(s.cfg.Scopes, " ") }

// scopeFaults are wrong about what was asked for and what is granted.
var scopeFaults = []Fault{
	scopeFault("poll-widens-scope", "DF-TOKEN-006", "A scope sent with the poll replaces the approved one.",
		func(s *Server, q *request, g *grant) string {
			if asked := q.get("scope"); asked != "" {
				return asked
			}
			return s.granted(g.scope)
		}),
	{
		Name: "poll-decides-scope", Check: "DF-TOKEN-006",
		Doc: "The token has the scope of the poll, as far as it is known, or else the client's default.",
		Also: map[string]string{
			"DF-TOKEN-013": "a request for a part of the scope gets all of it, and is told",
		},
		Break: func(b *behaviour) {
			b.scope = func(s *Server, q *request, g *grant) string {
				if asked := s.granted(q.get("scope")); asked != "" {
					return asked
				}
				return s.defaultScope()
			}
		},
	},
	scopeFault("poll-brings-scope", "DF-TOKEN-006", "Where none was asked for, the scope of the poll is granted.",
		func(s *Server, q *request, g *grant) string {
			if g.scope == "" {
				return s.granted(q.get("scope"))
			}
			return s.granted(g.scope)
		}),
	standard(Fault{
		Name: "poll-brings-refresh", Check: "DF-TOKEN-006",
		Doc: "A refresh token comes where the poll names a scope, and not without.",
		Break: func(b *behaviour) {
			b.issued = func(_ *Server, q *request, _ *grant, m map[string]any) {
				if q.get("scope") == "" {
					delete(m, "refresh_token")
				}
			}
		},
	}),
	redeemFault("unknown-scope-refused-late", "A scope that is not granted is refused when the code is redeemed.",
		spec.ErrInvalidScope, func(s *Server, g *grant) bool { return s.granted(g.scope) != g.scope }),
	redeemFault("no-scope-never-redeems", "A code that was asked for without a scope cannot be redeemed.",
		spec.ErrInvalidGrant, func(_ *Server, g *grant) bool { return g.scope == "" }),
	redeemFault("part-of-scope-never-redeems", "Only the whole scope of the client can be redeemed, or none.",
		spec.ErrAccessDenied, func(s *Server, g *grant) bool {
			return g.scope != "" && s.granted(g.scope) != s.defaultScope()
		}),
	{
		Name: "no-scope-stays-pending", Check: "DF-TOKEN-012",
		Doc: "The approval of a request without a scope has no effect.",
		Break: func(b *behaviour) {
			b.decide = func(s *Server, g *grant, action, user string, now time.Time) error {
				if g.scope == "" {
					return nil
				}
				return s.decide(g, action, user, now)
			}
		},
	},
	{
		Name: "scope-granted-in-secret", Check: "DF-TOKEN-013",
		Doc: "A request for one scope gets the client's others too, and the response does not say so.",
		Break: func(b *behaviour) {
			b.scope = func(s *Server, _ *request, g *grant) string {
				if g.scope != "" {
					return s.defaultScope()
				}
				return ""
			}
			b.issued = func(s *Server, _ *request, g *grant, m map[string]any) {
				delete(m, "scope")
				if told := s.granted(g.scope); told != g.scope {
					m["scope"] = told
				}
			}
		},
	},
	scopeFault("any-scope-granted", "DF-TOKEN-014", "Every well-formed scope is granted.",
		func(_ *Server, _ *request, g *grant) string { return g.scope }),
	tokenFault("scope-empty", "DF-TOKEN-015", "A token without a scope says so with an empty scope.",
		func(_ *Server, g *grant, m map[string]any) {
			if g.tokens.scope == "" {
				m["scope"] = ""
			}
		}),
	{
		Name: "scope-in-an-array", Check: "DF-TOKEN-015", Contract: "rfc8628",
		Doc:  "The scope of a token response is an array of its words.",
		Also: map[string]string{"DF-TOKEN-005": "the scope that was narrowed is such an array as well"},
		Break: func(b *behaviour) {
			b.issued = func(_ *Server, _ *request, _ *grant, m map[string]any) {
				if scope, ok := m["scope"].(string); ok {
					m["scope"] = strings.Fields(scope)
				}
			}
		},
	},
	tokenFault("scope-with-two-spaces", "DF-TOKEN-015", "Two spaces stand between the words of the scope.",
		func(_ *Server, g *grant, m map[string]any) {
			if strings.Contains(g.tokens.scope, " ") {
				m["scope"] = strings.ReplaceAll(g.tokens.scope, " ", "  ")
			}
		}),
}
