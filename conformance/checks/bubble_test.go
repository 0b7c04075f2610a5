package checks

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
	"github.com/dfcheck/dfcheck/spec/refserver/pipes"
)

// TestMain spares the collector: runs in bubbles make much that is short-lived, and
// little that stays.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}

type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// secureHost is where a bench with https stands: a name that looks public.
const secureHost = "auth.dfcheck.example"

// testCertificate is good for secureHost and issued by itself, at any time a
// bubble may show.
func testCertificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{secureHost, "mtls." + secureHost},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, pool
}

// bench is a reference server to be checked in a bubble.
type bench struct {
	server refserver.Config
	faults []refserver.Fault
	wrap   func(http.Handler) http.Handler // correct variants of HTTP
	https  bool
	target func(*Target)
	opts   Options
}

// embedded is the timing of the server that is checked when no host is named.
func embedded(contract string) refserver.Config {
	return refserver.Config{Contract: contract, Interval: time.Second, Lifetime: 20 * time.Second, GuessLimit: 120}
}

// conform runs everything against the bench's server, with all powers
// configured, and returns the results.
func (b bench) conform(t *testing.T) []Result {
	t.Helper()
	var out []Result
	b.inBubble(t, func(ctx context.Context, run *Run) { out = run.Conform(ctx) })
	return out
}

// inBubble prepares a run in a bubble.
func (b bench) inBubble(t *testing.T, f func(ctx context.Context, run *Run)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg := b.server
		cfg.Decisions, cfg.BaseURL = true, "http://127.0.0.1"
		if b.https {
			cfg.BaseURL = "https://" + secureHost
		}
		l := pipes.New()
		reference := refserver.New(cfg, b.faults...)
		handler := http.Handler(reference)
		if b.wrap != nil {
			handler = b.wrap(handler)
		}
		server := &http.Server{Handler: handler}
		dial, roots := l.Dial, (*x509.CertPool)(nil)
		if b.https {
			cert, pool := testCertificate(t)
			roots = pool
			server.TLSConfig, server.ErrorLog = reference.TLSConfig(cert), log.New(io.Discard, "", 0)
			plain, l80 := &http.Server{Handler: reference.Plain()}, pipes.New()
			go plain.Serve(l80)
			defer plain.Close()
			dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				if strings.HasSuffix(address, ":80") {
					return l80.Dial(ctx, network, address)
				}
				return l.Dial(ctx, network, address)
			}
			go server.ServeTLS(l, "", "")
		} else {
			go server.Serve(l)
		}
		target, err := b.newTarget(reference.Config(), dial, &tls.Config{RootCAs: roots})
		if err != nil {
			t.Fatal(err)
		}
		target.Restart = func(context.Context) error { reference.Restart(); return nil }
		run, err := Prepare(t.Context(), target, All(), b.opts)
		if err != nil {
			t.Fatal(err)
		}
		f(t.Context(), run)
		run.Close()
		if a := referenceOf(target.Approver); a != nil {
			a.Client.CloseIdleConnections()
		}
		server.Close()
		if b.https {
			time.Sleep(farewell)
		}
	})
}

// farewell is longer than two ends of TLS wait for each other to hear that they close, which
// a pipe does not keep for them. In a bubble it takes no time.
const farewell = 10 * time.Second

// referenceOf is the approver that speaks to the bench's server, also where
// somebody slower stands before it.
func referenceOf(a approve.Approver) *approve.Reference {
	if s, ok := a.(interface{ reference() *approve.Reference }); ok {
		return s.reference()
	}
	r, _ := a.(*approve.Reference)
	return r
}

// distant is a way to the server that takes some time, as it does everywhere but in
// a bubble: a decision and a poll that leave together meet there.
type distant struct{ *http.Transport }

func (d distant) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(100 * time.Microsecond)
	return d.Transport.RoundTrip(r)
}

// certified is a client that authenticates with a certificate.
func certified(id string, certificate *tls.Certificate) Client {
	return Client{ID: id, Auth: AuthCertificate, Certificate: certificate}
}

// asPublic makes the target's client a public one that shows a certificate all the same,
// for servers where that is worth knowing.
func (b *bench) asPublic(f refserver.Fault) {
	if slices.Contains(refserver.ForPublicCertificates, f.Name) {
		b.target = func(t *Target) { t.Client.ID, t.Client.Auth = "dfcheck", "none" }
	}
}

func (b bench) newTarget(cfg refserver.Config, dial dialer, trust *tls.Config) (*Target, error) {
	contract, err := cfg.Document, error(nil)
	if contract == nil {
		contract, err = spec.BuiltinContract(cfg.Contract)
	}
	if err != nil {
		return nil, err
	}
	base := cfg.BaseURL
	t := &Target{
		Facts: Facts{Host: base, ChosenBy: "embedded", StartURL: base + contract.Start.Path,
			TokenURL: base + contract.Token.Path,
			Issuer:   base, Client: Client{ID: "dfcheck", Auth: "none"}, SecondID: "dfcheck-other", Scope: "openid profile",
			Narrow: "email",
			Device: Device{Type: "tv", OS: "linux"}, Embedded: true, ClientsRegistered: true, ShortLifetime: true},
		Contract:     contract,
		Second:       &Client{ID: "dfcheck-other", Auth: "none"},
		Restricted:   &Client{ID: "nodevice", Auth: "none"},
		Confidential: &Client{ID: "dfcheck-conf", Secret: "secret", Auth: "basic"},
		Introspection: &Introspection{URL: base + "/introspect", Client: &Client{ID: "dfcheck-conf", Secret: "secret",
			Auth: "basic"}},
		Dial: dial,
		TLS:  trust,
		Approver: &approve.Reference{URL: base, Client: &http.Client{Transport: distant{&http.Transport{
			DialContext: dial, TLSClientConfig: trust.Clone(), IdleConnTimeout: time.Second}}}},
	}
	if cfg.Revocation {
		t.Offers.Revocation = base + "/revoke"
	}
	if cfg.OpenID {
		t.Offers.Keys, t.Offers.UserInfo = base+"/jwks", base+"/userinfo"
	}
	if cfg.DPoP {
		t.Offers.DPoP = []string{"ES256"}
	}
	if cfg.Assertions {
		t.Client = Client{ID: "dfcheck-key", Auth: AuthAssertion, Key: cfg.ClientKey}
		if len(cfg.Audiences) == 1 {
			t.Client.Audience = cfg.Audiences[0]
		}
	}
	if cfg.MutualTLS {
		at := cfg.CertificateURL()
		t.StartURL, t.TokenURL, t.Offers.UserInfo = at+contract.Start.Path, at+contract.Token.Path, at+"/userinfo"
		t.Client = certified("dfcheck-tls", cfg.Certificates.Own)
		second := certified("dfcheck-tls-other", cfg.Certificates.Other)
		t.Second, t.SecondID = &second, second.ID
	}
	if slices.Contains(cfg.Scopes, refserver.OfflineAccess) { // not all that there are
		left := func(s string) bool { return s == "profile" }
		t.Scope = strings.Join(slices.DeleteFunc(slices.Clone(cfg.Scopes), left), " ")
	}
	if b.target != nil {
		b.target(t)
	}
	return t, nil
}

// worse lists what is not as it should be on a correct server.
func worse(results []Result) []string {
	var out []string
	for _, r := range results {
		switch r.Verdict {
		case "pass", "skipped":
		default:
			line := r.Check.ID + " " + string(r.Verdict) + ": " + r.Reason
			for _, f := range r.Findings {
				line += "\n    expected " + f.Expected + ", got " + f.Actual + " " + strings.Join(f.Exchanges, " ")
			}
			out = append(out, line)
		}
	}
	return out
}

func TestCleanServer(t *testing.T) {
	for _, contract := range spec.ContractNames() {
		for name, b := range map[string]bench{
			"1s-20s": {server: embedded(contract)},
			"5s-60s": {server: refserver.Config{Contract: contract, Interval: 5 * time.Second, Lifetime: time.Minute}},
			"https":  {server: embedded(contract), https: true},
			"abuse":  {server: embedded(contract), opts: Options{Abuse: true}},
		} {
			t.Run(contract+"/"+name, func(t *testing.T) {
				t.Parallel()
				var results []Result
				b.inBubble(t, func(ctx context.Context, run *Run) {
					results = run.Conform(ctx)
					keepsToPlan(t, run)
				})
				for _, line := range worse(results) {
					t.Error(line)
				}
				for _, r := range results {
					if r.Verdict == "skipped" {
						t.Logf("%s skipped: %s", r.Check.ID, r.Reason)
					}
				}
			})
		}
	}
}
