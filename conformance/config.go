package conformance

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/spec/strict"
)

// Config is dfcheck.yaml: what is known of a target beforehand. Every key is
// optional.
type Config struct {
	Host      string          `yaml:"host"`
	Spec      string          `yaml:"spec"`
	Issuer    string          `yaml:"issuer"`
	Endpoints EndpointsConfig `yaml:"endpoints"`

	Client             ClientConfig  `yaml:"client"`
	SecondClient       *ClientConfig `yaml:"second_client"`
	RestrictedClient   *ClientConfig `yaml:"restricted_client"`
	ConfidentialClient *ClientConfig `yaml:"confidential_client"`

	PKCE            string               `yaml:"pkce"` // S256, for servers that demand a code challenge
	Scope           string               `yaml:"scope"`
	NarrowableScope string               `yaml:"narrowable_scope"` // one the server knows and does not grant
	Device          Device               `yaml:"device"`
	Consent         Consent              `yaml:"consent"`
	Headers         map[string]string    `yaml:"headers"`
	Request         RequestConfig        `yaml:"request"`
	TLS             TLSConfig            `yaml:"tls"`
	Approve         approve.Config       `yaml:"approve"`
	Server          TargetConfig         `yaml:"target"`
	Introspection   *IntrospectionConfig `yaml:"introspection"`
	Resource        string               `yaml:"resource"`
	Revocation      string               `yaml:"revocation"`
	DPoP            string               `yaml:"dpop"` // the algorithm of proofs

	Lenient           Lenient  `yaml:"lenient"`
	ClientsRegistered bool     `yaml:"clients_registered"`
	OpenRegistration  bool     `yaml:"open_registration"`
	ShortLifetime     bool     `yaml:"short_lifetime"`
	SecondGranular    bool     `yaml:"second_granular"`
	MaxWait           Duration `yaml:"max_wait"`
	RequestTimeout    Duration `yaml:"request_timeout"` // for an answer to begin, and again to end
	Thorough          bool     `yaml:"thorough"`        // races long enough for rare faults
	Waivers           string   `yaml:"waivers"`
	AllowHosts        []string `yaml:"allow_hosts"`
}

// EndpointsConfig names the two endpoints: URLs, paths, or operationIds of the
// user's document.
type EndpointsConfig struct {
	DeviceAuthorization string `yaml:"device_authorization"`
	Token               string `yaml:"token"`
}

// Form is how the endpoints are written.
func (EndpointsConfig) Form() string { return "{device_authorization: /device/code, token: /token}" }

// TLSConfig says whom to trust.
type TLSConfig struct {
	CAFile   string `yaml:"ca_file"`
	Insecure bool   `yaml:"insecure"`
}

// Form is how trust is written.
func (TLSConfig) Form() string { return "{ca_file: ca.pem}" }

// IntrospectionConfig is an RFC 7662 endpoint and who may ask it.
type IntrospectionConfig struct {
	URL    string       `yaml:"url"`
	Client ClientConfig `yaml:"client"`
}

// Form is how introspection is written.
func (IntrospectionConfig) Form() string {
	return "{url: https://auth.example.com/introspect, client: {id: backend, secret_env: SECRET, auth: basic}}"
}

// Duration is a time as people write it: 3m, 90s.
type Duration time.Duration

// UnmarshalText reads a duration.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v <= 0 {
		return fmt.Errorf("%q is not a time such as 90s or 3m", text)
	}
	*d = Duration(v)
	return nil
}

// mayBeBlank are the keys for which an empty text is one way to say nothing.
// Elsewhere it is most often a variable that is not set, and an empty host must
// not stand for the embedded server.
var mayBeBlank = []string{"tls.ca_file", "endpoints", "approve.steps", "approve.approve", "approve.deny"}

// Options returns o with what the configuration says about a run, where o leaves
// it open.
func (c *Config) Options(o Options) Options {
	o.AllDecisions = o.AllDecisions || c.Approve.All
	o.Thorough = o.Thorough || c.Thorough
	if o.MaxWait == 0 {
		o.MaxWait = time.Duration(c.MaxWait)
	}
	return o
}

// Choice is what the configuration says about the contract and the endpoints.
func (c *Config) Choice() Choice {
	return Choice{Spec: c.Spec, Issuer: c.Issuer, Start: c.Endpoints.DeviceAuthorization, Token: c.Endpoints.Token,
		Path: c.Request.Path}
}

// CheckHost returns an error where keys say something of a server and no server is
// named: they are most likely meant for one that was forgotten, and must not be
// checked on the embedded one.
func (c *Config) CheckHost() error {
	keys := c.ofServer()
	if c.Host != "" || len(keys) == 0 {
		return nil
	}
	say := "says"
	if len(keys) > 1 {
		say = "say"
	}
	return fmt.Errorf("%s %s something of a server, and no server is named", strings.Join(keys, " and "), say)
}

// ofServer lists the keys that are set and say something of a server.
func (c *Config) ofServer() []string {
	var keys []string
	for _, k := range []struct {
		set  bool
		name string
	}{
		{c.Issuer != "", "issuer"}, {c.Endpoints != EndpointsConfig{}, "endpoints"}, {c.Client != ClientConfig{}, "client"},
		{c.SecondClient != nil, "second_client"}, {c.RestrictedClient != nil, "restricted_client"},
		{c.ConfidentialClient != nil, "confidential_client"},
		{c.PKCE != "", "pkce"}, {c.Scope != "", "scope"}, {len(c.Headers) > 0, "headers"}, {!c.Request.empty(), "request"},
		{len(c.Server.Restart) > 0, "target"}, {c.TLS != TLSConfig{}, "tls"},
		{c.Introspection != nil, "introspection"}, {c.Resource != "", "resource"},
		{c.Revocation != "", "revocation"}, {c.DPoP != "", "dpop"},
	} {
		if k.set {
			keys = append(keys, k.name)
		}
	}
	return keys
}

// ReadConfig reads dfcheck.yaml. Errors name the file, the line, and for an
// unknown key the nearest known one.
func ReadConfig(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseConfig(data, path)
}

// parseConfig reads a configuration; path is what errors call it.
func parseConfig(data []byte, path string) (*Config, error) {
	var c Config
	if err := strict.Decode(data, path, &c, strict.ExpandEnv(os.LookupEnv), strict.NoBlanks(mayBeBlank...)); err != nil {
		return nil, err
	}
	return &c, nil
}

// ConfigVariables are the variables of the environment that the values of a
// configuration name with ${NAME}, in the order of the file. Its errors are those of
// ReadConfig.
func ConfigVariables(path string) (names []string, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	lookup := func(name string) (string, bool) {
		names = append(names, name)
		return os.LookupEnv(name)
	}
	return names, strict.Decode(data, path, &Config{}, strict.ExpandEnv(lookup), strict.NoBlanks(mayBeBlank...))
}

// Target makes a target of the configuration, all but the choice of contract
// and the approver. All problems are reported at once.
func (c *Config) Target() (*Target, error) {
	var errs []error
	client := func(cc *ClientConfig, role string) *Client {
		out, err := cc.resolve(role)
		errs = append(errs, err)
		return out
	}
	t := &Target{
		Facts: Facts{Scope: c.Scope, Narrow: c.NarrowableScope, Device: c.Device, Consent: c.Consent, Lenient: c.Lenient,
			ClientsRegistered: c.ClientsRegistered, OpenRegistration: c.OpenRegistration,
			ShortLifetime: c.ShortLifetime, SecondGranular: c.SecondGranular,
			Offers: Offers{Revocation: c.Revocation}},
		Second:       client(c.SecondClient, "second_client"),
		Restricted:   client(c.RestrictedClient, "restricted_client"),
		Confidential: client(c.ConfidentialClient, "confidential_client"),
		Headers:      http.Header{}, Resource: c.Resource, Restart: c.Server.restarter(), Passwords: c.Approve.Secrets(),
		Timeout: time.Duration(c.RequestTimeout), PageHosts: append(c.Approve.Hosts, c.Approve.URL),
	}
	if own := client(&c.Client, "client"); own != nil {
		t.Client = *own
	} else {
		t.Client, t.anyClient = Client{ID: "dfcheck", Auth: "none"}, true
	}
	if t.Second != nil {
		t.SecondID = t.Second.ID
	}
	if t.Device.Type == "" {
		t.Device.Type = "tv"
	}
	if t.Device.OS == "" {
		t.Device.OS = "linux"
	}
	for k, v := range c.Headers {
		t.Headers.Set(k, v)
	}
	if in := c.Introspection; in != nil {
		errs = append(errs, noCredentials("introspection.url", in.URL))
		t.Introspection = &Introspection{URL: in.URL, Client: client(&in.Client, "introspection.client")}
		if t.Introspection.Client == nil {
			t.Introspection.Client = t.Confidential
		}
	}
	for _, u := range []struct{ key, url string }{{"issuer", c.Issuer},
		{"endpoints.device_authorization", c.Endpoints.DeviceAuthorization},
		{"endpoints.token", c.Endpoints.Token}, {"resource", c.Resource}, {"revocation", c.Revocation}} {
		errs = append(errs, noCredentials(u.key, u.url))
	}
	var err error
	t.Given, err = c.Request.given()
	errs = append(errs, err, c.Lenient.check(), checkPKCE(c.PKCE), checkDPoP(c.DPoP))
	t.Passwords = append(t.Passwords, secretsOf(t.Given)...)
	if c.DPoP != "" {
		t.Offers.DPoP = []string{c.DPoP}
	}
	if c.PKCE != "" {
		t.UsePKCE()
	}
	t.TLS, err = c.TLS.Client()
	errs = append(errs, err)
	if c.Host != "" {
		t.Host, err = NormalHost(c.Host)
		errs = append(errs, err)
		if t.Client.Certificate != nil && strings.HasPrefix(t.Host, "http:") {
			errs = append(errs, fmt.Errorf("client has a certificate, which nobody sees over http: %s has to be https://…",
				t.Host))
		}
	}
	return t, errors.Join(errs...)
}

// Client is how a client verifies the server. It returns an error where the file cannot be
// read or holds no certificate.
func (c TLSConfig) Client() (*tls.Config, error) {
	out := &tls.Config{InsecureSkipVerify: c.Insecure}
	if c.CAFile == "" {
		return out, nil
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return out, err
	}
	out.RootCAs = x509.NewCertPool()
	if !out.RootCAs.AppendCertsFromPEM(pem) {
		return out, fmt.Errorf("%s holds no certificate in PEM form", c.CAFile)
	}
	return out, nil
}

// TargetConfig is what can be done to the server itself.
type TargetConfig struct {
	Restart []string `yaml:"restart"` // a command that ends when the server was restarted
}

// Form is how the target is written.
func (TargetConfig) Form() string { return `{restart: ["./restart.sh"]}` }

// Commands are the programs of this machine that a run with this configuration starts,
// each with the key that names it.
func (c *Config) Commands() (out []string) {
	add := func(key string, words ...string) {
		if len(words) > 0 && words[0] != "" {
			out = append(out, key+": "+strings.Join(words, " "))
		}
	}
	switch c.Approve.Kind {
	case "exec":
		add("approve.approve", c.Approve.Approve.Command...)
		add("approve.deny", c.Approve.Deny.Command...)
	case "browser":
		add("approve.browser", c.Approve.Browser)
	}
	add("target.restart", c.Server.Restart...)
	return out
}
