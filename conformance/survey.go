package conformance

import (
	"context"
	"net/http"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

// A Survey is what a closer look at a host found: what to choose, why, and the
// OpenAPI document when that is what tells.
type Survey struct {
	Choice
	Why      string
	Document []byte // to be saved where Choice.Spec says
	Scopes   []string
}

// Where servers are known to have their issuer, their OpenAPI document, and,
// when they have no metadata, their endpoints.
var (
	usualIssuers = []string{"/dex", "/oidc", "/oauth2", "/oauth2/default", "/oauth", "/api/auth", "/api/oidc",
		"/realms/master", "/auth/realms/master"}

	usualDocuments = []string{"/openapi.json", "/openapi.yaml", "/api/openapi.json", "/api/schema/", "/v3/api-docs",
		"/swagger.json"}

	usualEndpoints = []EndpointsConfig{
		{"/oauth/device_authorization", "/oauth/token"}, {"/oauth2/device_authorization", "/oauth2/token"},
		{"/oauth/device/code", "/oauth/token"}, {"/oauth2/device/code", "/oauth2/token"}, {"/device/code", "/token"},
		{"/login/device/code", "/login/oauth/access_token"}, {"/api/auth/device/code", "/api/auth/device/token"},
		{"/device_authorization", "/token"}, {"/oauth/device", "/oauth/token"}, {"/device/auth", "/token"},
	}
)

// savedDocument is where an OpenAPI document that was found is to be saved.
const savedDocument = "dfcheck.openapi"

// Survey looks for the device flow in more places than a run does. It sends GETs
// and starts that no server can accept, having no client.
func (t *Target) Survey(ctx context.Context) (*Survey, error) {
	v1, err := spec.BuiltinContract("documented-v1")
	if err != nil {
		return nil, err
	}
	l := t.looker()
	defer l.client.CloseIdleConnections()
	if l.refuses(ctx, join(t.Host, v1.Start.Path)) {
		return &Survey{Choice: Choice{Spec: "documented-v1"}, Why: "the documented paths answer"}, nil
	}
	for _, path := range append([]string{""}, usualIssuers...) {
		if m := l.metadata(ctx, t.Host+path); m != nil {
			issuer := m.Issuer
			if strings.TrimSuffix(issuer, "/") != t.Host+path { // what it calls itself is for the checks
				issuer = t.Host + path
			}
			return &Survey{Choice: Choice{Spec: "rfc8628", Issuer: issuer},
				Why: m.URL + " names a device authorization endpoint", Scopes: m.Scopes}, nil
		}
		if ctx.Err() != nil || l.silent() {
			return nil, t.nothingFound(l.tried)
		}
	}
	for _, path := range usualDocuments {
		x := l.ask(ctx, http.MethodGet, t.Host+path, "", "")
		if x.Status() != http.StatusOK {
			continue
		}
		name := savedDocument + extension(path)
		if _, err := spec.LoadContract(name, x.raw, spec.OperationHints{}); err == nil {
			return &Survey{Choice: Choice{Spec: name}, Why: "the OpenAPI document at " + x.Request.URL + " has both operations",
				Document: x.raw}, nil
		}
	}
	for _, e := range usualEndpoints {
		if l.refuses(ctx, t.Host+e.DeviceAuthorization) && l.refuses(ctx, t.Host+e.Token) {
			return &Survey{Choice: Choice{Spec: "rfc8628", Start: e.DeviceAuthorization, Token: e.Token},
				Why: t.Host + e.DeviceAuthorization + " refuses an empty device authorization request, as it should"}, nil
		}
	}
	return nil, t.nothingFound(l.tried)
}

func extension(path string) string {
	if strings.HasSuffix(path, ".yaml") {
		return ".yaml"
	}
	return ".json"
}

// silent reports whether nothing at all has answered so far.
func (l *looker) silent() bool {
	for _, x := range l.tried {
		if x.Response != nil {
			return false
		}
	}
	return len(l.tried) > 0
}

// refuses reports whether an endpoint answers an empty request as an OAuth endpoint
// does: with a 4xx and JSON.
func (l *looker) refuses(ctx context.Context, u string) bool {
	for _, body := range []struct {
		encoding spec.Encoding
		text     string
	}{{spec.Form, "dfcheck="}, {spec.JSON, "{}"}} {
		x := l.ask(ctx, http.MethodPost, u, body.encoding, body.text)
		if x.Class() == 4 && !missingPath(x) && x.Object() != nil {
			return true
		}
	}
	return false
}
