package refserver

import (
	"crypto/subtle"
	"net/http"
	"net/url"

	"github.com/dfcheck/dfcheck/spec"
)

// authenticate finds out for which client a request speaks (RFC 6749 sections
// 2.3 and 3.2.1). The client stays nil when the request names none.
func (s *Server) authenticate(q *request) *answer {
	id, secret, basic := q.BasicAuth()
	if s.cfg.Assertions && q.get("client_assertion") != "" {
		return s.asserted(q)
	}
	if basic {
		id, secret = unescape(id), unescape(secret)
		if q.get("client_secret") != "" || q.get("client_id") != "" && q.get("client_id") != id {
			return refuse(spec.ErrInvalidRequest, "more than one way of client authentication")
		}
	} else {
		id, secret = q.get("client_id"), q.get("client_secret")
	}
	if id == "" {
		return nil
	}
	c := s.clients[id]
	if c != nil && c.Certificate != nil {
		if !s.certified(q, c) {
			return unauthenticated(basic)
		}
		q.client = c
		return nil
	}
	if c == nil || c.Key != nil && s.is.looks(assertThere) ||
		subtle.ConstantTimeCompare([]byte(c.Secret), []byte(secret)) != 1 {
		return unauthenticated(basic)
	}
	q.client = c
	return nil
}

// unescape undoes the form encoding inside HTTP Basic (RFC 6749 section 2.3.1).
func unescape(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}

// unauthenticated refuses a client. One that tried HTTP Basic is told so with
// 401 (RFC 6749 section 5.2).
func unauthenticated(basic bool) *answer {
	a := refuse(spec.ErrInvalidClient, "the client is unknown or did not authenticate")
	if basic {
		a.status = http.StatusUnauthorized
		a.with("WWW-Authenticate", `Basic realm="device flow"`)
	}
	return a
}
