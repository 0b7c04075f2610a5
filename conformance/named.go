package conformance

import (
	"net/url"
	"slices"

	"github.com/dfcheck/dfcheck/conformance/approve"
)

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
