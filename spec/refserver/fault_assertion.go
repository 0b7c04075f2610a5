package refserver

import (
	"net/http"

	"github.com/dfcheck/dfcheck/spec"
)

// asserting is a server that takes assertions, of which only the group ASSERT sees anything.
func asserting(f Fault) Fault {
	return ofGroup("ASSERT", f, func(c *Config) { c.Assertions = true })
}

// unasserted is a server that does not look at one part of an assertion.
func unasserted(name, check, part, doc string) Fault {
	return asserting(Fault{Name: name, Check: check, Doc: doc, Break: overlooks(part)})
}

var assertionFaults = []Fault{
	asserting(Fault{Name: "assertion-at-one-endpoint", Check: "DF-ASSERT-001",
		Doc: "The token endpoint knows no assertions, the device authorization endpoint does.",
		Break: func(b *behaviour) {
			b.refuseToken = func(_ *Server, q *request) *answer {
				if q.get("client_assertion") != "" {
					return unauthenticated(false)
				}
				return nil
			}
		}}),
	unasserted("assertion-for-another-server", "DF-ASSERT-002", assertAudience, "The aud of assertions is not looked at."),
	unasserted("assertion-of-any-age", "DF-ASSERT-003", assertEnd, "Assertions that have ended are taken."),
	unasserted("assertion-without-end", "DF-ASSERT-003", assertEnds, "Assertions need no exp."),
	unasserted("assertion-before-its-time", "DF-ASSERT-003", assertBegin, "The nbf of assertions is not looked at."),
	unasserted("assertion-signed-by-anybody", "DF-ASSERT-004", assertSignature,
		"The signature of assertions is not verified."),
	unasserted("assertion-unsigned", "DF-ASSERT-004", assertAlgorithm, "Assertions with alg none are taken."),
	unasserted("assertion-about-anybody", "DF-ASSERT-005", assertSubject,
		"Whom an assertion is about is not looked at, client_id says who the client is."),
	unasserted("assertion-by-anybody", "DF-ASSERT-005", assertIssuer, "The iss of assertions is not looked at."),
	unasserted("assertion-beside-another-client", "DF-ASSERT-005", assertNamed,
		"The client_id beside an assertion is not looked at."),
	unasserted("assertion-replayed", "DF-ASSERT-006", assertReplay, "An assertion is good for any number of requests."),
	unasserted("assertion-not-needed", "DF-ASSERT-007", assertThere,
		"A client that is registered with a key is served without an assertion."),
	asserting(Fault{Name: "assertion-not-needed-at-start", Check: "DF-ASSERT-007",
		Doc: "The device authorization endpoint asks a client with a key for no assertion.",
		Break: func(b *behaviour) {
			b.identify = func(s *Server, q *request) *answer {
				if c := s.clients[q.get("client_id")]; q.name == "start" && c != nil && q.get("client_assertion") == "" {
					q.client = c
					return nil
				}
				return s.authenticate(q)
			}
		}}),
	asserting(Fault{Name: "bad-assertion-as-bad-request", Check: "DF-ASSERT-002",
		Doc: "A wrong assertion is answered with invalid_request.",
		Break: func(b *behaviour) {
			b.identify = func(s *Server, q *request) *answer {
				a := s.authenticate(q)
				if a != nil && q.get("client_assertion") != "" {
					a.code = spec.ErrInvalidRequest
				}
				return a
			}
		}, Also: map[string]string{"DF-ASSERT-003": "all wrong assertions are answered so",
			"DF-ASSERT-004": "all wrong assertions are answered so",
			"DF-ASSERT-005": "all wrong assertions are answered so"}}),
	asserting(metadataFault("assertions-by-none", "DF-ASSERT-008", "The metadata allows assertions without a signature.",
		func(_ *Server, _ string, m map[string]any) {
			m["token_endpoint_auth_signing_alg_values_supported"] = []string{"ES256", "none"}
		})),
	asserting(metadataFault("assertion-algorithms-untold", "DF-ASSERT-008",
		"The metadata lists private_key_jwt, and not by which algorithms.",
		func(_ *Server, _ string, m map[string]any) {
			delete(m, "token_endpoint_auth_signing_alg_values_supported")
		})),
}

// assertionVariants are right in another way of those that RFC 7523 leaves open.
var assertionVariants = []Fault{
	{Name: "asserts", Contract: "rfc8628", Doc: "The client of the devices authenticates with assertions.",
		Configure: func(c *Config) { c.Assertions = true }},
	asserting(Fault{Name: "asserts-for-token-endpoint", Doc: "Assertions are for the URL of the token endpoint alone.",
		Configure: func(c *Config) { c.Audiences = []string{c.BaseURL + "/token"} }}),
	asserting(Fault{Name: "asserts-again", Doc: "An assertion is good until it ends.",
		Break: overlooks(assertReplay),
		Also:  map[string]string{"DF-ASSERT-006": "ruling R162: a server may remember jti, and need not"}}),
	asserting(Fault{Name: "assertion-refused-with-401", Doc: "A wrong assertion is refused with status 401.",
		Break: refusesClientsWith401}),
	asserting(Fault{Name: "assertion-named-at-last", Doc: "A client_id of another client is refused with invalid_request.",
		Break: func(b *behaviour) {
			b.identify = func(s *Server, q *request) *answer {
				claims, _ := claimsOf(q.get("client_assertion"))
				if claims != nil && q.get("client_id") != text(claims["sub"]) {
					return refuse(spec.ErrInvalidRequest, "client_id is not the one of the assertion")
				}
				return s.authenticate(q)
			}
		}}),
	asserting(Fault{Name: "pending-before-assertion", Doc: "Clients are authenticated when there are tokens to be had.",
		Break: func(b *behaviour) { b.identify = (*Server).identifyLate },
		Also:  map[string]string{"DF-ASSERT-006": "ruling R162: nobody looks at the assertions of pending polls"}}),
}

// refusesClientsWith401 is a server that answers invalid_client with 401, as RFC 6749
// section 5.2 lets it.
func refusesClientsWith401(b *behaviour) {
	b.finish = func(_ *request, a *answer) {
		if a.code == spec.ErrInvalidClient {
			a.status = http.StatusUnauthorized
		}
	}
}

// identifyLate is a server that looks at no client while a code is pending.
func (s *Server) identifyLate(q *request) *answer {
	if g := s.grants.find(q.get("device_code")); g != nil && q.name == "token" {
		g.mu.Lock()
		state := g.state
		g.mu.Unlock()
		if state == pending {
			q.client = g.client
			return nil
		}
	}
	return s.authenticate(q)
}
