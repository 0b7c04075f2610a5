package refserver

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/dfcheck/dfcheck/spec"
)

// Config of a server. The zero value is the documented API on
// http://localhost with the default clients and users.
type Config struct {
	Contract string // documented-v1, documented-v2 or rfc8628
	// Document is a contract of one's own, instead of a built-in one.
	Document *spec.Contract
	BaseURL  string // issuer; all URLs are made from it, never from a request
	// Interval is announced and enforced, Lifetime that of the codes; both in
	// whole seconds.
	Interval, Lifetime time.Duration
	TokenLifetime      time.Duration
	// Forget is how long a grant is known after its device has heard how it
	// ended; 0 keeps it for a lifetime after its expiry, like any other.
	Forget time.Duration
	// MostGrants is how many grants are known at a time: a device authorization
	// request beyond is answered with 503. 2,000,000 when 0, about 1.5 GB.
	MostGrants int
	Clients    []Client
	Users      []User
	Scopes     []string // what may be granted; anything else is left out of the token
	// Decisions opens POST /decision, with which programs approve and deny
	// without signing in. For tests alone.
	Decisions bool
	UserCode  string // the same for every start, for demonstrations; "" makes one up
	// SlowDownAt is the poll of every code that is answered slow_down whatever
	// its pace, counted from 1, so that a client's patience can be seen; 0 for
	// none.
	SlowDownAt int
	// Delay is how long every answer takes at least, so that a server can be
	// slower than another by a known time.
	Delay time.Duration
	// Limits are on the pace of requests; none when empty.
	Limits []Limit
	// GuessLimit is how many unknown device codes one address may poll with in
	// guessWindow, 0 for any number (RFC 8628 section 5.2).
	GuessLimit int
	// TrustForwarded takes the last address that X-Forwarded-For or Forwarded names for
	// that of whoever sends a request, as behind a proxy that everything comes through.
	TrustForwarded bool
	// Revocation opens the revocation endpoint (RFC 7009).
	Revocation bool
	// OpenID gives ID tokens with openid, and opens userinfo and the keys.
	OpenID bool
	// DPoP binds tokens to the key of a proof that comes with a token request (RFC 9449);
	// DPoPNonce wants a nonce in it.
	DPoP, DPoPNonce bool
	// Assertions lets the client dfcheck-key authenticate with assertions (RFC 7523) for one
	// of Audiences; when there are none, the issuer and the URLs of both endpoints. ClientKey
	// is its private key, one that is made when it is nil.
	Assertions bool
	Audiences  []string
	ClientKey  *jose.JSONWebKey
	// MutualTLS asks for client certificates over https, lets dfcheck-tls and
	// dfcheck-tls-other authenticate with theirs (RFC 8705), and binds tokens to the
	// certificate that a device shows, unless Unbound. Certificates are made when they are
	// nil, without an authority where SelfSigned. With Aliases the metadata has other
	// endpoints for clients with a certificate.
	MutualTLS, SelfSigned, Unbound, Aliases bool
	Certificates                            *Certificates
}

// Client is a registered OAuth client. One with a secret is confidential.
type Client struct {
	ID, Secret   string
	Key          *jose.JSONWebKey  // the public key of assertions
	Certificate  *x509.Certificate // that it authenticates with
	NoDeviceFlow bool              // not entitled to the device grant
}

// confidential reports whether the client has to authenticate.
func (c *Client) confidential() bool { return c.Secret != "" || c.Key != nil || c.Certificate != nil }

// User is a person who can sign in at the verification page.
type User struct{ Name, Password string }

// The clients and users of a server whose configuration names none.
var (
	DefaultClients = []Client{
		{ID: "dfcheck"}, {ID: "dfcheck-other"}, {ID: "dfcheck-conf", Secret: "secret"},
		{ID: "nodevice", NoDeviceFlow: true},
	}
	DefaultUsers = []User{{"alice", "password"}, {"bob", "password"}}
)

func (c Config) withDefaults() Config {
	c.Contract = cmp.Or(c.Contract, "documented-v1")
	c.BaseURL = cmp.Or(c.BaseURL, "http://localhost")
	c.Interval = cmp.Or(c.Interval, spec.DefaultInterval*time.Second)
	c.Lifetime = cmp.Or(c.Lifetime, 10*time.Minute)
	c.TokenLifetime = cmp.Or(c.TokenLifetime, time.Hour)
	c.MostGrants = cmp.Or(c.MostGrants, 2_000_000)
	c.Limits = slices.Clone(c.Limits)
	for i := range c.Limits {
		c.Limits[i].Shape = cmp.Or(c.Limits[i].Shape, "bucket")
	}
	if c.Clients == nil {
		c.Clients = DefaultClients
	}
	if c.Assertions {
		c = c.withAssertions()
	}
	if c.MutualTLS {
		c = c.withCertificates()
	}
	if c.Users == nil {
		c.Users = DefaultUsers
	}
	if c.Scopes == nil {
		c.Scopes = []string{"openid", "profile"}
	}
	return c
}

// withAssertions registers the client that authenticates with assertions.
func (c Config) withAssertions() Config {
	if c.ClientKey == nil {
		c.ClientKey = newClientKey()
	}
	public := c.ClientKey.Public()
	c.Clients = append(slices.DeleteFunc(slices.Clone(c.Clients), func(c Client) bool { return c.ID == keyedClient }),
		Client{ID: keyedClient, Key: &public})
	if contract, err := c.contract(); err == nil && c.Audiences == nil {
		c.Audiences = []string{c.BaseURL, c.BaseURL + contract.Token.Path, c.BaseURL + contract.Start.Path}
	}
	return c
}

func (c Config) contract() (*spec.Contract, error) {
	if c.Document != nil {
		return c.Document, nil
	}
	return spec.BuiltinContract(c.Contract)
}

// Check reports every problem of a configuration at once.
func (c Config) Check() error {
	c = c.withDefaults()
	var errs []error
	if _, err := c.contract(); err != nil {
		errs = append(errs, err)
	}
	if u, err := url.Parse(c.BaseURL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" ||
		c.BaseURL != u.Scheme+"://"+u.Host {
		errs = append(errs, fmt.Errorf("base URL %q is not http:// or https:// with a host and nothing after it", c.BaseURL))
	}
	for name, d := range map[string]time.Duration{"interval": c.Interval, "lifetime": c.Lifetime} {
		if d < time.Second || d%time.Second != 0 {
			errs = append(errs, fmt.Errorf("%s %s is not a whole number of seconds of at least 1", name, d))
		}
	}
	if c.SlowDownAt < 0 {
		errs = append(errs, fmt.Errorf("slow_down at poll %d: polls are counted from 1", c.SlowDownAt))
	}
	if c.Delay < 0 {
		errs = append(errs, fmt.Errorf("delay %s is below 0", c.Delay))
	}
	for _, l := range c.Limits {
		if err := l.check(); err != nil {
			errs = append(errs, err)
		}
	}
	if c.Interval >= c.Lifetime {
		errs = append(errs, fmt.Errorf("interval %s is not shorter than the lifetime %s", c.Interval, c.Lifetime))
	}
	slices.SortFunc(errs, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}
