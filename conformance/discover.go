package conformance

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

// Found is what a look at a host showed: a few GETs and one refused POST.
type Found struct {
	Documented bool            // the documented paths answer
	Metadata   *ServerMetadata // nil when there is none that names the device flow
	Problem    error           // why nothing was found: the last thing that went wrong
}

// ServerMetadata is the part of an RFC 8414 document that discovery uses.
type ServerMetadata struct {
	URL                         string
	Issuer                      string
	DeviceAuthorizationEndpoint string
	TokenEndpoint               string
}

// look finds out which contracts a host answers.
func look(ctx context.Context, c *http.Client, host, issuer string, v1 *spec.Contract) Found {
	var f Found
	if issuer == "" {
		issuer = host
	}
	for _, u := range WellKnown(issuer) {
		m, err := fetchMetadata(ctx, c, u)
		if err != nil {
			f.Problem = err
			continue
		}
		if m.DeviceAuthorizationEndpoint != "" {
			f.Metadata = m
			break
		}
	}
	resp, err := ask(ctx, c, http.MethodPost, join(host, v1.Start.Path), "{}")
	if err != nil {
		f.Problem = err
		return f
	}
	x := &Exchange{Response: &Response{Status: resp.StatusCode}}
	f.Documented = !missingPath(x) && x.Class() != 5
	return f
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

func fetchMetadata(ctx context.Context, c *http.Client, u string) (*ServerMetadata, error) {
	resp, err := ask(ctx, c, http.MethodGet, u, "")
	if err != nil {
		return nil, err
	}
	obj := spec.Object(resp.body)
	if resp.StatusCode != http.StatusOK || obj == nil {
		return nil, fmt.Errorf("no metadata at %s (status %d)", u, resp.StatusCode)
	}
	text := func(m string) string { s, _ := obj[m].(string); return s }
	return &ServerMetadata{URL: u, Issuer: text("issuer"),
		DeviceAuthorizationEndpoint: text("device_authorization_endpoint"), TokenEndpoint: text("token_endpoint")}, nil
}

type answered struct {
	*http.Response
	body []byte
}

func ask(ctx context.Context, c *http.Client, method, u, body string) (*answered, error) {
	req, err := http.NewRequestWithContext(ctx, method, u, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "dfcheck")
	req.Header.Set("Accept", "application/json")
	if body != "" {
		req.Header.Set("Content-Type", string(spec.JSON))
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, MaxBody))
	return &answered{resp, b}, err
}

// join puts a path behind a host as it was given, its own path kept.
func join(host, path string) string {
	if strings.Contains(path, "://") {
		return path
	}
	return strings.TrimSuffix(host, "/") + "/" + strings.TrimPrefix(path, "/")
}
