package refserver

import (
	"net/http"

	"github.com/dfcheck/dfcheck/spec"
)

// tokenType is one of the two types of RFC 7009 section 2.1.
type tokenType string

const (
	accessToken  tokenType = "access_token"
	refreshToken tokenType = "refresh_token"
)

// serveRevocation ends tokens that a client gives back (RFC 7009 section 2). A server
// without it has nothing at this path.
func (s *Server) serveRevocation(w http.ResponseWriter, r *http.Request) {
	switch {
	case !s.cfg.Revocation:
		notFound().send(w)
		return
	case r.Method != http.MethodPost:
		methods(w, r, http.MethodPost)
		return
	}
	op := &spec.Operation{Path: pathRevocation, Encodings: []spec.Encoding{spec.Form}}
	q, a := s.read(r, "revocation", op)
	if a == nil {
		a = s.authenticate(q)
	}
	switch {
	case a != nil:
	case q.client == nil:
		a = unauthenticated(false)
	case q.get("token") == "":
		a = refuse(spec.ErrInvalidRequest, "token is missing")
	default:
		a = s.giveBack(q)
	}
	a.send(w)
}

// giveBack answers a revocation request of a client that is known. A token that nobody
// knows is revoked already (RFC 7009 section 2.2).
func (s *Server) giveBack(q *request) *answer {
	as, t := refreshToken, s.wallet.refreshed(q.get("token"))
	if t == nil {
		as, t = accessToken, s.wallet.accessed(q.get("token"))
	}
	if a := s.is.revocable(s, q, t, as); a != nil {
		return a
	}
	if t != nil {
		s.is.revoke(s, t, as)
	}
	return succeed(nil)
}

// owned refuses to revoke a token of another client (RFC 7009 section 2.1).
func owned(_ *Server, q *request, t *tokens, _ tokenType) *answer {
	if t != nil && q.client != t.client {
		return refuse(spec.ErrInvalidGrant, "the token is another client's")
	}
	return nil
}

// revoke ends a token; with a refresh token, all that go back to the same grant.
func (s *Server) revoke(t *tokens, as tokenType) {
	if as == accessToken {
		s.wallet.forgetAccess(t.access)
		return
	}
	t.family.mu.Lock()
	defer t.family.mu.Unlock()
	t.family.revoked = true
}
