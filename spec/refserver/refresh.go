package refserver

import (
	"strings"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// family is all tokens that go back to one redemption. When a refresh token is
// used twice, all of them end: one of its two users is a thief (RFC 9700
// section 4.14.2).
type family struct {
	mu      sync.Mutex
	current string // the refresh token that is good now
	revoked bool
	scope   string // what the person granted
}

// wallet keeps the tokens that were given out.
type wallet struct {
	mu        sync.RWMutex
	byAccess  map[string]*tokens
	byRefresh map[string]*tokens
	queue     []*tokens     // oldest first
	keepFor   time.Duration // how long refresh tokens outlive their access tokens
}

// mint makes tokens; fam is nil for the first of a family.
func (s *Server) mint(c *Client, user, scope string, fam *family) *tokens {
	now := time.Now()
	t := &tokens{access: s.is.token(s), client: c, user: user, scope: scope, family: fam,
		expires: now.Add(s.cfg.TokenLifetime), ends: s.ends(now)}
	if t.family == nil {
		t.family = &family{scope: scope}
	}
	if s.refreshes {
		t.refresh = s.is.token(s)
		t.family.current = t.refresh
	}
	s.wallet.keep(t)
	return t
}

// ends is when tokens that are issued now end, by the server's clock.
func (s *Server) ends(now time.Time) time.Time { return s.is.clock(now).Add(s.cfg.TokenLifetime) }

func (w *wallet) keep(t *tokens) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.byAccess[t.access] = t
	if t.refresh != "" {
		w.byRefresh[t.refresh] = t
	}
	w.queue = append(w.queue, t)
	// Forgetting is spread over the minting.
	for now := time.Now(); now.After(w.queue[0].expires.Add(w.keepFor)); w.queue = w.queue[1:] {
		delete(w.byAccess, w.queue[0].access)
		delete(w.byRefresh, w.queue[0].refresh)
	}
}

func newWallet(keepFor time.Duration) *wallet {
	return &wallet{byAccess: map[string]*tokens{}, byRefresh: map[string]*tokens{}, keepFor: keepFor}
}

func (w *wallet) refreshed(token string) *tokens {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.byRefresh[token]
}

func (w *wallet) accessed(token string) *tokens {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.byAccess[token]
}

func (w *wallet) forgetAccess(token string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.byAccess, token)
}

// refresh answers a refresh request: the old refresh token ends with it.
func (s *Server) refresh(q *request) *answer {
	if q.get("refresh_token") == "" {
		return refuse(spec.ErrInvalidRequest, "refresh_token is missing")
	}
	t := s.wallet.refreshed(q.get("refresh_token"))
	if t == nil || q.client == nil || q.client != t.client {
		return refuse(spec.ErrInvalidGrant, "the refresh token is unknown, or another client's")
	}
	if !t.client.confidential() && s.stolen(t, q.TLS, certificateOfRefresh) { // RFC 8705 section 4
		return refuse(spec.ErrInvalidGrant, "the refresh token is bound to another certificate")
	}
	if !s.keyed(q, t) {
		return badProof("the refresh token is bound to another key")
	}
	t.family.mu.Lock()
	defer t.family.mu.Unlock()
	if t.family.revoked || t.family.current != t.refresh {
		t.family.revoked = true
		return refuse(spec.ErrInvalidGrant, "the refresh token was used already")
	}
	scope := t.scope
	if want := q.get("scope"); want != "" {
		if !within(want, t.family.scope) {
			return refuse(spec.ErrInvalidScope, "the scope is wider than what was granted")
		}
		scope = want
	}
	next := s.mint(t.client, t.user, scope, t.family)
	next.thumbprint = q.thumbprint
	s.bind(next, q)
	members := next.members()
	if scope != t.scope {
		members["scope"] = scope
	}
	return succeed(members)
}

// within reports whether every part of a scope is in another.
func within(scope, whole string) bool {
	for _, t := range strings.Fields(scope) {
		if !strings.Contains(" "+whole+" ", " "+t+" ") {
			return false
		}
	}
	return true
}
