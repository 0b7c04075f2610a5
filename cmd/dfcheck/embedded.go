package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// The timing of the embedded server: short, so that a run takes seconds.
const (
	embeddedInterval = time.Second
	embeddedLifetime = 20 * time.Second
	personalLifetime = time.Minute // for a person to decide in
)

// embedded starts the reference server on loopback, with everything a check
// could need.
func embedded(c *conformance.Config, t terminal) (*conformance.Target, func(), error) {
	contract, err := spec.BuiltinContract(cmp.Or(auto(c.Spec), "documented-v1"))
	if err != nil {
		return nil, nil, usage(err, "the embedded server follows built-in contracts only; name another server with --host")
	}
	lifetime := embeddedLifetime
	if c.Approve.Kind == "prompt" {
		lifetime = personalLifetime
	}
	base, stop, err := serve("127.0.0.1:0", refserver.Config{Contract: contract.Name, Interval: embeddedInterval,
		Lifetime: lifetime, Decisions: true, GuessLimit: 120}, nil, nil)
	if err != nil {
		return nil, nil, &failure{reports.ExitUntested, err, ""}
	}
	backend := conformance.Client{ID: "dfcheck-conf", Secret: "secret", Auth: "basic"}
	target := &conformance.Target{
		Facts: conformance.Facts{
			Host: base, ChosenBy: "embedded", ChosenWhy: "no --host was given", Embedded: true,
			StartURL: base + contract.Start.Path, TokenURL: base + contract.Token.Path, Issuer: base,
			Client: conformance.Client{ID: "dfcheck", Auth: "none"}, SecondID: "dfcheck-other", Scope: "openid", Narrow: "email",
			Device: conformance.Device{Type: "tv", OS: "linux"}, ClientsRegistered: true, ShortLifetime: true,
		},
		Contract: contract, TLS: &tls.Config{},
		Second:        &conformance.Client{ID: "dfcheck-other", Auth: "none"},
		Restricted:    &conformance.Client{ID: "nodevice", Auth: "none"},
		Confidential:  &backend,
		Introspection: &conformance.Introspection{URL: base + "/introspect", Client: &backend},
		Approver:      &approve.Reference{Client: &http.Client{}, URL: base},
	}
	t.secrets.keep(target.Redact, target.Guard)
	t.note("checking the embedded server at %s (name another with --host)", base)
	return target, stop, nil
}

func auto(spec string) string {
	if spec == "auto" {
		return ""
	}
	return spec
}

// serve starts a reference server and returns its base URL. A certificate
// makes it https.
func serve(addr string, cfg refserver.Config, faults []refserver.Fault, cert *tls.Certificate) (base string, stop func(), err error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", nil, err
	}
	scheme := "http://"
	if cert != nil {
		scheme = "https://"
	}
	base = scheme + reachable(l.Addr().String())
	cfg.BaseURL = cmp.Or(cfg.BaseURL, base)
	reference := refserver.New(cfg, faults...)
	server := &http.Server{Handler: reference, ReadHeaderTimeout: 10 * time.Second}
	if cert != nil {
		server.TLSConfig = reference.TLSConfig(*cert)
		go server.ServeTLS(l, "", "")
	} else {
		go server.Serve(l)
	}
	return base, func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			server.Close()
		}
	}, nil
}

// reachable is a listening address as a client on this machine names it: one
// that stands for every interface is no name of a host.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("localhost", port)
	}
	return addr
}
