package refserver

import (
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// proving is a server that takes DPoP proofs, of which only the group DPOP sees anything.
func proving(f Fault) Fault {
	return ofGroup("DPOP", f, func(c *Config) { c.DPoP = true })
}

// unproven is a server that does not look at one part of a proof.
func unproven(name, check, part, doc string) Fault {
	return proving(Fault{Name: name, Check: check, Doc: doc, Break: overlooks(part)})
}

// challenging is a server that wants a nonce in proofs.
func challenging(f Fault) Fault {
	f.Configure = func(c *Config) { c.DPoPNonce = true }
	return proving(f)
}

// worthFault is a server whose introspection tells something else of a bound token.
func worthFault(name, doc string, change func(worth map[string]any)) Fault {
	return proving(Fault{Name: name, Check: "DF-DPOP-001", Doc: doc, Break: func(b *behaviour) {
		b.worth = func(_ *tokens, worth map[string]any) { change(worth) }
	}})
}

var dpopFaults = []Fault{
	proving(Fault{Name: "bound-token-as-bearer", Check: "DF-DPOP-001",
		Doc: "A token that is bound to a key is called Bearer.",
		Break: func(b *behaviour) {
			b.issued = func(_ *Server, _ *request, _ *grant, m map[string]any) { m["token_type"] = "Bearer" }
		}}),
	worthFault("bound-to-another-key", "Introspection has the thumbprint of another key.",
		func(worth map[string]any) { worth["cnf"] = map[string]any{"jkt": random(32)} }),
	worthFault("binding-untold", "Introspection does not tell what a token is bound to.",
		func(worth map[string]any) { delete(worth, "cnf") }),
	unproven("proof-of-another-method", "DF-DPOP-002", proofMethod, "The htm of proofs is not looked at."),
	unproven("proof-for-another-url", "DF-DPOP-002", proofURL, "The htu of proofs is not looked at."),
	unproven("proof-of-any-age", "DF-DPOP-002", proofTime, "The iat of proofs is not looked at."),
	unproven("proof-of-another-type", "DF-DPOP-002", proofType, "The typ of proofs is not looked at."),
	unproven("proof-without-id", "DF-DPOP-002", proofID, "Proofs need no jti."),
	unproven("proof-unsigned", "DF-DPOP-002", proofAlgorithm, "Proofs with alg none are taken."),
	unproven("proof-signed-by-anybody", "DF-DPOP-002", proofSignature, "The signature of proofs is not verified."),
	unproven("proof-with-private-key", "DF-DPOP-002", proofPublic, "Proofs may hold a private key."),
	unproven("proofs-by-the-dozen", "DF-DPOP-002", proofOnce, "Of several proofs the first one is taken."),
	proving(Fault{Name: "bad-proof-as-bad-request", Check: "DF-DPOP-002",
		Doc: "A wrong proof is answered with invalid_request.",
		Break: func(b *behaviour) {
			b.finish = func(_ *request, a *answer) {
				if a.code == spec.ErrInvalidDPoPProof {
					a.code = spec.ErrInvalidRequest
				}
			}
		}}),
	unproven("proof-replayed", "DF-DPOP-003", proofReplay, "A proof is good for any number of requests."),
	challenging(Fault{Name: "nonce-untold", Check: "DF-DPOP-004", Doc: "A nonce is asked for, and none is given.",
		Break: func(b *behaviour) {
			b.challenge = func(s *Server, q *request, p proof) *answer {
				a := s.challenge(q, p)
				a.header.Del("DPoP-Nonce")
				return a
			}
		}, Also: map[string]string{"DF-DPOP-001": "no device can make the proof that is asked for"}}),
	challenging(Fault{Name: "nonce-costs-the-code", Check: "DF-DPOP-004",
		Doc: "A device that is asked for a nonce has lost its code.",
		Break: func(b *behaviour) {
			b.challenge = func(s *Server, q *request, p proof) *answer {
				if g := s.grants.find(q.get("device_code")); g != nil {
					g.mu.Lock()
					defer g.mu.Unlock()
					g.state = denied
				}
				return s.challenge(q, p)
			}
		}}),
	challenging(Fault{Name: "nonce-counts-as-poll", Check: "DF-DPOP-004",
		Doc: "The poll that is answered with a nonce makes the next one too fast.",
		Break: func(b *behaviour) {
			b.challenge = func(s *Server, q *request, p proof) *answer {
				if g := s.grants.find(q.get("device_code")); g != nil {
					g.mu.Lock()
					defer g.mu.Unlock()
					g.polled = time.Now()
				}
				return s.challenge(q, p)
			}
		}}),
	unproven("refresh-with-any-key", "DF-DPOP-005", proofKey, "A refresh token of a public client works with any key."),
	proving(metadataFault("dpop-with-none", "DF-DPOP-006", "The metadata allows proofs without a signature.",
		func(_ *Server, _ string, m map[string]any) {
			m["dpop_signing_alg_values_supported"] = []string{"ES256", "none"}
		})),
}

// dpopVariants are right in another way of those that RFC 9449 leaves open.
var dpopVariants = []Fault{
	proving(Fault{Name: "proves", Doc: "Tokens are bound to the key of a DPoP proof."}),
	challenging(Fault{Name: "proves-with-nonce", Doc: "DPoP proofs need a nonce of the server's."}),
	challenging(Fault{Name: "nonce-in-place-of-iat",
		Doc:   "The nonce of a DPoP proof tells its age, and iat is not looked at.",
		Break: overlooks(proofTime)}),
	challenging(Fault{Name: "nonce-for-the-late", Doc: "Only a DPoP proof that is not of now is answered with a nonce.",
		Break: func(b *behaviour) {
			b.looks = func(part string) bool { return part != proofTime }
			b.challenge = func(s *Server, q *request, p proof) *answer {
				if p.claims["nonce"] == nil && p.recent(time.Now()) {
					return nil
				}
				return s.challenge(q, p)
			}
		}}),
	proving(Fault{Name: "replay-as-invalid-grant", Doc: "A DPoP proof that was used is refused with invalid_grant.",
		Break: func(b *behaviour) {
			prove := b.prove
			b.prove = func(s *Server, q *request) *answer {
				a := prove(s, q)
				if a != nil && a.members["error_description"] == proofUsed {
					a.code = spec.ErrInvalidGrant
				}
				return a
			}
		}}),
	proving(Fault{Name: "pending-before-proof", Doc: "Proofs are looked at when there are tokens to be had.",
		Break: func(b *behaviour) {
			prove := b.prove
			b.prove = func(s *Server, q *request) *answer {
				if g := s.grants.find(q.get("device_code")); g != nil {
					g.mu.Lock()
					state := g.state
					g.mu.Unlock()
					if state == pending {
						return nil
					}
				}
				return prove(s, q)
			}
		}}),
}
