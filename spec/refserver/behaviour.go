package refserver

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"html"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// behaviour is what the server asks wherever servers are known to go wrong. The
// values of correct() are right; a fault replaces some of them.
type behaviour struct {
	deviceCode func(s *Server) string
	userCode   func(s *Server) string
	token      func(s *Server) string
	clock      func(time.Time) time.Time // what the server's clock shows then
	normal     func(typed string) string // how typed user codes are compared

	// refuseStart and refuseToken refuse further requests, or none; they are
	// asked first.
	refuseStart, refuseToken func(s *Server, q *request) *answer
	// required reports whether a parameter may not be missing.
	required func(op, param string) bool
	// began may change what a start answers.
	began func(s *Server, q *request, g *grant, members map[string]any)
	// lifetime is how long a grant really lives.
	lifetime func(s *Server) time.Duration

	find    func(s *Server, q *request, deviceCode string) *grant
	bound   func(q *request, g *grant) bool // does the code belong to the client?
	over    func(q *request, g *grant, now time.Time) bool
	tooFast func(q *request, g *grant, now time.Time) bool
	// early may answer a poll of a grant that was found, before its state is
	// looked at; it is called with the grant locked.
	early func(s *Server, q *request, g *grant, now time.Time) *answer
	// polled sees every answer to a poll of a grant, with the grant locked.
	polled func(s *Server, q *request, g *grant, a *answer)
	scope  func(s *Server, q *request, g *grant) string // what is granted
	issued func(s *Server, q *request, g *grant, members map[string]any)
	redeem func(s *Server, q *request, g *grant) *answer

	// guesser is who is held up after too many unknown codes.
	guesser func(user string) string
	decide  func(s *Server, g *grant, action, user string, now time.Time) error
	refresh func(s *Server, q *request) *answer
	// revoke ends a token, of which as says how it was called.
	revoke func(s *Server, t *tokens, as tokenType)
	// revocable may refuse to revoke a token, nil for one that nobody has issued.
	revocable func(s *Server, q *request, t *tokens, as tokenType) *answer

	// claims may change those of an ID token, sign makes one of them, keys are what is
	// published of its key.
	claims func(s *Server, t *tokens, claims map[string]any)
	sign   func(key jose.JSONWebKey, claims map[string]any) string
	keys   func(key jose.JSONWebKey) []jose.JSONWebKey

	// prove looks at the proof of a token request, looks reports whether a part of it
	// counts, challenge asks for a nonce.
	prove     func(s *Server, q *request) *answer
	looks     func(part string) bool
	challenge func(s *Server, q *request, p proof) *answer
	// worth may change what introspection tells of a token.
	worth func(t *tokens, worth map[string]any)
	// identify finds out for which client a request speaks.
	identify func(s *Server, q *request) *answer

	page pageRules

	// finish may change any answer of the two operations before it is sent.
	finish func(q *request, a *answer)
	// metadata may change the discovery documents.
	metadata func(s *Server, place string, members map[string]any)

	restarted func(s *Server) // what a new process does not find

	plain     func(s *Server) http.Handler // what port 80 serves beside https
	oldestTLS uint16
	asks      tls.ClientAuthType // how clients are asked for a certificate, where they are
}

func correct() *behaviour {
	none := func(*Server, *request) *answer { return nil }
	return &behaviour{
		deviceCode:  func(*Server) string { return random(32) },
		userCode:    (*Server).newUserCode,
		token:       func(*Server) string { return random(32) },
		clock:       func(at time.Time) time.Time { return at },
		normal:      normalCode,
		refuseStart: none, refuseToken: none,
		required: func(string, string) bool { return true },
		began:    func(*Server, *request, *grant, map[string]any) {},
		lifetime: func(s *Server) time.Duration { return s.cfg.Lifetime },
		find:     func(s *Server, _ *request, code string) *grant { return s.grants.find(code) },
		bound:    func(q *request, g *grant) bool { return q.client == nil || q.client == g.client },
		over:     func(_ *request, g *grant, now time.Time) bool { return !now.Before(g.expires) },
		tooFast:  tooFast,
		early:    func(*Server, *request, *grant, time.Time) *answer { return nil },
		polled:   func(*Server, *request, *grant, *answer) {},
		scope:    func(s *Server, _ *request, g *grant) string { return s.granted(g.scope) },
		issued:   func(*Server, *request, *grant, map[string]any) {},
		redeem:   (*Server).redeem,
		guesser:  func(user string) string { return user },
		decide:   (*Server).decide,
		refresh:  (*Server).refresh,
		revoke:   (*Server).revoke, revocable: owned,
		prove: (*Server).prove, looks: func(string) bool { return true }, challenge: (*Server).challenge,
		worth: func(*tokens, map[string]any) {}, identify: (*Server).authenticate,
		claims: func(*Server, *tokens, map[string]any) {}, sign: sign,
		keys: func(key jose.JSONWebKey) []jose.JSONWebKey { return []jose.JSONWebKey{key.Public()} },
		page: pageRules{text: html.EscapeString, viewed: func(*grant, string) {}, lookers: mostLookers,
			unknown: func(string) error { return errUnknownCode },
			unasked: func(*grant, *session) bool { return false }, approved: func(*grant, *session) {}},
		finish:    func(*request, *answer) {},
		metadata:  func(*Server, string, map[string]any) {},
		restarted: func(*Server) {},
		plain:     (*Server).toHTTPS, oldestTLS: tls.VersionTLS12,
		asks: tls.RequestClientCert, // what it is worth is for the request to hear
	}
}

// random is n random bytes in base64url.
func random(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// encoded is a text in base64url, as in a JWT.
func encoded(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
