package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

// Choice is what a user said about the contract and the endpoints. Empty
// members are found out.
type Choice struct {
	Spec   string // auto, a built-in contract, or the path of an OpenAPI document
	Issuer string
	Start  string // device authorization endpoint: URL, path, or operationId of a document
	Token  string
	Path   map[string]string // of the parameters in a document's paths
}

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

// namedSpec is why a contract is chosen that the user named.
const namedSpec = "it was named (--spec, or spec: in dfcheck.yaml)"

// Choose fills in the target's contract and endpoints: as c says, and where it says
// nothing, by a look at the host. What was asked and answered is kept in t.Look.
func (t *Target) Choose(ctx context.Context, c Choice) error {
	t.Issuer, t.Hints, t.Look = c.Issuer, spec.OperationHints{}, &Look{Choice: c}
	switch {
	case c.Spec == "" || c.Spec == "auto" || c.Spec == "rfc8628":
		e := &explorer{prober: t.prober(), target: t, choice: c, usual: endpointsFor(t.Host, c.Issuer)}
		defer e.client.CloseIdleConnections()
		err := e.find(ctx)
		t.Look.Tried = e.tried
		if err != nil {
			return err
		}
	case slices.Contains(spec.ContractNames(), c.Spec):
		contract, err := spec.BuiltinContract(c.Spec)
		if err != nil {
			return err
		}
		t.Contract, t.ChosenBy, t.ChosenWhy = contract, "flag", namedSpec
	default:
		if err := t.chooseDocument(c); err != nil {
			return err
		}
	}
	if t.Contract.Family == spec.Document {
		if err := t.adopt(); err != nil {
			return err
		}
	}
	return t.endpoints(c)
}

func (t *Target) chooseDocument(c Choice) error {
	t.Hints = spec.OperationHints{Start: c.Start, Token: c.Token, Path: c.Path}
	t.ChosenBy, t.ChosenWhy = "flag", namedSpec
	var err error
	t.Contract, err = spec.OpenContract(c.Spec, t.Hints)
	return err
}

// endpoints makes URLs of what was named, was found, or stands in the contract, in
// this order.
func (t *Target) endpoints(c Choice) error {
	document := t.Contract.Family == spec.Document && !t.Hints.IsZero()
	if c.Start != "" && !document {
		t.StartURL = join(t.Host, c.Start)
	}
	if c.Token != "" && !document {
		t.TokenURL = join(t.Host, c.Token)
	}
	t.StartURL = cmp.Or(t.StartURL, place(t.Host, &t.Contract.Start))
	t.TokenURL = cmp.Or(t.TokenURL, place(t.Host, &t.Contract.Token))
	for _, u := range []string{t.StartURL, t.TokenURL} {
		if p, err := url.Parse(u); err != nil || p.Host == "" {
			return fmt.Errorf("endpoint %q is not a URL", u)
		}
	}
	return nil
}

// place is where a host has an operation. One that was given with the path of the
// document's server URL has it once.
func place(host string, o *spec.Operation) string {
	path, prefix := o.Path, strings.TrimRight(o.Prefix, "/")
	if u, err := url.Parse(host); err == nil && prefix != "" && strings.HasSuffix(strings.TrimRight(u.Path, "/"), prefix) {
		path = strings.TrimPrefix(path, prefix)
	}
	return join(host, path)
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

// SortedNames lists the names of members in order.
func SortedNames(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

// plainOnTLS are words of servers that were sent plain HTTP on a port for https: of
// Go, nginx and Apache; and how Go's client shows a TLS alert.
var plainOnTLS = []string{
	"HTTP request to an HTTPS server", "plain HTTP request was sent to HTTPS port",
	"plain HTTP to an SSL-enabled server port", `malformed HTTP response "\x15\x03`,
}

// wantsHTTPS reports whether an answer says that the same is to be had over https,
// and only there.
func (x *Exchange) wantsHTTPS() bool {
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

// httpsHint says what to do where https is wanted.
func httpsHint(host string) string {
	return "the server speaks https: use --host https://" + strings.TrimPrefix(host, "http://")
}
