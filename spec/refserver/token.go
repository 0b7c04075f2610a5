package refserver

import (
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// tokens are what one redemption or refresh gave out.
type tokens struct {
	access, refresh string
	client          *Client
	user, scope     string
	thumbprint      string // of the key that they are bound to, "" for none
	certificate     string // thumbprint of the one that they are bound to, "" for none
	expires         time.Time
	ends            time.Time // the same as the server's clock will show it
	family          *family
}

// token answers a token request (RFC 8628 sections 3.4, 3.5; RFC 6749 section 6).
func (s *Server) token(q *request) *answer {
	if a := s.is.refuseToken(s, q); a != nil {
		return a
	}
	switch grant := q.get("grant_type"); {
	case grant == "":
		return refuse(spec.ErrInvalidRequest, "grant_type is missing")
	case grant != spec.GrantDeviceCode && !(grant == spec.GrantRefreshToken && s.refreshes):
		return refuse(spec.ErrUnsupportedGrantType, "the grant type is not supported")
	}
	if a := s.wellFormed(q); a != nil {
		return a
	}
	if a := s.is.identify(s, q); a != nil {
		return a
	}
	if a := s.is.prove(s, q); a != nil {
		return a
	}
	if q.get("grant_type") == spec.GrantRefreshToken {
		return s.is.refresh(s, q)
	}
	if q.get("device_code") == "" {
		return refuse(spec.ErrInvalidRequest, "device_code is missing")
	}
	g := s.is.find(s, q, q.get("device_code"))
	if g == nil {
		s.misses.miss(address(q.Request), time.Now())
		if refused := s.hold(LimitUnknown, q); refused != nil {
			return refused
		}
	}
	if g == nil || !s.is.bound(q, g) {
		return refuse(spec.ErrInvalidGrant, "the device code is unknown, or another client's")
	}
	if q.client == nil && g.client.confidential() {
		return unauthenticated(false)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	g.heard.poll(g, now)
	a := s.poll(q, g, now)
	if a.code != spec.ErrAuthorizationPending && a.code != spec.ErrSlowDown {
		g.told = now
	}
	s.is.polled(s, q, g, a)
	g.heard.answer = a.word()
	return a
}

// poll is the state machine of one grant. What is final is said at once, at
// whatever pace it is asked; only undecided grants are limited.
func (s *Server) poll(q *request, g *grant, now time.Time) *answer {
	if a := s.is.early(s, q, g, now); a != nil {
		return a
	}
	switch {
	case g.state == redeemed:
		return refuse(spec.ErrInvalidGrant, "the device code was used already")
	case s.is.over(q, g, now):
		return stateAnswer(spec.ErrExpiredToken)
	case g.state == denied:
		return stateAnswer(spec.ErrAccessDenied)
	case g.state == approved:
		return s.is.redeem(s, q, g)
	}
	fast := s.is.tooFast(q, g, now)
	g.polled = now
	if g.polls++; int(g.polls) == s.cfg.SlowDownAt {
		fast = true
	}
	if fast {
		g.interval += spec.SlowDownStep * time.Second
		return stateAnswer(spec.ErrSlowDown)
	}
	return stateAnswer(spec.ErrAuthorizationPending)
}

// jitter is how much too early a poll may arrive. Some clients wait from one
// sending to the next, and no two requests are in flight equally long: without
// it every other poll of a client with an exact timer would be too fast.
const jitter = 50 * time.Millisecond

// tooFast reports whether a device polls before its interval is over. The first
// poll may come at once.
func tooFast(_ *request, g *grant, now time.Time) bool {
	return !g.polled.IsZero() && now.Sub(g.polled) < g.interval-jitter
}

// redeem hands out the tokens of an approved grant, once.
func (s *Server) redeem(q *request, g *grant) *answer {
	g.state = redeemed
	g.tokens = s.mint(g.client, g.user, s.is.scope(s, q, g), nil)
	g.tokens.thumbprint = q.thumbprint
	s.bind(g.tokens, q)
	members := g.tokens.members()
	if g.tokens.scope != g.scope {
		members["scope"] = g.tokens.scope
	}
	s.identify(g.tokens, members)
	s.is.issued(s, q, g, members)
	return succeed(members)
}

func (t *tokens) members() map[string]any {
	m := map[string]any{
		"access_token": t.access, "token_type": "Bearer",
		"expires_in": int64(time.Until(t.expires).Round(time.Second) / time.Second),
	}
	if t.thumbprint != "" {
		m["token_type"] = "DPoP"
	}
	if t.refresh != "" {
		m["refresh_token"] = t.refresh
	}
	return m
}
