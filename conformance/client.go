package conformance

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/dfcheck/dfcheck/reports/redact"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/jwt"
	"github.com/dfcheck/dfcheck/spec/strict"
)

// ClientConfig is a registered client. Its secret comes from the environment, its key from
// there or from a file, its certificate from a file.
type ClientConfig struct {
	ID            string `yaml:"id"`
	SecretEnv     string `yaml:"secret_env"`
	Auth          string `yaml:"auth"` // one of ClientAuths
	Cert          string `yaml:"cert"`
	Key           string `yaml:"key"`
	KeyEnv        string `yaml:"key_env"`
	Audience      string `yaml:"audience"`
	KeepAssertion bool   `yaml:"keep_assertion"`
	Name          string `yaml:"name"` // by which people know it
}

// Form is how a client is written.
func (ClientConfig) Form() string { return "{id: tv-app, secret_env: TV_SECRET, auth: basic}" }

// AuthAssertion is the way in which a client authenticates with a key (OpenID Connect Core
// section 9).
const AuthAssertion = "private_key_jwt"

// The registered names of the ways in which a client authenticates with a certificate
// (RFC 8705 section 2): one that an authority has issued, or one that is registered itself.
// The client does the same for both.
const (
	AuthCertificate = "tls_client_auth"
	AuthSelfSigned  = "self_signed_tls_client_auth"
)

// ByCertificate reports whether a client that authenticates so does it with a certificate.
func ByCertificate(auth string) bool { return auth == AuthCertificate || auth == AuthSelfSigned }

// ClientAuths are all ways in which a client authenticates.
var ClientAuths = []string{"none", "basic", "post", AuthAssertion, AuthCertificate, AuthSelfSigned}

// resolve makes a client of its configuration.
func (c *ClientConfig) resolve(role string) (*Client, error) {
	if c == nil || *c == (ClientConfig{}) {
		return nil, nil
	}
	out := &Client{ID: c.ID, Auth: c.Auth, Name: c.Name, Audience: c.Audience, KeepAssertion: c.KeepAssertion}
	if c.SecretEnv != "" {
		var err error
		if out.Secret, err = fromEnv(role, c.SecretEnv); err != nil {
			return nil, err
		}
	}
	if c.Auth == "" {
		out.Auth = c.impliedAuth()
	}
	switch {
	case c.ID == "":
		return nil, fmt.Errorf("%s has no id; write %s: %s", role, role, ClientConfig{}.Form())
	case !slices.Contains(ClientAuths, out.Auth):
		return nil, fmt.Errorf("%s: auth is %q; the nearest is %q (%s)", role, c.Auth, strict.Nearest(c.Auth, ClientAuths),
			strings.Join(ClientAuths, ", "))
	}
	if err := c.fits(out.Auth); err != nil {
		return nil, fmt.Errorf("%s %w", role, err)
	}
	var err error
	switch out.Auth {
	case "basic", "post":
		if out.Secret == "" {
			err = fmt.Errorf("%s authenticates with %s and has no secret_env; write %s: %s", role, out.Auth, role,
				ClientConfig{}.Form())
		}
	case AuthAssertion:
		out.Key, err = c.readKey(role)
	}
	if err != nil {
		return nil, err
	}
	if out.Certificate, err = c.certificate(role, out.Auth); err != nil {
		return nil, err
	}
	if c.Auth == "" && out.Certificate != nil && selfIssued(out.Certificate) {
		out.Auth = AuthSelfSigned
	}
	return out, nil
}

// impliedAuth is the way for which the client has what it takes.
func (c *ClientConfig) impliedAuth() string {
	switch {
	case c.Cert != "":
		return AuthCertificate
	case c.Key+c.KeyEnv != "":
		return AuthAssertion
	case c.SecretEnv != "":
		return "basic"
	}
	return "none"
}

// fits returns an error for keys that say something of another way of authentication.
func (c *ClientConfig) fits(auth string) error {
	assertion, shown := auth == AuthAssertion, ByCertificate(auth)
	keyed := assertion || shown || c.Cert != ""
	for _, k := range []struct {
		set, fits bool
		name      string
	}{
		{c.SecretEnv != "", !assertion && !shown, "secret_env"}, {c.Cert != "", shown || auth == "none", "cert"},
		{c.Key != "", keyed, "key"}, {c.KeyEnv != "", keyed, "key_env"}, {c.Audience != "", assertion, "audience"},
		{c.KeepAssertion, assertion, "keep_assertion"},
	} {
		if k.set && !k.fits {
			return fmt.Errorf("authenticates with %s, for which there is no %s: a client authenticates in one way", auth, k.name)
		}
	}
	if c.Key != "" && c.KeyEnv != "" {
		return errors.New("has key and key_env; name one of them")
	}
	return nil
}

// readKey reads the key by which assertions are signed.
func (c *ClientConfig) readKey(role string) (*jose.JSONWebKey, error) {
	text, from, err := c.keyText(role)
	if err != nil {
		return nil, err
	}
	if text == "" {
		return nil, fmt.Errorf("%s authenticates with %s and has no key; write %s: {id: tv-app, auth: %s, key: client.jwk}",
			role, AuthAssertion, role, AuthAssertion)
	}
	key, err := jwt.ReadKey([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", role, from, err)
	}
	return &key, nil
}

// keyText is the private key, and the words for where it is from; "" for none.
func (c *ClientConfig) keyText(role string) (text, from string, err error) {
	switch {
	case strings.Contains(c.Key, "PRIVATE KEY") || strings.HasPrefix(strings.TrimSpace(c.Key), "{"):
		return "", "", fmt.Errorf("%s: key is the path of a file; the key itself has no place in the configuration "+
			"(key_env names a variable of the environment with it)", role)
	case c.Key != "":
		data, err := os.ReadFile(c.Key)
		if err != nil {
			return "", "", fmt.Errorf("%s: key: %w", role, err)
		}
		return string(data), c.Key, nil
	case c.KeyEnv != "":
		text, err = fromEnv(role, c.KeyEnv)
		return text, "the variable " + c.KeyEnv, err
	}
	return "", "", nil
}

// certificate reads the certificate of a client and its private key, nil where the client
// has none.
func (c *ClientConfig) certificate(role, auth string) (*tls.Certificate, error) {
	switch {
	case c.Cert == "" && !ByCertificate(auth):
		return nil, nil
	case c.Cert == "":
		return nil, fmt.Errorf("%s authenticates with %s and has no certificate; write %s: "+
			"{id: tv-app, cert: client.pem, key: client.key}", role, auth, role)
	case strings.Contains(c.Cert, "-----BEGIN"):
		return nil, fmt.Errorf("%s: cert is the path of a file; the certificate itself has no place in the configuration",
			role)
	}
	cert, err := os.ReadFile(c.Cert)
	if err != nil {
		return nil, fmt.Errorf("%s: cert: %w", role, err)
	}
	key, from, err := c.keyText(role)
	switch {
	case err != nil:
		return nil, err
	case strings.Contains(key, "ENCRYPTED"):
		return nil, fmt.Errorf("%s: the private key in %s has a passphrase; dfcheck reads PEM files without one", role, from)
	case key == "":
		key, from = string(cert), c.Cert
	}
	pair, err := tls.X509KeyPair(cert, []byte(key))
	if err != nil { // which quotes no key
		return nil, fmt.Errorf("%s: no certificate in %s with its private key in %s, both PEM: %s", role, c.Cert, from,
			strings.TrimPrefix(err.Error(), "tls: "))
	}
	return &pair, nil
}

// selfIssued reports whether a certificate names itself as its issuer.
func selfIssued(c *tls.Certificate) bool { return bytes.Equal(c.Leaf.RawIssuer, c.Leaf.RawSubject) }

// fromEnv is the value of a variable that has to be there.
func fromEnv(role, name string) (string, error) {
	switch value, set := os.LookupEnv(name); {
	case !set:
		return "", fmt.Errorf("%s: the environment variable %s is not set", role, name)
	case value == "":
		return "", fmt.Errorf("%s: the environment variable %s is empty", role, name)
	default:
		return value, nil
	}
}

// TLSOf is how a client speaks TLS with the server. One with a certificate shows it to
// whoever asks for one, whatever authorities that names: it is the registered one.
func (t *Target) TLSOf(c *Client) *tls.Config {
	out := t.TLS.Clone()
	if c == nil || c.Certificate == nil {
		return out
	}
	if out == nil {
		out = &tls.Config{}
	}
	out.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c.Certificate, nil }
	return out
}

// Thumbprint is that of a certificate, by which tokens are bound to it (RFC 8705 section
// 3.1).
func Thumbprint(c *tls.Certificate) string {
	sum := sha256.Sum256(c.Certificate[0])
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Shown says which certificate the client shows, for people who compare it with what is
// registered; "" where it has none.
func (t *Target) Shown() string {
	c := t.Client.Certificate
	if c == nil {
		return ""
	}
	by := c.Leaf.Issuer.String()
	if selfIssued(c) {
		by = "itself"
	}
	return fmt.Sprintf("%s, issued by %s, good until %s, x5t#S256 %s", c.Leaf.Subject, by,
		c.Leaf.NotAfter.UTC().Format(time.DateOnly), Thumbprint(c))
}

// Asserting is a client that authenticates with assertions: the one that dfcheck acts as, or
// else the confidential one; nil for none.
func (t *Target) Asserting() *Client {
	switch {
	case t.Client.Key != nil:
		return &t.Client
	case t.Confidential != nil && t.Confidential.Key != nil:
		return t.Confidential
	}
	return nil
}

// Assertor makes the assertions of a client with a key. They are for the issuer where the
// user named one, and never for one that the server names (ruling R160).
func (t *Target) Assertor(c *Client) *jwt.Assertor {
	return jwt.NewAssertor(*c.Key, c.ID, cmp.Or(c.Audience, t.Issuer, t.TokenURL))
}

// Assertions makes the assertions of the client for a crowd of devices: one for each
// request or, where the client keeps them, one for half of their lifetime. It is nil for a
// client without a key. What it returns may be called at any time from anywhere.
func (t *Target) Assertions() func() string {
	if t.Client.Key == nil {
		return nil
	}
	a := t.Assertor(&t.Client)
	if !t.Client.KeepAssertion {
		return a.Fresh
	}
	return a.Kept()
}

// asserting adds an assertion to parameters (RFC 7523 section 2.2).
func asserting(p spec.Params, assertion string) spec.Params {
	return p.With("client_assertion_type", jwt.AssertionType).With(redact.Assertion, assertion)
}

// assertionPlace stands for the assertion in bodies that are written by hand: one body may
// be sent several times, and an assertion is good once. No encoding changes it.
const assertionPlace = "dfcheck.client.assertion"

// asserted adds a new assertion to a call.
func (s *session) asserted(c Call) Call {
	text := s.target.Assertor(c.Client).Fresh()
	s.secrets.Learn(redact.Assertion, text)
	switch {
	case bytes.Contains(c.Raw, []byte(assertionPlace)):
		c.Raw = bytes.ReplaceAll(c.Raw, []byte(assertionPlace), []byte(text))
	case c.Raw == nil && c.Params != nil:
		c.Params = asserting(c.Params, text)
	}
	return c
}
