package refserver

import (
	"net/http"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

// metadataFault is a fault of the discovery documents of a standard server.
func metadataFault(name, check, doc string, change func(s *Server, place string, m map[string]any)) Fault {
	return Fault{Name: name, Check: check, Contract: "rfc8628", Doc: doc,
		Break: func(b *behaviour) { b.metadata = change }}
}

var discoveryFaults = []Fault{
	{
		Name: "start-path-without-slash", Check: "DF-DISC-001",
		Doc: "Device authorization is mounted without its final slash, and the documented path answers 404.",
		Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				const path = "/api/v1/oauth/device-authorization"
				switch r.URL.Path {
				case path + "/":
					notFound().send(w)
					return
				case path:
					r.URL.Path += "/"
				}
				next.ServeHTTP(w, r)
			})
		},
	},
	{
		Name: "metadata-as-html", Check: "DF-DISC-002", Contract: "rfc8628",
		Doc: "The metadata is correct but labelled text/html.",
		Wrap: rewrite(func(r *http.Request, a *recorded) {
			if strings.HasPrefix(r.URL.Path, "/.well-known/") {
				a.header.Set("Content-Type", "text/html")
			}
		}),
	},
	metadataFault("issuer-with-slash", "DF-DISC-003", "The issuer in the metadata ends in one slash too many.",
		func(s *Server, _ string, m map[string]any) { m["issuer"] = s.cfg.BaseURL + "/" }),
	metadataFault("advertised-start-moved", "DF-DISC-004",
		"The metadata names a device authorization endpoint that is not there.",
		func(s *Server, _ string, m map[string]any) {
			m["device_authorization_endpoint"] = s.cfg.BaseURL + "/device_authorize"
		}),
	metadataFault("grant-type-short-name", "DF-DISC-005", "grant_types_supported lists device_code instead of the URN.",
		func(_ *Server, _ string, m map[string]any) {
			m["grant_types_supported"] = []string{"device_code", spec.GrantRefreshToken}
		}),
	metadataFault("metadata-empty-array", "DF-DISC-006", "The metadata has a member that is an empty array.",
		func(_ *Server, _ string, m map[string]any) { m["response_modes_supported"] = []string{} }),
	metadataFault("auth-methods-too-few", "DF-DISC-007",
		"The metadata lists client_secret_basic alone, and public clients are served.",
		func(_ *Server, _ string, m map[string]any) {
			m["token_endpoint_auth_methods_supported"] = []string{"client_secret_basic"}
		}),
	metadataFault("openid-metadata-stale", "DF-DISC-008",
		"The OpenID document still names the device authorization endpoint of last year.",
		func(s *Server, place string, m map[string]any) {
			if place == "openid" {
				m["device_authorization_endpoint"] = s.cfg.BaseURL + "/old/device_authorization"
			}
		}),
}
