package refserver

import (
	"crypto/tls"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

// certifying is a server that asks for client certificates, of which only the group MTLS
// sees anything.
func certifying(f Fault) Fault {
	f.TLS = true
	return ofGroup("MTLS", f, func(c *Config) { c.MutualTLS, c.OpenID = true, true })
}

// uncertified is a server that does not look at one part of a certificate.
func uncertified(name, check, part, doc string) Fault {
	return certifying(Fault{Name: name, Check: check, Doc: doc, Break: overlooks(part)})
}

// refreshing is such a server, at which a refresh is a request of the client's like any other.
func refreshing(f Fault) Fault {
	f.Also = map[string]string{"DF-MTLS-006": "clients that refresh are looked at in the same way"}
	return f
}

// unidentified is a server that takes the client_id of some requests for the client.
func unidentified(name, check, doc string, some func(q *request) bool) Fault {
	return certifying(Fault{Name: name, Check: check, Doc: doc, Break: func(b *behaviour) {
		b.identify = func(s *Server, q *request) *answer {
			if c := s.clients[q.get("client_id")]; c != nil && some(q) {
				q.client = c
				return nil
			}
			return s.authenticate(q)
		}
	}})
}

// ForPublicCertificates are the servers that are to be met by a public client with a
// certificate.
var ForPublicCertificates = []string{"refresh-with-any-certificate", "public-with-certificate"}

var certificateFaults = []Fault{
	certifying(Fault{Name: "certificate-at-one-endpoint", Check: "DF-MTLS-001",
		Doc: "The token endpoint knows no certificates, the device authorization endpoint does.",
		Break: func(b *behaviour) {
			b.refuseToken = func(_ *Server, q *request) *answer {
				if q.get("client_id") == certifiedClient {
					return unauthenticated(false)
				}
				return nil
			}
		}}),
	refreshing(uncertified("certificate-not-needed", "DF-MTLS-002", certificateThere,
		"A client that is registered with a certificate is served without one.")),
	unidentified("certificate-not-needed-at-start", "DF-MTLS-002",
		"The device authorization endpoint asks a client with a certificate for none.",
		func(q *request) bool { return q.name == "start" }),
	refreshing(uncertified("certificate-of-anybody", "DF-MTLS-003", certificateIssuer,
		"A certificate that anybody issued is taken, if the subject is right.")),
	selfSigned(refreshing(uncertified("registered-certificate-by-name", "DF-MTLS-003", certificateIssuer,
		"Of a registered certificate the subject alone is compared."))),
	uncertified("certificate-of-any-client", "DF-MTLS-004", certificateSubject,
		"A certificate that the authority issued to another client is taken."),
	uncertified("token-with-any-certificate", "DF-MTLS-005", certificateOfToken,
		"A token that is bound to a certificate is good with another one."),
	certifying(Fault{Name: "bound-to-another-certificate", Check: "DF-MTLS-005",
		Doc: "Introspection has the thumbprint of another certificate.",
		Break: func(b *behaviour) {
			b.worth = func(t *tokens, worth map[string]any) {
				if t.certificate != "" {
					worth["cnf"] = map[string]any{"x5t#S256": random(32)}
				}
			}
		}}),
	certifying(Fault{Name: "jwt-bound-to-another-certificate", Check: "DF-MTLS-005",
		Doc: "The access token is a JWT with the thumbprint of another certificate.", Break: func(b *behaviour) {
			b.issued = func(s *Server, _ *request, g *grant, m map[string]any) { s.selfContained(g.tokens, m, random(32)) }
		}}),
	certifying(Fault{Name: "certificate-untold", Check: "DF-MTLS-005",
		Doc: "Introspection does not tell the certificate of a token that is a JWT.", Break: func(b *behaviour) {
			tellsInJWT(b)
			b.worth = func(_ *tokens, worth map[string]any) { delete(worth, "cnf") }
		}}),
	unidentified("refresh-without-certificate", "DF-MTLS-006",
		"Clients with a certificate need none to refresh their tokens.",
		func(q *request) bool { return q.get("grant_type") == spec.GrantRefreshToken }),
	uncertified("refresh-with-any-certificate", "DF-MTLS-006", certificateOfRefresh,
		"The refresh token of a public client is good with any certificate."),
}

// selfSigned is a server whose clients have registered their certificates.
func selfSigned(f Fault) Fault {
	more := f.Configure
	f.Configure = func(c *Config) { more(c); c.SelfSigned = true }
	return f
}

// selfContained makes an access token a JWT that is bound to a certificate.
func (s *Server) selfContained(t *tokens, members map[string]any, certificate string) {
	s.replaceAccess(t, members, s.is.sign(s.key, map[string]any{"iss": s.cfg.BaseURL, "sub": t.user, "aud": s.cfg.BaseURL,
		"client_id": t.client.ID, "exp": t.ends.Unix(), "cnf": map[string]any{"x5t#S256": certificate}}))
}

// tellsInJWT makes access tokens JWTs that tell the certificate they are bound to.
func tellsInJWT(b *behaviour) {
	b.issued = func(s *Server, _ *request, g *grant, m map[string]any) {
		s.selfContained(g.tokens, m, g.tokens.certificate)
	}
}

// certificateVariants are right in another way of those that RFC 8705 leaves open.
var certificateVariants = []Fault{
	selfSigned(certifying(Fault{Name: "certifies-itself", Doc: "Clients have registered certificates of their own."})),
	certifying(Fault{Name: "certificate-unbound", Doc: "Tokens are not bound to the certificate of their client.",
		Configure: func(c *Config) { c.Unbound = true }}),
	whole(certifying(Fault{Name: "certificate-in-handshake",
		Doc:       "Clients with a certificate have a host to themselves, where any other is refused in the handshake.",
		Configure: func(c *Config) { c.Aliases = true },
		Break:     func(b *behaviour) { b.asks = tls.RequireAndVerifyClientCert }})),
	certifying(Fault{Name: "certificate-in-jwt", Doc: "Access tokens are JWTs that tell their certificate.",
		Break: tellsInJWT}),
	certifying(Fault{Name: "public-with-certificate",
		Doc: "The tokens of a public client are bound to the certificate that it shows."}),
	certifying(Fault{Name: "certificate-refused-with-401", Doc: "A wrong certificate is refused with status 401.",
		Break: refusesClientsWith401}),
	certifying(Fault{Name: "certificate-refused-by-proxy", Doc: "A proxy refuses a wrong certificate with a page.",
		Break: func(b *behaviour) {
			b.finish = func(_ *request, a *answer) {
				if a.code == spec.ErrInvalidClient {
					a.with("Content-Type", "text/html").body = []byte("<title>400 The SSL certificate error</title>")
				}
			}
		}}),
	certifying(Fault{Name: "client-by-certificate",
		Doc: "The client is found by its certificate, and then its code is not.",
		Break: func(b *behaviour) {
			b.identify = func(s *Server, q *request) *answer {
				if c := certificateOf(q.TLS); c != nil && strings.HasPrefix(q.name, "token") && c.CheckSignatureFrom(
					s.cfg.Certificates.Authority) == nil {
					q.client = s.clients[c.Subject.CommonName]
					return nil
				}
				return s.authenticate(q)
			}
		}}),
	certifying(Fault{Name: "pending-before-certificate", Doc: "Clients are authenticated when there are tokens to be had.",
		Break: func(b *behaviour) { b.identify = (*Server).identifyLate }}),
}

// whole is a server of which all checks see something.
func whole(f Fault) Fault {
	f.Only = nil
	return f
}
