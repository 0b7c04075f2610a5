package conformance

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// pipeListener hands connections over in memory, so that a whole run fits into
// a synctest bubble and takes no time.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "127.0.0.1:80" }

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
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
	return refserver.Config{Contract: contract, Interval: time.Second, Lifetime: 20 * time.Second}
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
		l := newPipeListener()
		handler := http.Handler(refserver.New(cfg, b.faults...))
		if b.wrap != nil {
			handler = b.wrap(handler)
		}
		server := &http.Server{Handler: handler}
		go server.Serve(l)
		target, err := b.newTarget(cfg, l)
		if err != nil {
			t.Fatal(err)
		}
		run, err := Prepare(t.Context(), target, b.opts)
		if err != nil {
			t.Fatal(err)
		}
		f(t.Context(), run)
		run.session.client.CloseIdleConnections()
		target.Approver.(*approve.Reference).Client.CloseIdleConnections()
		server.Close()
	})
}

func (b bench) newTarget(cfg refserver.Config, l *pipeListener) (*Target, error) {
	contract, err := spec.BuiltinContract(cfg.Contract)
	if err != nil {
		return nil, err
	}
	base := cfg.BaseURL
	t := &Target{
		Facts: Facts{Host: base, ChosenBy: "embedded", StartURL: base + contract.Start.Path, TokenURL: base + contract.Token.Path,
			Issuer: base, Client: Client{ID: "dfcheck", Auth: "none"}, SecondID: "dfcheck-other", Scope: "openid", Narrow: "email",
			Device: Device{Type: "tv", OS: "linux"}, Embedded: true, ClientsRegistered: true, ShortLifetime: true},
		Contract:      contract,
		Second:        &Client{ID: "dfcheck-other", Auth: "none"},
		Restricted:    &Client{ID: "nodevice", Auth: "none"},
		Confidential:  &Client{ID: "dfcheck-conf", Secret: "secret", Auth: "basic"},
		Introspection: &Introspection{URL: base + "/introspect", Client: &Client{ID: "dfcheck-conf", Secret: "secret", Auth: "basic"}},
		Dial:          l.dial,
		TLS:           &tls.Config{},
		Approver: &approve.Reference{URL: base, Client: &http.Client{Transport: &http.Transport{
			DialContext: l.dial, IdleConnTimeout: time.Second}}},
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
		for name, cfg := range map[string]refserver.Config{
			"1s-20s": embedded(contract),
			"5s-60s": {Contract: contract, Interval: 5 * time.Second, Lifetime: time.Minute},
		} {
			t.Run(contract+"/"+name, func(t *testing.T) {
				results := bench{server: cfg}.conform(t)
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
