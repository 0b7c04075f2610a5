package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/strict"
)

// NormalHost completes a host as people write it: without a scheme it is https,
// on loopback http. The result has no final slash.
func NormalHost(host string) (string, error) {
	if !strings.Contains(host, "://") {
		scheme := "https://"
		if u, err := url.Parse("//" + host); err == nil && IsLoopback(u.Hostname()) {
			scheme = "http://"
		}
		host = scheme + host
	}
	if err := noCredentials("host", host); err != nil {
		return "", err
	}
	u, err := url.Parse(host)
	switch {
	case err != nil:
		return "", fmt.Errorf("host %q is not a URL", host)
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("unsupported scheme %q in host %q (want http or https)", u.Scheme, host)
	case u.Host == "" || u.Hostname() == "":
		return "", fmt.Errorf("host %q has no host name", host)
	case u.RawQuery != "" || u.Fragment != "":
		return "", fmt.Errorf("host %q has a query or a fragment", host)
	}
	return strings.TrimSuffix(host, "/"), nil
}

// ErrCredentials says that a URL carries a user name or a password, which would
// then stand in every report.
var ErrCredentials = errors.New("has a user name or password in it")

// noCredentials refuses a URL with credentials, without repeating them. What cannot
// be read as a URL and has an @ may hold some as well.
func noCredentials(key, raw string) error {
	u, err := url.Parse(raw)
	at := strings.LastIndexByte(raw, '@')
	if at < 0 || err == nil && u.User == nil {
		return nil
	}
	scheme, _, ok := strings.Cut(raw[:at], "://")
	if ok {
		scheme += "://"
	} else {
		scheme = ""
	}
	return fmt.Errorf("%s %q %w", key, scheme+"…"+raw[at:], ErrCredentials)
}

// IsLoopback reports whether a host name is this machine's own.
func IsLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// IsPrivate reports whether a host is an address that the public cannot reach.
func IsPrivate(host string) bool {
	ip := net.ParseIP(host)
	return IsLoopback(host) || ip != nil && (ip.IsPrivate() || ip.IsLinkLocalUnicast())
}

// plainOnTLS are words of servers that were sent plain HTTP on a port for https: of
// Go, nginx and Apache; and how Go's client shows a TLS alert.
var plainOnTLS = []string{
	"HTTP request to an HTTPS server", "plain HTTP request was sent to HTTPS port",
	"plain HTTP to an SSL-enabled server port", `malformed HTTP response "\x15\x03`,
}

// WantsHTTPS reports whether an answer says that the same is to be had over https,
// and only there.
func WantsHTTPS(x *Exchange) bool {
	if !strings.HasPrefix(x.Request.URL, "http://") {
		return false
	}
	said := func(text string) bool {
		return slices.ContainsFunc(plainOnTLS, func(w string) bool { return strings.Contains(text, w) })
	}
	switch {
	case x.Response == nil:
		return said(x.Error)
	case x.Class() == 3:
		return strings.HasPrefix(x.Response.Header.Get("Location"), "https://")
	}
	return x.Status() == http.StatusBadRequest && said(x.Response.Body)
}

// HTTPSHint says what to do where https is wanted.
func HTTPSHint(host string) string {
	return "the server speaks https: use --host https://" + strings.TrimPrefix(host, "http://")
}

// ReachHint says what to do about an error for which no answer came.
func ReachHint(err string) (hint string, see Symptom) {
	switch {
	case strings.Contains(err, "certificate") || strings.Contains(err, "tls:") || strings.Contains(err, "x509"):
		return "the certificate does not verify: name the issuing CA with --ca-file, or use --insecure for a test server",
			BadCertificate
	case strings.Contains(err, "connection refused"):
		return "nothing listens there: is the server up, and is the port right?", NothingListens
	case strings.Contains(err, "no such host"):
		return "the name does not resolve: is --host spelled right?", UnknownName
	case strings.Contains(err, `malformed HTTP response "\x15\x03`):
		return "the server speaks https: use --host https://…", SpeaksHTTPS
	case strings.Contains(err, "HTTP response to HTTPS"):
		return "the server speaks plain http: use --host http://…", SpeaksHTTP
	}
	return "check --host, the network and any proxy in between", NoAnswer
}

// Metadata, redirects and verification URIs are a server's words, and could send the
// one who tests it to places that only he can reach: his cloud's metadata, his router,
// another service on his machine. Only what the user named is spoken to (ruling R120).

// Named reports whether a URL is on a host that the user named: the server's, its
// issuer's, that of an endpoint, or one of approve.hosts.
func (t *Target) Named(address string) bool {
	return OnHosts(address, append(t.NamedHosts(), t.StartURL, t.TokenURL))
}

// NamedHosts are the hosts that the user named, the endpoints' apart.
func (t *Target) NamedHosts() []string {
	hosts := append([]string{t.Host, t.Issuer, t.Resource}, t.PageHosts...)
	if t.Introspection != nil {
		hosts = append(hosts, t.Introspection.URL)
	}
	return hosts
}

// OnHosts reports whether a URL is on one of some hosts.
func OnHosts(address string, hosts []string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" &&
		slices.ContainsFunc(hosts, func(h string) bool { return approve.OnHost(u, h) })
}

// maxToldURL is how much of a URL an error repeats, in bytes.
const maxToldURL = 300

// ToldURL is a URL of a server's as an error repeats it.
func ToldURL(u string) string { return approve.Clean(Truncate(u, maxToldURL)) }

// Offers are what a server has beside the two endpoints of the device flow: as the
// configuration names it, or else the metadata. What nobody names is empty.
type Offers struct {
	Revocation string `json:"revocation_endpoint,omitempty"` // RFC 7009
	Keys       string `json:"jwks_uri,omitempty"`
	UserInfo   string `json:"userinfo_endpoint,omitempty"` // OpenID Connect Core section 5.3
	// DPoP are the algorithms of proofs that it takes (RFC 9449 section 5.1).
	DPoP []string `json:"dpop_signing_alg_values_supported,omitempty"`
}

// Learn takes from metadata what the configuration leaves open. An endpoint on a host
// that the user did not name is none (ruling R120).
func (t *Target) Learn(metadata map[string]any) {
	aliases, _ := metadata["mtls_endpoint_aliases"].(map[string]any) // RFC 8705 section 5
	endpoint := func(member string) string {
		u, _ := metadata[member].(string)
		if alias, ok := aliases[member].(string); ok && t.Client.Certificate != nil {
			u = alias
		}
		if t.Named(u) {
			return u
		}
		return ""
	}
	o := &t.Offers
	o.Revocation = cmp.Or(o.Revocation, endpoint("revocation_endpoint"))
	o.Keys, o.UserInfo = endpoint("jwks_uri"), endpoint("userinfo_endpoint")
	if algs, _ := metadata["dpop_signing_alg_values_supported"].([]any); len(o.DPoP) == 0 {
		for _, alg := range algs {
			if name, ok := alg.(string); ok {
				o.DPoP = append(o.DPoP, name)
			}
		}
	}
}

// Revoke asks the server to revoke a token (RFC 7009 section 2.1) of the run's client.
// It returns nil where the server has no such endpoint.
func (s *ScenarioRun) Revoke(ctx context.Context, token string, opts ...Option) *Exchange {
	if s.target.Offers.Revocation == "" || token == "" {
		return nil
	}
	s.hide("token", token)
	return s.Send(ctx, Call{Op: OpOther, Method: http.MethodPost, URL: s.target.Offers.Revocation,
		Client: &s.target.Client, Encoding: spec.Form,
		Params: spec.Params{{Name: "token", Value: token}, {Name: "client_id", Value: s.target.Client.ID}}}, opts...)
}

// ProofAlgorithms are those by which DPoP proofs can be signed.
var ProofAlgorithms = []string{"ES256", "ES384", "EdDSA", "PS256", "RS256"}

// checkDPoP holds that a configuration names one of them.
func checkDPoP(alg string) error {
	if alg == "" || slices.Contains(ProofAlgorithms, alg) {
		return nil
	}
	return fmt.Errorf("dpop is %q; the nearest is %q (%s)", alg, strict.Nearest(alg, ProofAlgorithms),
		strings.Join(ProofAlgorithms, ", "))
}
