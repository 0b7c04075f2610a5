// Package television is a small device-flow server (RFC 8628), as an example of one
// that is checked by dfcheck in its own go test.
package television

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Interval is how long a device waits between polls, Lifetime how long a code lives.
const (
	Interval = time.Second
	Lifetime = 15 * time.Second
)

// Client is the one that is registered.
const Client = "television"

const grantType = "urn:ietf:params:oauth:grant-type:device_code"

// Server grants access to devices whose users approve it.
type Server struct {
	mux    *http.ServeMux
	mu     sync.Mutex
	grants map[string]*grant // by device code
}

type grant struct {
	userCode string
	expires  time.Time
	polled   time.Time
	interval time.Duration
	state    string // "", approved, denied or redeemed
}

// NewServer returns a server without grants.
func NewServer() *Server {
	s := &Server{mux: http.NewServeMux(), grants: map[string]*grant{}}
	s.mux.HandleFunc("POST /device_authorization", s.start)
	s.mux.HandleFunc("POST /token", s.token)
	s.mux.HandleFunc("GET /device", page)
	return s
}

// ServeHTTP answers devices.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// page is where users would sign in and type their code.
func page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "frame-ancestors 'none'")
	io.WriteString(w, "<!doctype html><title>Connect a device</title><p>Sign in to enter the code that your device shows.")
}

// Approve lets the device with a user code in. Deny keeps it out.
func (s *Server) Approve(userCode string) error { return s.decide(userCode, "approved") }
func (s *Server) Deny(userCode string) error    { return s.decide(userCode, "denied") }

func (s *Server) decide(userCode, state string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.grants {
		if g.userCode == userCode && g.state == "" && time.Now().Before(g.expires) {
			g.state = state
			return nil
		}
	}
	return errors.New("no device waits with this code")
}

func (s *Server) start(w http.ResponseWriter, r *http.Request) {
	if _, problem := parameters(r); problem != "" {
		refuse(w, problem)
		return
	}
	code, userCode := rand.Text(), letters(8)
	s.mu.Lock()
	s.grants[code] = &grant{userCode: userCode, expires: time.Now().Add(Lifetime), interval: Interval}
	s.mu.Unlock()
	device := "http://" + r.Host + "/device"
	answer(w, http.StatusOK, map[string]any{"device_code": code, "user_code": userCode, "verification_uri": device,
		"verification_uri_complete": device + "?user_code=" + userCode, "expires_in": int(Lifetime.Seconds()),
		"interval": int(Interval.Seconds())})
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	form, problem := parameters(r)
	switch {
	case problem != "":
	case form.Get("grant_type") == "" || form.Get("grant_type") == grantType && form.Get("device_code") == "":
		problem = "invalid_request"
	case form.Get("grant_type") != grantType:
		problem = "unsupported_grant_type"
	default:
		problem = s.redeem(form.Get("device_code"))
	}
	if problem != "" {
		refuse(w, problem)
		return
	}
	answer(w, http.StatusOK, map[string]any{"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 3600})
}

// redeem returns the error code for a poll, "" when it is due tokens.
func (s *Server) redeem(code string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, now := s.grants[code], time.Now()
	if g == nil || g.state == "redeemed" {
		return "invalid_grant"
	}
	early := now.Sub(g.polled) < g.interval
	g.polled = now
	switch {
	case g.state == "denied":
		return "access_denied"
	case now.After(g.expires):
		return "expired_token"
	case early:
		g.interval += 5 * time.Second
		return "slow_down"
	case g.state == "":
		return "authorization_pending"
	}
	g.state = "redeemed"
	return ""
}

// parameters are those of a form, each given once; problem is an error code.
func parameters(r *http.Request) (form url.Values, problem string) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" || r.ParseForm() != nil {
		return nil, "invalid_request"
	}
	for name, values := range r.PostForm {
		if len(values) > 1 && name != "resource" {
			return nil, "invalid_request"
		}
	}
	switch r.PostForm.Get("client_id") {
	case Client:
		return r.PostForm, ""
	case "":
		return nil, "invalid_request"
	}
	return nil, "invalid_client"
}

// letters is a user code: consonants, so that no word comes of it.
func letters(n int) string {
	const consonants = "BCDFGHJKLMNPQRSTVWXZ"
	random := make([]byte, n)
	var b strings.Builder
	for b.Len() < n {
		rand.Read(random)
		for _, x := range random {
			if x < 240 && b.Len() < n { // the largest multiple of 20 in a byte
				b.WriteByte(consonants[x%20])
			}
		}
	}
	return b.String()[:n/2] + "-" + b.String()[n/2:]
}

func refuse(w http.ResponseWriter, code string) {
	answer(w, http.StatusBadRequest, map[string]any{"error": code})
}

func answer(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
