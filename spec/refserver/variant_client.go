package refserver

import (
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// clientVariants hold clients to what they are registered for.
var clientVariants = []Fault{
	oneMethod("registered-for-basic", "The confidential client is registered for HTTP Basic alone.",
		func(q *request) bool { return q.get("client_secret") != "" }),
	oneMethod(RegisteredForPost, "The confidential client is registered for its secret in the body alone.",
		func(q *request) bool { return q.Header.Get("Authorization") != "" }),
	{
		Name: "pending-unbound", Doc: "Before the decision a code is pending for any client; tokens are for its own.",
		Also: map[string]string{
			"DF-CLIENT-002": "ruling R13: a pending answer to another client's poll before the decision",
		},
		Break: func(b *behaviour) {
			b.bound = func(q *request, g *grant) bool {
				g.mu.Lock()
				defer g.mu.Unlock()
				return q.client == nil || q.client == g.client || g.state == pending
			}
		},
	},
	{
		Name: "refresh-unproven-as-unknown", Contract: "rfc8628",
		Doc: "A refresh without the client's secret is answered as one with an unknown refresh token.",
		Break: func(b *behaviour) {
			b.refuseToken = func(s *Server, q *request) *answer {
				c := s.clients[q.get("client_id")]
				if q.get("grant_type") == spec.GrantRefreshToken && c != nil && c.Secret != "" &&
					q.get("client_secret") == "" && q.Header.Get("Authorization") == "" {
					return refuse(spec.ErrInvalidGrant, "the refresh token is unknown")
				}
				return nil
			}
		},
	},
	{
		Name: "short-access-tokens", Contract: "rfc8628", Doc: "Access tokens end after half a minute.",
		Configure: func(c *Config) { c.TokenLifetime = shortTokens },
	},
	{
		Name: "foreign-poll-delays", Doc: "A code that another client has polled is pending for five intervals.",
		Break: foreignPolls(5, func(*grant) bool { return true }),
	},
	pkceDemanded,
}

// pkceDemanded wants of every client what RFC 7636 asks of public ones.
var pkceDemanded = Fault{
	Name: "pkce-demanded", Doc: "A device authorization request without a code challenge is refused.",
	Break: func(b *behaviour) {
		var mu sync.Mutex
		challenges := map[string]string{} // by device code
		b.refuseStart = func(_ *Server, q *request) *answer {
			if q.get("code_challenge") == "" || q.get("code_challenge_method") != spec.S256 {
				return refuse(spec.ErrInvalidRequest, "code_challenge by S256 is required")
			}
			return nil
		}
		b.began = func(_ *Server, q *request, g *grant, _ map[string]any) {
			mu.Lock()
			defer mu.Unlock()
			challenges[g.deviceCode] = q.get("code_challenge")
		}
		b.early = func(_ *Server, q *request, _ *grant, _ time.Time) *answer {
			if q.get("code_verifier") == "" {
				return refuse(spec.ErrInvalidRequest, "code_verifier is missing")
			}
			return nil
		}
		b.redeem = func(s *Server, q *request, g *grant) *answer {
			mu.Lock()
			challenge := challenges[g.deviceCode]
			mu.Unlock()
			if challenge != spec.CodeChallenge(q.get("code_verifier")) {
				return refuse(spec.ErrInvalidGrant, "the code verifier does not fit the code challenge")
			}
			return s.redeem(q, g)
		}
	},
}

// RegisteredForPost is the variant whose confidential client has to put its
// secret into the body.
const RegisteredForPost = "registered-for-post"

// oneMethod refuses the other way of authenticating at both endpoints.
func oneMethod(name, doc string, other func(q *request) bool) Fault {
	refuseOther := func(_ *Server, q *request) *answer {
		if !other(q) {
			return nil
		}
		_, _, basic := q.BasicAuth()
		return unauthenticated(basic)
	}
	return Fault{Name: name, Doc: doc, Contract: "rfc8628", Break: func(b *behaviour) {
		b.refuseStart, b.refuseToken = refuseOther, refuseOther
		b.metadata = func(_ *Server, _ string, m map[string]any) {
			m["token_endpoint_auth_methods_supported"] = []string{"none", "client_secret_basic", "client_secret_post"}
		}
	}}
}
