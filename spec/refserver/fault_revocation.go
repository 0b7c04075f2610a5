package refserver

import "github.com/dfcheck/dfcheck/spec"

// revoking is a server that takes tokens back, of which only the group REVOKE sees
// anything.
func revoking(f Fault) Fault {
	f.Contract, f.Only = "rfc8628", []string{"REVOKE"}
	f.Configure = func(c *Config) { c.Revocation = true }
	return f
}

// revokeFault is a server that does something else with a token that is given back.
func revokeFault(name, check, doc string, revoke func(s *Server, t *tokens, as tokenType)) Fault {
	return revoking(Fault{Name: name, Check: check, Doc: doc, Break: func(b *behaviour) { b.revoke = revoke }})
}

// revocableFault is a server that refuses other tokens, or none.
func revocableFault(name, check, doc string,
	revocable func(s *Server, q *request, t *tokens, as tokenType) *answer) Fault {
	return revoking(Fault{Name: name, Check: check, Doc: doc, Break: func(b *behaviour) { b.revocable = revocable }})
}

var revocationFaults = []Fault{
	revokeFault("revoked-refresh-lives", "DF-REVOKE-001", "Of a revoked refresh token only the access token ends.",
		func(s *Server, t *tokens, _ tokenType) { s.wallet.forgetAccess(t.access) }),
	revokeFault("revoked-access-lives", "DF-REVOKE-002", "A revoked access token stays active.",
		func(s *Server, t *tokens, as tokenType) {
			if as == refreshToken {
				s.revoke(t, as)
			}
		}),
	revokeFault("access-outlives-refresh", "DF-REVOKE-003", "A revoked refresh token leaves its access token active.",
		func(s *Server, t *tokens, as tokenType) {
			if as == accessToken {
				s.revoke(t, as)
				return
			}
			t.family.mu.Lock()
			defer t.family.mu.Unlock()
			t.family.current = ""
		}),
	revocableFault("unknown-token-refused", "DF-REVOKE-004", "A token that nobody issued is refused.",
		func(s *Server, q *request, t *tokens, as tokenType) *answer {
			if t == nil {
				return refuse("invalid_token", "the token is unknown")
			}
			return owned(s, q, t, as)
		}),
	revocableFault("revocation-unbound", "DF-REVOKE-005", "Any client can revoke a token.",
		func(*Server, *request, *tokens, tokenType) *answer { return nil }),
	revocableFault("hint-believed", "DF-REVOKE-006", "A token is looked for only where its hint says.",
		func(s *Server, q *request, t *tokens, as tokenType) *answer {
			if hint := q.get("token_type_hint"); t != nil && hint != "" && hint != string(as) {
				return succeed(nil)
			}
			return owned(s, q, t, as)
		}),
	revocableFault("hint-held-against-token", "DF-REVOKE-006", "A token whose hint is wrong is refused.",
		func(s *Server, q *request, t *tokens, as tokenType) *answer {
			if hint := q.get("token_type_hint"); t != nil && hint != "" && hint != string(as) {
				return refuse(spec.ErrInvalidRequest, "the token is of another type than its hint says")
			}
			return owned(s, q, t, as)
		}),
}

// revocationVariants are right in another way of those that RFC 7009 leaves open.
var revocationVariants = []Fault{
	revoking(Fault{Name: "revokes", Doc: "Tokens can be given back."}),
	revocableFault("revokes-refresh-alone", "", "Access tokens cannot be given back, refresh tokens can.",
		func(s *Server, q *request, t *tokens, as tokenType) *answer {
			if t != nil && as == accessToken {
				return refuse("unsupported_token_type", "access tokens end by themselves")
			}
			return owned(s, q, t, as)
		}),
	revocableFault("foreign-token-as-unknown", "", "A token of another client is answered like an unknown one.",
		func(_ *Server, q *request, t *tokens, _ tokenType) *answer {
			if t != nil && q.client != t.client {
				return succeed(nil)
			}
			return nil
		}),
	revokeFault("access-ends-all", "", "With an access token that is given back its refresh token ends, too.",
		func(s *Server, t *tokens, _ tokenType) { s.revoke(t, refreshToken) }),
	revocableFault("revokes-with-secret-alone", "", "Only clients with a secret can give tokens back.",
		func(s *Server, q *request, t *tokens, as tokenType) *answer {
			if q.client.Secret == "" {
				return unauthenticated(false)
			}
			return owned(s, q, t, as)
		}),
}
