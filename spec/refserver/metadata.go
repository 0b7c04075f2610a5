package refserver

import (
	"net/http"
	"slices"

	"github.com/dfcheck/dfcheck/spec"
)

// methodsOfSecrets are the ways of client authentication that need no key.
var methodsOfSecrets = []string{"none", "client_secret_basic", "client_secret_post"}

// describeCertificates says how clients with a certificate are served (RFC 8705 section 3.3,
// sections 5 and 6).
func (s *Server) describeCertificates(members map[string]any) {
	method := "tls_client_auth"
	if s.cfg.SelfSigned {
		method = "self_signed_tls_client_auth"
	}
	methods := members["token_endpoint_auth_methods_supported"].([]string)
	members["token_endpoint_auth_methods_supported"] = append(slices.Clone(methods), method)
	members["tls_client_certificate_bound_access_tokens"] = !s.cfg.Unbound
	if s.cfg.Aliases {
		at := s.cfg.CertificateURL()
		members["mtls_endpoint_aliases"] = map[string]string{"device_authorization_endpoint": at + s.contract.Start.Path,
			"token_endpoint": at + s.contract.Token.Path, "userinfo_endpoint": at + pathUserInfo,
			"revocation_endpoint": at + pathRevocation}
	}
}

// serveMetadata publishes the endpoints (RFC 8414 section 2, OpenID Connect
// Discovery section 3).
func (s *Server) serveMetadata(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		methods(w, r, http.MethodGet, http.MethodHead)
		return
	}
	grants := []string{spec.GrantDeviceCode}
	if s.refreshes {
		grants = append(grants, spec.GrantRefreshToken)
	}
	base := s.cfg.BaseURL
	members := map[string]any{
		"issuer":                                base,
		"device_authorization_endpoint":         base + s.contract.Start.Path,
		"token_endpoint":                        base + s.contract.Token.Path,
		"introspection_endpoint":                base + pathIntrospection,
		"grant_types_supported":                 grants,
		"scopes_supported":                      s.cfg.Scopes,
		"response_types_supported":              []string{"none"},
		"token_endpoint_auth_methods_supported": methodsOfSecrets,
	}
	if s.cfg.Revocation {
		members["revocation_endpoint"] = base + pathRevocation
	}
	if s.cfg.DPoP {
		members["dpop_signing_alg_values_supported"] = []string{"ES256", "EdDSA", "RS256"}
	}
	if s.cfg.Assertions {
		members["token_endpoint_auth_methods_supported"] = append(methodsOfSecrets, "private_key_jwt")
		members["token_endpoint_auth_signing_alg_values_supported"] = []string{"ES256", "EdDSA", "RS256"}
	}
	if s.cfg.MutualTLS {
		s.describeCertificates(members)
	}
	if s.cfg.OpenID {
		members["jwks_uri"], members["userinfo_endpoint"] = base+pathKeys, base+pathUserInfo
		members["id_token_signing_alg_values_supported"] = []string{"ES256"}
		members["subject_types_supported"] = []string{"public"}
	}
	place := "oauth"
	if r.URL.Path == pathOpenID {
		place = "openid"
	}
	s.is.metadata(s, place, members)
	succeed(members).with("Cache-Control", "max-age=60").send(w)
}
