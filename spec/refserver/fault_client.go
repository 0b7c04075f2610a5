package refserver

import (
	"math"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// tokenRequestFault changes how a token request is read, or refuses it.
func tokenRequestFault(name, check, doc string, change func(s *Server, q *request) *answer) Fault {
	return Fault{Name: name, Check: check, Doc: doc, Break: func(b *behaviour) { b.refuseToken = change }}
}

// without drops credentials that do not match, as a server does that never
// looks at them.
func (s *Server) without(q *request) {
	id, secret, basic := q.BasicAuth()
	if !basic {
		id, secret = q.get("client_id"), q.get("client_secret")
	}
	if c := s.clients[id]; c == nil || c.Secret == secret {
		return
	} else {
		q.Header.Del("Authorization")
		q.params = q.params.With("client_id", id).With("client_secret", c.Secret)
	}
}

var clientFaults = []Fault{
	{
		Name: "device-session-cookie", Check: "DF-CLIENT-001",
		Doc: "The second poll of a device wants the cookie of its first connection.",
		Break: func(b *behaviour) {
			b.refuseToken = func(_ *Server, q *request) *answer {
				if q.UserAgent() == "television/2" && q.Header.Get("Cookie") == "" {
					return unauthenticated(false)
				}
				return nil
			}
		},
	},
	{
		Name: "client-not-compared", Check: "DF-CLIENT-002",
		Doc:   "The client of a token request is never compared with that of the code.",
		Break: func(b *behaviour) { b.bound = func(*request, *grant) bool { return true } },
		Also:  map[string]string{},
	},
	{
		Name: "foreign-poll-burns", Check: "DF-CLIENT-003", Doc: "A poll of another client marks the code as used.",
		Break: func(b *behaviour) {
			b.bound = func(q *request, g *grant) bool {
				if q.client == nil || q.client == g.client {
					return true
				}
				g.mu.Lock()
				defer g.mu.Unlock()
				g.state = redeemed
				return false
			}
		},
	},
	{
		Name: "foreign-poll-freezes", Check: "DF-CLIENT-003",
		Doc:   "A code that another client has polled is pending until it expires.",
		Break: foreignPolls(math.MaxInt32, func(*grant) bool { return true }),
	},
	{
		Name: "early-foreign-poll-freezes", Check: "DF-CLIENT-003",
		Doc:   "A code that another client polled before the decision is pending until it expires.",
		Break: foreignPolls(math.MaxInt32, (*grant).undecided),
	},
	{
		Name: "client-id-optional", Check: "DF-CLIENT-004", Contract: "rfc8628",
		Doc: "A poll without client_id skips the comparison.",
		Break: func(b *behaviour) {
			b.required = func(op, param string) bool { return op != "token" || param != "client_id" }
		},
	},
	tokenRequestFault("client-id-required", "DF-CLIENT-005",
		"A poll without client_id is refused although the document says it may be left out.",
		func(_ *Server, q *request) *answer {
			if _, there := q.params.Get("client_id"); !there && q.Header.Get("Authorization") == "" &&
				q.get("device_code") != "" {
				return refuse(spec.ErrInvalidRequest, "client_id is missing")
			}
			return nil
		}),
	standard(startRequestFault("start-secret-ignored", "DF-CLIENT-006",
		"A wrong client secret is accepted at the device authorization endpoint.",
		func(s *Server, q *request) *answer {
			if q.Header.Get("Authorization") != "" || q.get("client_secret") != "" {
				s.without(q)
			}
			return nil
		})),
	standard(tokenRequestFault("token-secret-ignored", "DF-CLIENT-007",
		"The token endpoint does not authenticate clients in the device grant.",
		func(s *Server, q *request) *answer {
			if q.get("grant_type") == spec.GrantDeviceCode && s.grants.find(q.get("device_code")) != nil {
				s.without(q)
			}
			return nil
		})),
	standard(tokenRequestFault("refresh-secret-ignored", "DF-CLIENT-007",
		"The token endpoint does not authenticate clients that refresh.",
		func(s *Server, q *request) *answer {
			if s.wallet.refreshed(q.get("refresh_token")) != nil {
				s.without(q)
			}
			return nil
		})),
	{
		Name: "challenge-missing", Check: "DF-CLIENT-008", Contract: "rfc8628",
		Doc: "The 401 for a failed Basic attempt has no WWW-Authenticate.",
		Break: func(b *behaviour) {
			b.finish = func(_ *request, a *answer) { a.header.Del("WWW-Authenticate") }
		},
	},
	standard(startRequestFault("body-secret-at-token-only", "DF-CLIENT-009",
		"A secret in the body is accepted at the token endpoint and not at the device authorization endpoint.",
		func(_ *Server, q *request) *answer {
			if q.get("client_secret") != "" && q.Header.Get("Authorization") == "" {
				return refuse(spec.ErrInvalidClient, "authenticate with Basic")
			}
			return nil
		})),
	standard(tokenRequestFault("body-client-wins", "DF-CLIENT-010",
		"client_id in the body overrides the authenticated client.",
		func(s *Server, q *request) *answer {
			if id, _, basic := q.BasicAuth(); basic && q.get("client_id") != "" && q.get("client_id") != id {
				q.Header.Del("Authorization")
			}
			return nil
		})),
	standard(tokenRequestFault("unknown-client-as-absent", "DF-CLIENT-011",
		"An unknown client_id in a poll is treated as absent.",
		func(s *Server, q *request) *answer {
			g := s.grants.find(q.get("device_code"))
			if id := q.get("client_id"); id != "" && s.clients[id] == nil && g != nil && g.state == pending &&
				len(q.params) == 3 {
				q.params = q.params.With("client_id", g.client.ID)
			}
			return nil
		})),
	standard(startRequestFault("client-id-beside-basic", "DF-CLIENT-012",
		"A device authorization request with HTTP Basic must have client_id in its body as well.",
		func(_ *Server, q *request) *answer {
			if _, _, basic := q.BasicAuth(); basic && q.get("client_id") == "" {
				return refuse(spec.ErrInvalidRequest, "client_id is missing")
			}
			return nil
		})),
	standard(tokenRequestFault("client-id-beside-basic-at-token", "DF-CLIENT-012",
		"A poll with HTTP Basic must have client_id in its body as well.",
		func(_ *Server, q *request) *answer {
			if _, _, basic := q.BasicAuth(); basic && q.get("client_id") == "" && q.get("device_code") != "" {
				return refuse(spec.ErrInvalidClient, "client_id is missing")
			}
			return nil
		})),
	standard(Fault{
		Name: "basic-alone-names-nobody", Check: "DF-CLIENT-012",
		Doc: "A code whose start named its client with HTTP Basic alone belongs to no client.",
		Break: func(b *behaviour) {
			var nobodys sync.Map
			b.began = func(_ *Server, q *request, g *grant, _ map[string]any) {
				if _, _, basic := q.BasicAuth(); basic && q.get("client_id") == "" {
					nobodys.Store(g, true)
				}
			}
			b.bound = func(q *request, g *grant) bool {
				_, nobody := nobodys.Load(g)
				return !nobody && (q.client == nil || q.client == g.client)
			}
		},
	}),
}

// foreignPolls let a code be pending for so many intervals after another client has
// polled it, where that counts.
func foreignPolls(intervals float64, counts func(*grant) bool) func(*behaviour) {
	return func(b *behaviour) {
		var seen sync.Map // when, by grant
		b.bound = func(q *request, g *grant) bool {
			if q.client == nil || q.client == g.client {
				return true
			}
			if counts(g) {
				seen.Store(g, time.Now())
			}
			return false
		}
		b.early = func(s *Server, q *request, g *grant, now time.Time) *answer {
			at, is := seen.Load(g)
			if !is || s.is.over(q, g, now) || now.Sub(at.(time.Time)).Seconds() > intervals*s.cfg.Interval.Seconds() {
				return nil
			}
			return stateAnswer(spec.ErrAuthorizationPending)
		}
	}
}
