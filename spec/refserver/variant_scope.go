package refserver

import (
	"slices"
	"strings"
	"sync"

	"github.com/dfcheck/dfcheck/spec"
)

// scopeVariants do with scopes what RFC 6749 section 3.3 leaves to a server's policy.
var scopeVariants = []Fault{
	{
		Name: "default-scope", Doc: "A request without a scope gets the client's default, and is told.",
		Break: func(b *behaviour) {
			b.scope = func(s *Server, _ *request, g *grant) string {
				if g.scope == "" {
					return s.defaultScope()
				}
				return s.granted(g.scope)
			}
		},
	},
	{
		Name: "client-scopes-always", Doc: "The client's scopes come with every token, which says so.",
		Also: map[string]string{"DF-TOKEN-013": "ruling R75: more than was asked for, and told"},
		Break: func(b *behaviour) {
			b.scope = func(s *Server, _ *request, _ *grant) string { return s.defaultScope() }
			b.issued = func(s *Server, _ *request, _ *grant, m map[string]any) { m["scope"] = s.defaultScope() }
		},
	},
	{
		Name: "unknown-scopes-refused",
		Doc:  "A request that names a scope which is not granted is refused with invalid_scope.",
		Break: func(b *behaviour) {
			b.refuseStart = func(s *Server, q *request) *answer {
				if scope := q.get("scope"); scopeShaped(scope) && s.granted(scope) != scope {
					return refuse(spec.ErrInvalidScope, "the scope is not the client's")
				}
				return nil
			}
		},
	},
	{
		Name: "introspection-of-own-tokens",
		Doc:  "Introspection calls tokens of other clients than the one that asks inactive.",
		Break: func(b *behaviour) {
			b.worth = func(t *tokens, worth map[string]any) {
				if t.client.Secret == "" { // who asks has one
					clear(worth)
					worth["active"] = false
				}
			}
		},
	},
	{
		Name: "refresh-once", Doc: "A person's first approval of a scope brings a refresh token, and later ones bring none.",
		Break: func(b *behaviour) {
			var had sync.Map // people, clients and scopes
			b.issued = func(_ *Server, _ *request, g *grant, m map[string]any) {
				if _, again := had.LoadOrStore([3]string{g.user, g.client.ID, g.scope}, true); again {
					delete(m, "refresh_token")
				}
			}
		},
	},
	offline(Fault{Name: "refresh-with-offline-access", Doc: "A refresh token comes with offline_access alone."},
		"openid", "profile", "address"),
	offline(Fault{
		Name: "offline-access-not-granted", Doc: "offline_access is not granted, and the scope of the token says so.",
		Break: func(b *behaviour) {
			b.scope = func(s *Server, _ *request, g *grant) string {
				words := strings.Fields(s.granted(g.scope))
				return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == OfflineAccess }), " ")
			}
		},
	}, "openid", "profile"),
	jwtTokens(Fault{Name: "jwt-for-two-audiences", Doc: "Access tokens are JWTs of type at+jwt with two audiences."},
		func(claims map[string]any) {
			claims["aud"] = []string{"https://api.example.com", "https://other.example.com"}
		}),
	{
		Name: "scope-always-told", Doc: "The scope stands in every token response, in another order.",
		Break: func(b *behaviour) {
			b.issued = func(_ *Server, _ *request, g *grant, m map[string]any) {
				words := strings.Fields(g.tokens.scope)
				slices.Reverse(words)
				if len(words) > 0 {
					m["scope"] = strings.Join(words, " ")
				}
			}
		},
	},
	{
		Name: "nothing-to-grant", Doc: "A person can approve a request without a scope, and there is nothing to grant.",
		Also: map[string]string{"DF-TOKEN-012": "ruling R76: refused late, as access_denied"},
		Break: func(b *behaviour) {
			b.redeem = func(s *Server, q *request, g *grant) *answer {
				if g.scope == "" {
					return stateAnswer(spec.ErrAccessDenied)
				}
				return s.redeem(q, g)
			}
		},
	},
}
