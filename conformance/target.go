package conformance

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/spec"
)

// Client is an OAuth client registered at the target.
type Client struct {
	ID     string `json:"id"`
	Secret string `json:"-"`
	Auth   string `json:"auth"`           // one of ClientAuths
	Name   string `json:"name,omitempty"` // by which people know it; "" when that is not known

	// Key signs the assertions of AuthAssertion, whose aud is Audience; "" for the usual one.
	Key      *jose.JSONWebKey `json:"-"`
	Audience string           `json:"-"`
	// KeepAssertion: under load one assertion is sent several times.
	KeepAssertion bool `json:"-"`

	// Certificate is shown to the server, by a public client too; nil for none. An empty one
	// shows none where the device has one.
	Certificate *tls.Certificate `json:"-"`
}

// A Target is a server under test and everything that is known of it. Facts
// travel in the transcript, the rest is needed only while recording.
type Target struct {
	Facts
	Contract *spec.Contract
	Second, Restricted,
	Confidential *Client
	Headers  http.Header // added to every request
	Given    spec.Given  // what a device says beside what the contract asks
	TLS      *tls.Config
	Approver approve.Approver // nil: nobody presses Approve
	// Restart restarts the server; nil where nobody knows how.
	Restart func(ctx context.Context) error
	// Dial replaces the network, for servers in the same process.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Introspection and Resource, when set, tell what a token is worth.
	Introspection *Introspection
	Resource      string // URL of a resource that takes the access token
	Look          *Look  // what package discovery found
	// Timeout is how long an answer may take to begin, and again to end;
	// RequestTimeout when 0.
	Timeout time.Duration
	// PageHosts are the hosts of approve.hosts.
	PageHosts []string
	// Passwords are what the approver and devices send that nobody may see.
	Passwords []string
	anyClient bool // the configuration names none

	// PKCEDemanded: nobody configured PKCE, and the server wants it.
	PKCEDemanded bool

	verifiers *spec.Verifiers // nil without PKCE
	began     begun

	mu      sync.Mutex // of what follows: guards are asked while another run begins
	secrets *redactor
	former  []*redactor // of earlier sessions, whose secrets stay secret
}

// Choice is what a user said about the contract and the endpoints. Empty
// members are found out.
type Choice struct {
	Spec   string // auto, a built-in contract, or the path of an OpenAPI document
	Issuer string
	Start  string // device authorization endpoint: URL, path, or operationId of a document
	Token  string
	Path   map[string]string // of the parameters in a document's paths
}

// A Look is what a look at a host found: how to find the same again, and all that
// was asked for it.
type Look struct {
	Choice
	Document []byte      // an OpenAPI document of the server's, to be saved where Choice.Spec says
	Scope    string      // one that the metadata names, for a server that wants a scope
	Tried    []*Exchange // in order
	// AuthMethods are the ways of client authentication that the metadata names, nil where
	// it does not say.
	AuthMethods []string
}

// Introspection is an RFC 7662 endpoint and how to authenticate at it.
type Introspection struct {
	URL    string
	Client *Client
}

// Facts are what a judge must know of the target.
type Facts struct {
	Host      string       `json:"host"`
	ChosenBy  string       `json:"chosen_by"` // flag, metadata, probe or embedded
	ChosenWhy string       `json:"chosen_why,omitempty"`
	Also      []string     `json:"also,omitempty"` // other contracts the host answers
	StartURL  string       `json:"device_authorization_endpoint"`
	TokenURL  string       `json:"token_endpoint"`
	Issuer    string       `json:"issuer,omitempty"` // as configured; empty when it was not
	Client    Client       `json:"client"`
	SecondID  string       `json:"second_client,omitempty"`
	Scope     string       `json:"scope,omitempty"`
	Narrow    string       `json:"narrowable_scope,omitempty"` // a scope the server or the person does not grant
	Device    Device       `json:"device"`
	Consent   Consent      `json:"consent,omitzero"`
	Offers    Offers       `json:"offers,omitzero"`
	Powers    []Capability `json:"powers"`
	Embedded  bool         `json:"embedded,omitempty"`
	PKCE      string       `json:"pkce,omitempty"` // S256: device authorization requests carry a code challenge
	// Hints found the operations in the user's document.
	Hints spec.OperationHints `json:"hints,omitzero"`

	ClientsRegistered bool    `json:"clients_registered,omitempty"`
	OpenRegistration  bool    `json:"open_registration,omitempty"`
	ShortLifetime     bool    `json:"short_lifetime,omitempty"`
	SecondGranular    bool    `json:"second_granular,omitempty"`
	Lenient           Lenient `json:"lenient"`
	// Unasked are the scenarios whose decisions a person is not asked for.
	Unasked []string `json:"unasked,omitempty"`

	// Thorough: the run is laid out for rare faults. OneByOne: no two requests
	// are in flight at once.
	Thorough bool `json:"thorough,omitempty"`
	OneByOne bool `json:"one_by_one,omitempty"`
	// SlowApprover: a decision takes it seconds.
	SlowApprover bool `json:"slow_approver,omitempty"`

	MaxWait time.Duration `json:"max_wait_ns"`
	Timing  Timing        `json:"timing"` // as preflight found it

	contract *spec.Contract // for the plan
}

// Declared is an operation of the contract, for the numbers of a plan.
func (f *Facts) Declared(op Operation) *spec.Operation { return op.In(f.contract) }

// Device is the metadata that the documented contract wants of a device.
type Device struct {
	Type string `json:"type" yaml:"type"`
	OS   string `json:"os" yaml:"os"`
}

// Form is how a device is written.
func (Device) Form() string { return "{type: tv, os: linux}" }

// Consent is how a server's pages say what a person must know before a decision. What is
// left out is looked for in English.
type Consent struct {
	Texts  PageWords           `json:"words,omitzero" yaml:"words"`
	Scopes map[string][]string `json:"scopes,omitempty" yaml:"scopes"` // by scope, what says that it is asked for
}

// PageWords are texts of pages, any of which says the thing; letter case is free.
type PageWords struct {
	Compare []string `json:"compare,omitempty" yaml:"compare"` // that the codes are to be compared
	Warning []string `json:"warning,omitempty" yaml:"warning"` // that one must have started this oneself
	Refuse  []string `json:"refuse,omitempty" yaml:"refuse"`   // the button that refuses, or what one does to refuse
	Origin  []string `json:"origin,omitempty" yaml:"origin"`   // where or when the device asked
	Device  []string `json:"device,omitempty" yaml:"device"`   // the device: its type and its system
	Return  []string `json:"return,omitempty" yaml:"return"`   // that one goes on at the device
}

// Form is how consent is written.
func (Consent) Form() string {
	return `{words: {compare: [Vergleichen Sie], refuse: [Ablehnen]}, scopes: {openid: [Ihre Identität]}}`
}

// Form is how words are written.
func (PageWords) Form() string { return `{compare: [Vergleichen Sie], refuse: [Ablehnen]}` }

// knowPages adds what is known of the reference server's page: it says scopes as they are.
func (t *Target) knowPages() {
	if _, ok := t.Approver.(*approve.Reference); !ok || len(t.Consent.Scopes) > 0 {
		return
	}
	t.Consent.Scopes = map[string][]string{}
	for _, s := range strings.Fields(t.Scope) {
		t.Consent.Scopes[s] = []string{s}
	}
}

// A Capability is a power a check cannot do without.
type Capability string

const (
	NeedApprover      Capability = "approve"
	NeedRawCodes      Capability = "approve.raw_codes"   // the approver types any text as the user code
	NeedSteps         Capability = "approve.steps"       // it can enter a code without deciding
	NeedHTTPApproval  Capability = "approve.http"        // it can name the requests it makes
	NeedWays          Capability = "approve.ways"        // it types the code or opens the link, as it is told
	NeedPages         Capability = "approve.pages"       // it can tell what a person gets to see
	NeedProgram       Capability = "approve.program"     // it is no person, who decides one code at a time
	NeedSecondUser    Capability = "second_user"         //
	NeedSecondClient  Capability = "second_client"       //
	NeedRestricted    Capability = "restricted_client"   //
	NeedConfidential  Capability = "confidential_client" //
	NeedIntrospection Capability = "introspection or resource"
	NeedShortExpiry   Capability = "short_expiry" // a lifetime of at most --max-wait
	NeedIssuer        Capability = "issuer"
	NeedScope         Capability = "scope"
	NeedNarrowable    Capability = "narrowable_scope"
	NeedPublicTLS     Capability = "public_tls"
	NeedAbuse         Capability = "--abuse"
	NeedThorough      Capability = "--thorough"
	NeedRestart       Capability = "target.restart"
	NeedOverlap       Capability = "--concurrency of 2 or more" // a race takes two
	NeedWords         Capability = "consent.words"              // how the server's pages say something
	NeedClientName    Capability = "client.name"
	NeedScopeWords    Capability = "consent.scopes"
	NeedRevocation    Capability = "revocation"
	NeedDPoP          Capability = "dpop"
	NeedAssertion     Capability = "private_key_jwt"
	// A certificate is shown by the client, by which it authenticates; and by the second one.
	NeedCertificate       Capability = "client.cert"
	NeedCertificateAuth   Capability = "tls_client_auth"
	NeedSecondCertificate Capability = "second_client.cert"
	NeedOpenID            Capability = "openid" // among the scopes, and keys to verify ID tokens with
)

// Has reports whether the target has a power.
func (f *Facts) Has(n Capability) bool {
	if n == NeedProgram {
		return f.Has(NeedApprover) && f.Timing.Pace == 0
	}
	return slices.Contains(f.Powers, n) || n == NeedOverlap && !f.OneByOne
}

// Count is 1 for a power that the target has.
func (f *Facts) Count(n Capability) int {
	if f.Has(n) {
		return 1
	}
	return 0
}

// PageClient is a client for the pages that a person sees: it trusts whom the target
// trusts and follows no redirect.
func (t *Target) PageClient() *http.Client {
	return &http.Client{
		Timeout: cmp.Or(t.Timeout, pageTimeout),
		Transport: &http.Transport{TLSClientConfig: t.TLS.Clone(), Proxy: http.ProxyFromEnvironment,
			MaxResponseHeaderBytes: maxHeader, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// pageTimeout is how long a program that decides may take for its answer, where the
// configuration says nothing: it may walk through pages for it.
const pageTimeout = time.Minute

// Documented reports whether the documented API is checked.
func (t *Target) Documented() bool { return t.Contract.Family == spec.Documented }

// Timing is what the target announced to preflight, in its effect on waits.
type Timing struct {
	Interval    time.Duration `json:"interval_ns"` // eff0: announced, or 5 s
	HasInterval bool          `json:"has_interval"`
	Lifetime    time.Duration `json:"lifetime_ns"`
	RTT         time.Duration `json:"rtt_ns"`
	Encodings   int           `json:"encodings"`
	Documented  bool          `json:"documented"`
	Refresh     bool          `json:"refresh,omitempty"` // the contract has a refresh grant
	// Rounds is how often each race is run, Decided where each round asks the
	// approver.
	Rounds  int `json:"rounds,omitempty"`
	Decided int `json:"decided_rounds,omitempty"`
	// Sample is how many codes are started in a row to estimate a code space, 0
	// where nothing is estimated.
	Sample int `json:"sample,omitempty"`
	// Patience is how often one undecided code is polled at its interval.
	Patience int `json:"patience,omitempty"`
	// Adapted is what the run keeps to where the announced interval is not served.
	Adapted *Adaptation `json:"adapted,omitempty"`
	// Pace is about how long a decision takes a person, 0 for a program.
	Pace time.Duration `json:"pace_ns,omitempty"`
}

// Flows is how many devices a scenario begins that wants as many decisions as it
// can get: a person is asked for few.
func (t Timing) Flows(program, person int) int {
	if t.Pace > 0 {
		return person
	}
	return program
}

// Tolerance around the end of a lifetime, inside which nothing is asserted
// (rule C12).
func (t Timing) Tolerance() time.Duration { return 2*time.Second + 2*t.RTT }

// Slack is added to an ordinary wait for the interval (rule C3).
const Slack = 200 * time.Millisecond

// powers lists what the target is able to show.
func (t *Target) powers(o Options) []Capability {
	var p []Capability
	add := func(have bool, n Capability) {
		if have {
			p = append(p, n)
		}
	}
	if t.Approver != nil {
		can := t.Approver.Powers()
		add(true, NeedApprover)
		add(can.RawCodes, NeedRawCodes)
		add(can.Steps, NeedSteps)
		add(can.HTTP, NeedHTTPApproval)
		add(can.SecondUser, NeedSecondUser)
		add(can.Ways, NeedWays)
		add(can.Pages && t.person() == nil, NeedPages)
	}
	add(t.Second != nil, NeedSecondClient)
	add(t.Restricted != nil, NeedRestricted)
	add(t.Confidential != nil && t.Confidential.Secret != "", NeedConfidential)
	add(t.Introspection != nil || t.Resource != "", NeedIntrospection)
	add(t.Timing.Lifetime > 0 && t.Timing.Lifetime <= t.MaxWait, NeedShortExpiry)
	add(t.Issuer != "", NeedIssuer)
	add(t.Scope != "", NeedScope)
	add(t.Narrow != "", NeedNarrowable)
	add(strings.HasPrefix(t.StartURL, "https:"), NeedPublicTLS)
	add(o.Abuse, NeedAbuse)
	add(o.Thorough, NeedThorough)
	add(t.Restart != nil, NeedRestart)
	add(t.Offers.Revocation != "", NeedRevocation)
	add(len(t.Offers.DPoP) > 0, NeedDPoP)
	add(t.Asserting() != nil, NeedAssertion)
	add(t.Client.Certificate != nil, NeedCertificate)
	add(t.Client.Certificate != nil && ByCertificate(t.Client.Auth), NeedCertificateAuth)
	add(t.Second != nil && t.Second.Certificate != nil, NeedSecondCertificate)
	add(t.Offers.Keys != "" && slices.Contains(strings.Fields(t.Scope), "openid"), NeedOpenID)
	return p
}

// Signed adds the client's secret, or the place of its assertion, where it belongs into the
// body, for bodies that are written by hand (RFC 6749 section 2.3.1).
func (t *Target) Signed(p spec.Params) spec.Params {
	switch {
	case t.Client.Key != nil:
		return asserting(p, assertionPlace)
	case t.Client.Secret != "" && t.Client.Auth == "post":
		return p.With("client_secret", t.Client.Secret)
	}
	return p
}
