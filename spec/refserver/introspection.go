package refserver

import (
	"net/http"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// serveIntrospection tells a confidential client what a token is worth (RFC 7662
// section 2).
func (s *Server) serveIntrospection(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		methods(w, r, http.MethodPost)
		return
	}
	op := &spec.Operation{Path: pathIntrospection, Encodings: []spec.Encoding{spec.Form}}
	q, a := s.read(r, "introspection", op)
	if a == nil {
		a = s.authenticate(q)
	}
	if a == nil && (q.client == nil || q.client.Secret == "") {
		a = unauthenticated(true)
	}
	if a == nil {
		a = succeed(s.worth(q.get("token")))
	}
	a.send(w)
}

func (s *Server) worth(token string) map[string]any {
	t := s.wallet.accessed(token)
	if t == nil || !time.Now().Before(t.expires) {
		return map[string]any{"active": false}
	}
	t.family.mu.Lock()
	revoked := t.family.revoked
	t.family.mu.Unlock()
	if revoked {
		return map[string]any{"active": false}
	}
	worth := map[string]any{
		"active": true, "client_id": t.client.ID, "username": t.user, "sub": t.user, "scope": t.scope,
		"token_type": "Bearer", "exp": t.ends.Unix(), "iss": s.cfg.BaseURL,
	}
	if t.thumbprint != "" {
		worth["token_type"], worth["cnf"] = "DPoP", map[string]any{"jkt": t.thumbprint}
	}
	if t.certificate != "" {
		worth["cnf"] = map[string]any{"x5t#S256": t.certificate}
	}
	s.is.worth(t, worth)
	return worth
}
