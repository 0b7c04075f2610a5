package refserver

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// start answers a device authorization request (RFC 8628 sections 3.1, 3.2).
func (s *Server) start(q *request) *answer {
	if a := s.is.refuseStart(s, q); a != nil {
		return a
	}
	if a := s.wellFormed(q); a != nil {
		return a
	}
	if a := s.is.identify(s, q); a != nil {
		return a
	}
	switch {
	case q.client == nil:
		return refuse(spec.ErrInvalidRequest, "client_id is missing")
	case q.client.NoDeviceFlow:
		return refuse(spec.ErrUnauthorizedClient, "the client may not use the device grant")
	case !scopeShaped(q.get("scope")):
		return refuse(spec.ErrInvalidScope, "the scope is malformed")
	case q.get("scope") != "" && s.granted(q.get("scope")) == "":
		return refuse(spec.ErrInvalidScope, "none of the scope can be granted")
	}
	if s.grants.full(time.Now(), s.is.normal) {
		return problem(http.StatusServiceUnavailable, "no room for another grant").with("Retry-After", "5")
	}
	g := s.newGrant(q)
	members := map[string]any{
		"device_code":               g.deviceCode,
		"user_code":                 g.userCode,
		"verification_uri":          s.cfg.BaseURL + pathPage,
		"verification_uri_complete": s.cfg.BaseURL + pathPage + "?user_code=" + url.QueryEscape(g.userCode),
		"expires_in":                int64(s.cfg.Lifetime / time.Second),
		"interval":                  int64(s.cfg.Interval / time.Second),
	}
	s.is.began(s, q, g, members)
	return succeed(members)
}

func (s *Server) newGrant(q *request) *grant {
	now := time.Now()
	g := &grant{
		deviceCode: s.is.deviceCode(s), client: q.client, scope: q.get("scope"),
		deviceType: q.get("device_type"), deviceOS: q.get("device_os"),
		created: now, expires: now.Add(s.is.lifetime(s)), interval: s.cfg.Interval, from: address(q.Request),
	}
	for range 16 { // a live grant's code is not given away twice
		g.userCode = s.is.userCode(s)
		if s.cfg.UserCode != "" { // but a demonstration's moves on to the newest
			s.grants.assign(s.is.normal(g.userCode), g)
			break
		}
		if s.grants.claim(s.is.normal(g.userCode), g) {
			break
		}
	}
	s.grants.add(g, s.is.normal)
	return g
}

// userCodeAlphabet has no vowels, no digits and nothing that looks like
// something else (RFC 8628 section 6.1).
const userCodeAlphabet = "BCDFGHJKLMNPQRSTVWXZ"

// newUserCode is eight letters with a dash: 34 bits.
func (s *Server) newUserCode() string {
	if s.cfg.UserCode != "" {
		return s.cfg.UserCode
	}
	code := make([]byte, 0, 9)
	for len(code) < 9 {
		if len(code) == 4 {
			code = append(code, '-')
		}
		code = append(code, letter(userCodeAlphabet))
	}
	return string(code)
}

// letter picks one of an alphabet, all alike.
func letter(alphabet string) byte {
	limit := 256 - 256%len(alphabet)
	var b [1]byte
	for {
		if rand.Read(b[:]); int(b[0]) < limit {
			return alphabet[int(b[0])%len(alphabet)]
		}
	}
}

// scopeShaped reports whether a scope fits its grammar (RFC 6749 section 3.3).
func scopeShaped(scope string) bool {
	for _, r := range scope {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
			return false
		}
	}
	return !strings.HasPrefix(scope, " ") && !strings.HasSuffix(scope, " ") && !strings.Contains(scope, "  ")
}

// granted is the part of a scope that the server gives.
func (s *Server) granted(scope string) string {
	var out []string
	for _, t := range strings.Fields(scope) {
		if s.scopes[t] {
			out = append(out, t)
		}
	}
	return strings.Join(out, " ")
}
