package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/reports/redact"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// loadTarget is the server under load: the one that is named, or the embedded
// one with the timing of real servers.
func (f *loadFlags) loadTarget(ctx context.Context, t terminal, c *conformance.Config, r *reports.Report) (load.Target,
	func(), error) {
	if c.Host != "" {
		ct, stop, err := f.target(ctx, t, c)
		if err != nil {
			return load.Target{}, nil, showTried(t, err)
		}
		t.note("%s", rules(ct))
		told := deciders
		if f.deciders != nil {
			told = f.deciders
		}
		t.note("%s", told(ct, c.Approve.Kind))
		r.Target = ct.ReportTarget(ct.Contract.Name, c.Approve.Kind)
		return load.Target{AllowHosts: append(c.AllowHosts, f.allowHosts...), Host: ct.Host, StartURL: ct.StartURL,
			TokenURL: ct.TokenURL, Contract: ct.Contract, ClientID: ct.Client.ID,
			Secret: ct.Client.Secret, Auth: ct.Client.Auth, Scope: ct.Scope, PKCE: ct.PKCE != "", DeviceType: ct.Device.Type,
			DeviceOS: ct.Device.OS,
			Headers:  ct.Headers, Given: ct.Given, TLS: ct.TLSOf(&ct.Client), Approver: ct.Approver, Secrets: ct.Secrets(),
			Assert: ct.Assertions()}, stop, nil
	}
	if err := serverless(c); err != nil {
		return load.Target{}, nil, err
	}
	contract, err := spec.BuiltinContract(cmp.Or(auto(c.Spec), "documented-v1"))
	if err != nil {
		return load.Target{}, nil, usage(err, "")
	}
	// In a long run what the server remembers must not count as the crowd's memory.
	base, stop, err := serve("127.0.0.1:0", refserver.Config{Contract: contract.Name, Decisions: true,
		TokenLifetime: 30 * time.Second, Forget: 30 * time.Second}, nil, nil)
	if err != nil {
		return load.Target{}, nil, &failure{reports.ExitUntested, err, ""}
	}
	var approver approve.Approver = &approve.Reference{Client: &http.Client{}, URL: base}
	if c.Approve.Kind != "" {
		if approver, err = f.newApprover(t, c, &conformance.Target{Facts: conformance.Facts{Host: base},
			TLS: &tls.Config{}}); err != nil {
			stop()
			return load.Target{}, nil, err
		}
	}
	r.Target = reports.Target{Host: base, Spec: contract.Name, ChosenBy: "embedded",
		DeviceAuthorizationEndpoint: base + contract.Start.Path,
		TokenEndpoint:               base + contract.Token.Path, ClientID: "dfcheck",
		Approver: cmp.Or(c.Approve.Kind, "reference")}
	secrets := redact.New(nil)
	t.secrets.keep(secrets.Text, secrets.Check)
	t.note("the embedded server at %s is the target (name another with --host)", base)
	return load.Target{Host: base, StartURL: base + contract.Start.Path, TokenURL: base + contract.Token.Path,
		Contract: contract,
		Embedded: true, ClientID: "dfcheck", Scope: "openid", DeviceType: "tv", DeviceOS: "linux", Approver: approver,
		Secrets: secrets}, stop, nil
}

// settings are those of the flags.
func (f *loadFlags) settings(kind reports.Kind) (s settings, err error) {
	s.destinations, err = f.destinations(kind)
	return s, err
}

// notLoaded is why no load was put on the server.
func notLoaded(ctx context.Context, err error) error {
	if n, ok := errors.AsType[*load.NotReady](err); ok {
		return &failure{reports.ExitUntested, err, n.Hint}
	}
	if ctx.Err() != nil {
		return &failure{reports.ExitInterrupted, errors.New("interrupted before the load began"), ""}
	}
	return usage(err, "")
}

// finish closes a report, prints it and writes its files.
func (s settings) finish(ctx context.Context, t terminal, r *reports.Report) error {
	r.Run.DurationMS = float64(time.Since(r.Run.Started).Milliseconds())
	r.Run.Interrupted = ctx.Err() != nil
	r.Run.ExitCode = reports.ExitCode(r, reports.ExitOptions{})
	err := s.guard.Over("the summary", func(w io.Writer) error { return reports.WriteText(w, r, false) })(s.words(t).out)
	if err := errors.Join(err, s.write(t.out, r)); err != nil {
		return &failure{reports.ExitUntested, err, ""}
	}
	return exit(r.Run.ExitCode)
}
