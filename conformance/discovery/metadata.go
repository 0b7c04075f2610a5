package discovery

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/conformance"
)

// serverMetadata is the part of an RFC 8414 document that discovery uses.
type serverMetadata struct {
	URL       string
	Issuer    string
	endpoints pair
	aliases   pair     // mtls_endpoint_aliases, for clients with a certificate (RFC 8705 section 5)
	Scopes    []string // scopes_supported

	members map[string]any
}

// WellKnown lists where the metadata of an issuer may be: RFC 8414 section 3
// puts the well-known part between host and path, OpenID Connect Discovery
// section 4 behind both. Where there is a path, servers are known that have the
// one document where the other belongs, so these places come last.
func WellKnown(issuer string) []string {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil
	}
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	base := u.Scheme + "://" + u.Host
	places := []string{
		base + "/.well-known/oauth-authorization-server" + path,
		base + path + "/.well-known/openid-configuration",
	}
	if path != "" {
		places = append(places, base+path+"/.well-known/oauth-authorization-server",
			base+"/.well-known/openid-configuration"+path)
	}
	return places
}

// metadata returns the metadata of an issuer at the first of some places that
// names the device flow, or else the first there is; nil for none.
func (l *prober) metadata(ctx context.Context, places []string) *serverMetadata {
	var first *serverMetadata
	for _, u := range places {
		m := readMetadata(l.ask(ctx, http.MethodGet, u, "", ""))
		if m == nil {
			continue
		}
		if m.endpoints.start != "" || m.aliases.start != "" {
			return m
		}
		if first == nil {
			first = m
		}
	}
	return first
}

// readMetadata reads an answer as a metadata document, nil when it is none.
func readMetadata(x *conformance.Exchange) *serverMetadata {
	if !conformance.IsMetadata(x) {
		return nil
	}
	m := &serverMetadata{URL: x.Request.URL, Issuer: x.Text("issuer"), endpoints: endpointsIn(x.Object()),
		members: x.Object()}
	if aliases, ok := x.Object()["mtls_endpoint_aliases"].(map[string]any); ok {
		m.aliases = endpointsIn(aliases)
	}
	if m.Issuer == "" && m.endpoints == (pair{}) && m.aliases == (pair{}) {
		return nil // a catch-all that answers everything with JSON
	}
	m.Scopes = m.texts("scopes_supported")
	return m
}

// texts are those of a member that is an array.
func (m *serverMetadata) texts(member string) (out []string) {
	list, _ := m.members[member].([]any)
	for _, v := range list {
		if text, ok := v.(string); ok {
			out = append(out, text)
		}
	}
	return out
}

func endpointsIn(members map[string]any) (e pair) {
	e.start, _ = members["device_authorization_endpoint"].(string)
	e.token, _ = members["token_endpoint"].(string)
	return e
}

// issuerOf is the issuer that metadata is held against where nobody configured
// one: the one that was asked for, final slash or not as the server has it. The
// slash is not part of where the document is (RFC 8414 section 3.1).
func (m *serverMetadata) issuerOf(asked string) string {
	if strings.TrimSuffix(m.Issuer, "/") == strings.TrimSuffix(asked, "/") {
		return m.Issuer
	}
	return asked
}

// preferred is the scope that a client may ask for where the server wants one.
func (m *serverMetadata) preferred() string {
	switch {
	case m == nil || len(m.Scopes) == 0:
		return ""
	case slices.Contains(m.Scopes, "openid"):
		return "openid"
	}
	return m.Scopes[0]
}
