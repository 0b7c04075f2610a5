package discovery

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// site answers at some paths, as "POST /token": `400 {"error": …}`, and elsewhere
// with rest, or 404. HOST in an answer is the site itself.
type site struct {
	at   map[string]string
	rest string
}

func (s site) start(t *testing.T) string {
	var base string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := s.at[r.Method+" "+r.URL.Path]
		if !ok {
			answer = s.rest
		}
		if answer == "" {
			answer = "404 nothing here"
		}
		status, body, _ := strings.Cut(answer, " ")
		code := 0
		fmt.Sscan(status, &code)
		w.Header().Set("Content-Type", "application/json")
		if strings.HasPrefix(body, "<") {
			w.Header().Set("Content-Type", "text/html")
		}
		w.WriteHeader(code)
		io.WriteString(w, strings.ReplaceAll(body, "HOST", base))
	}))
	t.Cleanup(server.Close)
	base = server.URL
	return base
}

// Answers that several sites give.
const (
	noClient   = `401 {"error":"invalid_client"}`
	badRequest = `400 {"error":"invalid_request"}`
	codes      = `200 {"device_code":"d1","user_code":"u1","verification_uri":"HOST/device","expires_in":60}`
	metaDevice = `200 {"issuer":"HOST","device_authorization_endpoint":"HOST/as/device","token_endpoint":"HOST/as/token"}`
	oauthPlace = "GET /.well-known/oauth-authorization-server"
)

// endpointsAt is a site with two endpoints that answer as OAuth's do.
func endpointsAt(start, token string) site {
	return site{at: map[string]string{"POST " + start: noClient, "POST " + token: badRequest}}
}

func TestChoose(t *testing.T) {
	type found struct{ Contract, Start, Token, Issuer, By string }
	for _, tc := range []struct {
		name   string
		site   site
		choice conformance.Choice
		want   found
		why    string // of the choice, or of the error
		hint   string
		config bool // the error is one of configuration
	}{
		// The documented paths.
		{name: "documented, refuses as OAuth", site: endpointsAt("/api/v1/oauth/device-authorization/",
			"/api/v1/oauth/token"),
			want: found{"documented-v1", "/api/v1/oauth/device-authorization/", "/api/v1/oauth/token", "", "probe"}},
		{name: "documented, refuses by fields", site: site{at: map[string]string{
			"POST /api/v1/oauth/device-authorization/": `400 {"device_type":["This field is required."]}`}},
			want: found{"documented-v1", "/api/v1/oauth/device-authorization/", "/api/v1/oauth/token", "", "probe"}},
		{name: "documented, names fields inside", site: site{at: map[string]string{
			"POST /api/v1/oauth/device-authorization/": `422 {"detail":[{"loc":["body","device_os"],"msg":"field required"}]}`}},
			want: found{"documented-v1", "/api/v1/oauth/device-authorization/", "/api/v1/oauth/token", "", "probe"}},
		{name: "documented, and any client gets codes", site: site{at: map[string]string{
			"POST /api/v1/oauth/device-authorization/": codes}},
			want: found{"documented-v1", "/api/v1/oauth/device-authorization/", "/api/v1/oauth/token", "", "probe"}},
		// Catch-alls are nobody's device flow.
		{name: "catch-all under 200, and metadata", site: site{rest: `200 {"status":"error"}`,
			at: map[string]string{oauthPlace: metaDevice}},
			want: found{"rfc8628", "/as/device", "/as/token", "HOST", "metadata"}},
		{name: "catch-all under 400, and metadata", site: site{rest: `400 {"status":"error"}`,
			at: map[string]string{oauthPlace: metaDevice}},
			want: found{"rfc8628", "/as/device", "/as/token", "HOST", "metadata"}},
		{name: "catch-all in OAuth's words, and metadata", site: site{rest: badRequest,
			at: map[string]string{oauthPlace: metaDevice}},
			want: found{"rfc8628", "/as/device", "/as/token", "HOST", "metadata"}},
		{name: "catch-all that names fields, and metadata", site: site{rest: `400 {"client_id":["unknown"]}`,
			at: map[string]string{oauthPlace: metaDevice}},
			want: found{"rfc8628", "/as/device", "/as/token", "HOST", "metadata"}},
		{name: "catch-all alone", site: site{rest: `200 {"status":"error"}`}, why: "no device flow was found",
			hint: "name the endpoints"},
		{name: "catch-all in OAuth's words alone", site: site{rest: noClient}, why: "no device flow was found",
			hint: "name the endpoints"},
		{name: "pages alone", site: site{rest: "200 <h1>It works</h1>"}, why: "answers with an HTML page",
			hint: "is --host the authorization server itself"},
		// Metadata.
		{name: "metadata behind the issuer's path", choice: conformance.Choice{Issuer: "HOST/as"},
			site: site{at: map[string]string{
				"GET /as/.well-known/oauth-authorization-server": metaDevice}},
			want: found{"rfc8628", "/as/device", "/as/token", "HOST/as", "metadata"}},
		{name: "metadata before the issuer's path", choice: conformance.Choice{Issuer: "HOST/as"},
			site: site{at: map[string]string{
				"GET /.well-known/openid-configuration/as": metaDevice}},
			want: found{"rfc8628", "/as/device", "/as/token", "HOST/as", "metadata"}},
		{name: "an issuer with a final slash that nobody configured", site: site{at: map[string]string{
			oauthPlace: strings.Replace(metaDevice, `"HOST"`, `"HOST/"`, 1)}},
			want: found{"rfc8628", "/as/device", "/as/token", "HOST/", "metadata"}},
		{name: "a configured issuer without it", choice: conformance.Choice{Issuer: "HOST"}, site: site{at: map[string]string{
			oauthPlace: strings.Replace(metaDevice, `"HOST"`, `"HOST/"`, 1)}},
			want: found{"rfc8628", "/as/device", "/as/token", "HOST", "metadata"}},
		{name: "the second document names it", site: site{at: map[string]string{
			oauthPlace:                              `200 {"issuer":"HOST","token_endpoint":"HOST/as/token"}`,
			"GET /.well-known/openid-configuration": metaDevice}},
			want: found{"rfc8628", "/as/device", "/as/token", "HOST", "metadata"}},
		{name: "no token_endpoint", site: site{at: map[string]string{
			oauthPlace: `200 {"issuer":"HOST","device_authorization_endpoint":"HOST/as/device"}`}},
			why: "/.well-known/oauth-authorization-server names no token_endpoint", hint: "--token-endpoint", config: true},
		{name: "no token_endpoint under --spec rfc8628", choice: conformance.Choice{Spec: "rfc8628"},
			site: site{at: map[string]string{
				oauthPlace: `200 {"issuer":"HOST","device_authorization_endpoint":"HOST/as/device"}`}},
			why: "names no token_endpoint", hint: "--token-endpoint", config: true},
		{name: "no token_endpoint, and the user names it", choice: conformance.Choice{Token: "/t"},
			site: site{at: map[string]string{
				oauthPlace: `200 {"issuer":"HOST","device_authorization_endpoint":"HOST/as/device"}`}},
			want: found{"rfc8628", "/as/device", "/t", "HOST", "metadata"}},
		{name: "mutual TLS alone", site: site{at: map[string]string{oauthPlace: `200 {"issuer":"HOST","mtls_endpoint_aliases":
			{"device_authorization_endpoint":"HOST/m/device","token_endpoint":"HOST/m/token"}}`}},
			why: "mutual TLS", hint: "--device-authorization-endpoint", config: true},
		{name: "mutual TLS at the token endpoint", site: site{at: map[string]string{oauthPlace: `200 {"issuer":"HOST",
			"device_authorization_endpoint":"HOST/d","mtls_endpoint_aliases":{"token_endpoint":"HOST/m/token"}}`}},
			why: "names token_endpoint only in mtls_endpoint_aliases", hint: "--token-endpoint", config: true},
		{name: "a token endpoint alone",
			site: site{at: map[string]string{oauthPlace: `200 {"issuer":"HOST","token_endpoint":"HOST/t"}`}},
			why:  "names a token endpoint and no device_authorization_endpoint", hint: "--device-authorization-endpoint"},
		{name: "an issuer without metadata", choice: conformance.Choice{Issuer: "HOST/as"},
			why: "the issuer HOST/as has no metadata", hint: "name the endpoints"},
		{name: "an issuer in a usual place",
			site: site{at: map[string]string{"GET /dex/.well-known/openid-configuration": `200 {"issuer":"HOST/dex",
			"device_authorization_endpoint":"HOST/dex/device/code","token_endpoint":"HOST/dex/token"}`}},
			want: found{"rfc8628", "/dex/device/code", "/dex/token", "HOST/dex", "metadata"}},
		// Endpoints in usual places.
		{name: "Django", site: endpointsAt("/o/device-authorization/", "/o/token/"),
			want: found{"rfc8628", "/o/device-authorization/", "/o/token/", "", "probe"}},
		{name: "GitLab", site: endpointsAt("/oauth/authorize_device", "/oauth/token"),
			want: found{"rfc8628", "/oauth/authorize_device", "/oauth/token", "", "probe"}},
		{name: "Hydra", site: endpointsAt("/oauth2/device/auth", "/oauth2/token"),
			want: found{"rfc8628", "/oauth2/device/auth", "/oauth2/token", "", "probe"}},
		{name: "IdentityServer", site: endpointsAt("/connect/deviceauthorization", "/connect/token"),
			want: found{"rfc8628", "/connect/deviceauthorization", "/connect/token", "", "probe"}},
		{name: "Keycloak", site: endpointsAt("/realms/master/protocol/openid-connect/auth/device",
			"/realms/master/protocol/openid-connect/token"),
			want: found{"rfc8628", "/realms/master/protocol/openid-connect/auth/device",
				"/realms/master/protocol/openid-connect/token", "", "probe"}},
		{name: "Keycloak, a realm of the user's", choice: conformance.Choice{Issuer: "HOST/auth/realms/tv"},
			site: endpointsAt("/auth/realms/tv/protocol/openid-connect/auth/device",
				"/auth/realms/tv/protocol/openid-connect/token"),
			want: found{"rfc8628", "/auth/realms/tv/protocol/openid-connect/auth/device",
				"/auth/realms/tv/protocol/openid-connect/token", "HOST/auth/realms/tv", "probe"}},
		{name: "endpoints that no metadata names", site: site{at: map[string]string{
			oauthPlace:           `200 {"issuer":"HOST","token_endpoint":"HOST/oauth/token"}`,
			"POST /oauth/device": noClient, "POST /oauth/token": badRequest}},
			want: found{"rfc8628", "/oauth/device", "/oauth/token", "HOST", "probe"}},
		{name: "one named, the other beside it, in no metadata", choice: conformance.Choice{Start: "/pair/device"},
			site: site{at: map[string]string{
				oauthPlace:          `200 {"issuer":"HOST","token_endpoint":""}`,
				"POST /pair/device": noClient, "POST /pair/token": badRequest}},
			want: found{"rfc8628", "/pair/device", "/pair/token", "HOST", "flag"}},
		{name: "the neighbour of another", site: endpointsAt("/device_authorization", "/oauth/token"),
			want: found{"rfc8628", "/device_authorization", "/oauth/token", "", "probe"}},
		{name: "a token endpoint that wants JSON", site: site{at: map[string]string{"POST /device/code": badRequest,
			"POST /token": `415 {"message":"json"}`}},
			why:  "/device/code answers (400 invalid_request), /token does not (415 with neither an error nor codes)",
			hint: "--token-endpoint"},
		{name: "half a device flow", site: site{at: map[string]string{"POST /device_authorization": noClient}},
			why:  "/device_authorization answers (401 invalid_client), /token does not (404 ",
			hint: "name the other endpoint with --token-endpoint (endpoints: {token: …}"},
		{name: "the other half", site: site{at: map[string]string{"POST /oauth/token": `400 {"error":"unsupported_grant_type"}`}},
			why: "/oauth/token answers as a token endpoint", hint: "--device-authorization-endpoint"},
		// One endpoint is named.
		{name: "the token endpoint beside the named one", choice: conformance.Choice{Start: "/v2/pair/device/code"},
			site: endpointsAt("/v2/pair/device/code", "/v2/pair/token"),
			want: found{"rfc8628", "/v2/pair/device/code", "/v2/pair/token", "", "flag"}, why: "/v2/pair/token answers"},
		{name: "in the same folder", choice: conformance.Choice{Start: "/v2/pair/begin"},
			site: endpointsAt("/v2/pair/begin", "/v2/pair/token"),
			want: found{"rfc8628", "/v2/pair/begin", "/v2/pair/token", "", "flag"}},
		{name: "no token endpoint beside it", choice: conformance.Choice{Start: "/v2/begin"},
			site: site{at: map[string]string{"POST /v2/begin": noClient}},
			why:  "no token endpoint was found", hint: "--token-endpoint"},
		{name: "no token endpoint beside it under --spec rfc8628",
			choice: conformance.Choice{Spec: "rfc8628", Start: "/v2/begin"},
			site:   site{at: map[string]string{"POST /v2/begin": noClient}},
			why:    "no token endpoint was found", hint: "--token-endpoint"},
		{name: "the start beside the named one", choice: conformance.Choice{Token: "HOST/oauth/token"},
			site: endpointsAt("/oauth/device", "/oauth/token"),
			want: found{"rfc8628", "/oauth/device", "/oauth/token", "", "flag"}},
		{name: "no start beside it", choice: conformance.Choice{Token: "/oauth/token"},
			site: site{at: map[string]string{"POST /oauth/token": badRequest}},
			why:  "no device authorization endpoint was found", hint: "--device-authorization-endpoint"},
		{name: "both are named", choice: conformance.Choice{Start: "/a", Token: "/b"},
			want: found{"rfc8628", "/a", "/b", "", "flag"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			host := tc.site.start(t)
			own := func(s string) string { return strings.ReplaceAll(s, "HOST", host) }
			for _, s := range []*string{&tc.choice.Issuer, &tc.choice.Start, &tc.choice.Token, &tc.want.Issuer, &tc.why} {
				*s = own(*s)
			}
			target := &conformance.Target{Facts: conformance.Facts{Host: host}, TLS: &tls.Config{}}
			err := Choose(t.Context(), target, tc.choice)
			if len(target.Look.Tried) > mostAsked {
				t.Errorf("%d requests", len(target.Look.Tried))
			}
			if tc.want == (found{}) {
				p, ok := err.(*conformance.PreflightError)
				if !ok || !strings.Contains(p.Problem, tc.why) || !strings.Contains(p.Hint, tc.hint) || p.Incomplete != tc.config {
					t.Fatalf("got %+v", err)
				}
				if len(p.Tried) == 0 {
					t.Error("the error does not say what was tried")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := found{target.Contract.Name, strings.TrimPrefix(target.StartURL, host),
				strings.TrimPrefix(target.TokenURL, host),
				target.Issuer, target.ChosenBy}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error(d)
			}
			if !strings.Contains(target.ChosenWhy, tc.why) {
				t.Errorf("chosen because %s", target.ChosenWhy)
			}
			again := &conformance.Target{Facts: conformance.Facts{Host: host}, TLS: &tls.Config{}}
			if err := Choose(t.Context(), again, target.Look.Choice); err != nil || again.StartURL != target.StartURL ||
				again.TokenURL != target.TokenURL {
				t.Errorf("what init would write finds %s and %s: %v", again.StartURL, again.TokenURL, err)
			}
		})
	}
}

// TestAliases: a client with a certificate is sent to the endpoints for such clients, and no
// other client is (RFC 8705 section 5).
func TestAliases(t *testing.T) {
	host := site{at: map[string]string{oauthPlace: `200 {"issuer":"HOST","device_authorization_endpoint":"HOST/as/device",
		"token_endpoint":"HOST/as/token","userinfo_endpoint":"HOST/as/me","revocation_endpoint":"HOST/as/revoke",
		"mtls_endpoint_aliases":{"device_authorization_endpoint":"HOST/m/device","userinfo_endpoint":"HOST/m/me"}}`}}.start(t)
	for _, c := range []struct {
		certificate *tls.Certificate
		want        []string
	}{
		{nil, []string{"/as/device", "/as/token", "/as/me", "/as/revoke"}},
		{&tls.Certificate{}, []string{"/m/device", "/as/token", "/m/me", "/as/revoke"}},
	} {
		target := &conformance.Target{Facts: conformance.Facts{Host: host,
			Client: conformance.Client{ID: "dfcheck", Certificate: c.certificate}}, TLS: &tls.Config{}}
		if err := Choose(t.Context(), target, conformance.Choice{}); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, u := range []string{target.StartURL, target.TokenURL, target.Offers.UserInfo, target.Offers.Revocation} {
			got = append(got, strings.TrimPrefix(u, host))
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Error(d)
		}
	}
}

// TestPlace: a host that ends in the path of the document's server URL gets it once.
func TestPlace(t *testing.T) {
	o := &spec.Operation{Path: "/idp/v1/token", Prefix: "/idp/v1"}
	for host, want := range map[string]string{
		"https://a.example":            "https://a.example/idp/v1/token",
		"https://a.example/idp/v1":     "https://a.example/idp/v1/token",
		"https://a.example/idp/v1/":    "https://a.example/idp/v1/token",
		"https://a.example/gw/idp/v1":  "https://a.example/gw/idp/v1/token",
		"https://a.example/other":      "https://a.example/other/idp/v1/token",
		"https://a.example/not-idp/v1": "https://a.example/not-idp/v1/idp/v1/token",
	} {
		if got := place(host, o); got != want {
			t.Errorf("%s: %s, want %s", host, got, want)
		}
	}
}
