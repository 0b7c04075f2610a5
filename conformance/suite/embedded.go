package suite

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// The timing of the embedded server: short, so that a run takes seconds.
const (
	embeddedInterval = time.Second
	embeddedLifetime = 20 * time.Second
	personalLifetime = time.Minute // for a person to decide in
)

// Embedded starts the reference server on loopback, with everything a check could
// need, and returns it as a target. It follows the built-in contract that the
// configuration names, documented-v1 where it names none. stop ends it.
func Embedded(c *conformance.Config) (target *conformance.Target, stop func(), err error) {
	name := c.Spec
	if name == "" || name == "auto" {
		name = "documented-v1"
	}
	contract, err := spec.BuiltinContract(name)
	if err != nil {
		return nil, nil, err
	}
	cfg := refserver.Config{Contract: contract.Name, Interval: embeddedInterval, Lifetime: embeddedLifetime,
		Decisions: true, GuessLimit: 120}
	if c.Approve.Kind == "prompt" {
		cfg.Lifetime = personalLifetime
	}
	base, stop, err := listen(func(base string) http.Handler {
		cfg.BaseURL = base
		return refserver.New(cfg)
	})
	if err != nil {
		return nil, nil, err
	}
	backend := conformance.Client{ID: "dfcheck-conf", Secret: "secret", Auth: "basic"}
	return &conformance.Target{
		Facts: conformance.Facts{
			Host: base, ChosenBy: "embedded", ChosenWhy: "no --host was given", Embedded: true,
			StartURL: base + contract.Start.Path, TokenURL: base + contract.Token.Path, Issuer: base,
			Client: conformance.Client{ID: "dfcheck", Auth: "none"}, SecondID: "dfcheck-other", Scope: "openid profile",
			Narrow: "email",
			Device: conformance.Device{Type: "tv", OS: "linux"}, ClientsRegistered: true, ShortLifetime: true,
		},
		Contract: contract, TLS: &tls.Config{},
		Second:        &conformance.Client{ID: "dfcheck-other", Auth: "none"},
		Restricted:    &conformance.Client{ID: "nodevice", Auth: "none"},
		Confidential:  &backend,
		Introspection: &conformance.Introspection{URL: base + "/introspect", Client: &backend},
		Approver:      &approve.Reference{Client: &http.Client{}, URL: base},
	}, stop, nil
}

// listen starts a server on a free port of loopback. Its handler may know the base
// URL.
func listen(handler func(base string) http.Handler) (base string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	base = "http://" + l.Addr().String()
	server := &http.Server{Handler: handler(base), ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(l)
	return base, func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			server.Close()
		}
	}, nil
}
