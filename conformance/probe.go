package conformance

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/dfcheck/dfcheck/reports/redact"
	"github.com/dfcheck/dfcheck/spec"
)

// Found is what a look at a host showed: a few GETs and one refused POST.
type Found struct {
	Documented bool            // the documented paths answer
	Metadata   *ServerMetadata // nil when there is none that names the device flow
	Tried      []*Exchange     // everything that was sent, in order
}

// ServerMetadata is the part of an RFC 8414 document that discovery uses.
type ServerMetadata struct {
	URL                         string
	Issuer                      string
	DeviceAuthorizationEndpoint string
	TokenEndpoint               string
	Scopes                      []string // scopes_supported
}

// A prober asks a host what it is, before there is a session: it keeps what it
// sent, and sends no secret of a client.
type prober struct {
	client  *http.Client
	secrets *redactor
	headers http.Header // of the target's configuration
	tried   []*Exchange
}

func (t *Target) prober() *prober {
	return &prober{client: t.HTTPClient(), secrets: t.redactor(), headers: t.Headers}
}

// probe finds out which contracts a host answers.
func (l *prober) probe(ctx context.Context, host, issuer string, v1 *spec.Contract) Found {
	var f Found
	if issuer == "" {
		issuer = host
	}
	f.Metadata = l.metadata(ctx, issuer)
	f.Documented = l.documented(ctx, host, v1)
	f.Tried = l.tried
	return f
}

// metadata looks for metadata of an issuer that names the device flow.
func (l *prober) metadata(ctx context.Context, issuer string) *ServerMetadata {
	for _, u := range WellKnown(issuer) {
		if m := readMetadata(l.ask(ctx, http.MethodGet, u, "", "")); m != nil && m.DeviceAuthorizationEndpoint != "" {
			return m
		}
	}
	return nil
}

// documented reports whether the documented paths answer.
func (l *prober) documented(ctx context.Context, host string, v1 *spec.Contract) bool {
	x := l.ask(ctx, http.MethodPost, join(host, v1.Start.Path), spec.JSON, "{}")
	return x.Response != nil && !MissingPath(x) && x.Class() != 5
}

// WellKnown lists where the metadata of an issuer may be: RFC 8414 section 3
// puts the well-known part between host and path, OpenID Connect Discovery
// section 4 behind both.
func WellKnown(issuer string) []string {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil
	}
	path := strings.TrimSuffix(u.Path, "/")
	base := u.Scheme + "://" + u.Host
	return []string{
		base + "/.well-known/oauth-authorization-server" + path,
		base + path + "/.well-known/openid-configuration",
	}
}

// readMetadata reads an answer as a metadata document, nil when it is none.
func readMetadata(x *Exchange) *ServerMetadata {
	obj := x.Object()
	if x.Status() != http.StatusOK || obj == nil {
		return nil
	}
	m := &ServerMetadata{URL: x.Request.URL, Issuer: x.Text("issuer"),
		DeviceAuthorizationEndpoint: x.Text("device_authorization_endpoint"), TokenEndpoint: x.Text("token_endpoint")}
	scopes, _ := obj["scopes_supported"].([]any)
	for _, s := range scopes {
		if text, ok := s.(string); ok {
			m.Scopes = append(m.Scopes, text)
		}
	}
	return m
}

// ask sends one request and keeps it. It never returns nil.
func (l *prober) ask(ctx context.Context, method, u string, encoding spec.Encoding, body string) *Exchange {
	x := &Exchange{ID: fmt.Sprintf("x%d", len(l.tried)+1), Scenario: "look", Op: OpMetadata,
		Request: Request{Method: method, URL: u, Body: body, Length: len(body), Header: http.Header{}}}
	l.tried = append(l.tried, x)
	for k, v := range l.headers {
		x.Request.Header[k] = v
	}
	x.Request.Header.Set("User-Agent", "dfcheck")
	x.Request.Header.Set("Accept", "application/json")
	if body != "" {
		x.Request.Header.Set("Content-Type", string(encoding))
	}
	req, err := http.NewRequestWithContext(ctx, method, u, strings.NewReader(body))
	if err != nil {
		x.Error = err.Error()
		return x
	}
	req.Header = x.Request.Header.Clone()
	x.Request.Header = l.secrets.Header(x.Request.Header)
	resp, err := l.client.Do(req)
	if err != nil {
		x.Error = l.secrets.Text(unwrapURL(err).Error())
		return x
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, MaxBody))
	if err != nil {
		x.Error = err.Error()
		return x
	}
	x.raw = b
	x.Response = &Response{Status: resp.StatusCode, Proto: resp.Proto, Header: l.secrets.Header(resp.Header),
		Length: int64(len(b)),
		Body:   l.secrets.Body(string(b), redact.About{ContentType: resp.Header.Get("Content-Type"), Cut: len(b) == MaxBody})}
	return x
}

// join puts a path behind a host as it was given, its own path kept.
func join(host, path string) string {
	if strings.Contains(path, "://") {
		return path
	}
	return strings.TrimSuffix(host, "/") + "/" + strings.TrimPrefix(path, "/")
}

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
	l := t.prober()
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
func (l *prober) silent() bool {
	for _, x := range l.tried {
		if x.Response != nil {
			return false
		}
	}
	return len(l.tried) > 0
}

// refuses reports whether an endpoint answers an empty request as an OAuth endpoint
// does: with a 4xx and JSON.
func (l *prober) refuses(ctx context.Context, u string) bool {
	for _, body := range []struct {
		encoding spec.Encoding
		text     string
	}{{spec.Form, "dfcheck="}, {spec.JSON, "{}"}} {
		x := l.ask(ctx, http.MethodPost, u, body.encoding, body.text)
		if x.Class() == 4 && !MissingPath(x) && x.Object() != nil {
			return true
		}
	}
	return false
}
