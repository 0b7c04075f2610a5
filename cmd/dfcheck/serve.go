package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/jwt"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// serveFlags are the options of the reference server.
type serveFlags struct {
	addr       string
	cfg        refserver.Config
	secure     certificateFlags
	keyFile    string // of the client that signs assertions
	certFile   string // of the client with a certificate
	faults     []string
	limits     []string
	listFaults bool
	control    string
	proxy      proxyFlags
}

func newServe(t terminal) *cobra.Command {
	f := &serveFlags{}
	c := &cobra.Command{
		Use: "serve", Short: "Run the reference server, correct or with faults", Args: cobra.NoArgs,
		Long: `Runs a device-flow server that conforms to the standards, for trying out clients
and load. With --fault it does one thing wrong. With --control a page of this
machine shows the flows that are live, and switches faults while the server runs;
so do programs: curl -d fault=NAME -d state=on http://127.0.0.1:8629/faults.
With --proxy a server of your own answers, and faults are added to its answers.
Tokens are passed on as that server signed them, so that iss in ID tokens names it
and not the proxy.

People approve at /device, as alice or bob with the password "password".
Programs approve with POST /decision {"user_code": ..., "action": "approve"}
when --decisions is given. The clients are dfcheck and dfcheck-other (public),
dfcheck-conf (its secret is "secret") and nodevice, which may not use the flow. With
--client-key-out there is dfcheck-key as well, which authenticates with assertions, with
--client-cert-out dfcheck-tls, which does so with a certificate.`,
		Example: `  dfcheck serve --spec rfc8628 --interval 1s --expires-in 2m --decisions
  dfcheck serve --spec rfc8628 --slow-down 2     does the client wait 5 s longer?
  dfcheck serve --delay 20ms --decisions         what load and report compare say of a slower server
  dfcheck serve --limit polls:address:10/1s:bucket:burst=20     what "dfcheck limits" finds
  dfcheck serve --tls --tls-cert-out ca.pem
  dfcheck serve --spec rfc8628 --client-key-out client.jwk      a client that signs assertions
  dfcheck serve --spec rfc8628 --tls-cert-out ca.pem --client-cert-out client.pem     one with a certificate
  dfcheck serve --user-code WDJB-MJHT            for demonstrations
  dfcheck serve --list-faults
  dfcheck serve --fault code-reusable
  dfcheck serve --control 8629                   a page with live flows and switches for faults
  dfcheck serve --proxy https://auth.example.com --fault errors-in-five --control 8629`,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.serve(cmd, t) },
	}
	fs := c.Flags()
	fs.StringVar(&f.addr, "addr", "127.0.0.1:8628", "address to listen on; port 0 picks one")
	fs.StringVar(&f.cfg.BaseURL, "base-url", "", "URL at which clients and people reach the server, when it is not --addr")
	fs.StringVar(&f.cfg.Contract, "spec", "documented-v1", "contract: documented-v1, documented-v2 or rfc8628")
	f.cfg.Interval, f.cfg.Lifetime = 5*time.Second, 10*time.Minute
	fs.Var(duration(&f.cfg.Interval), "interval", "polling interval, announced and enforced")
	fs.Var(duration(&f.cfg.Lifetime), "expires-in", "lifetime of the codes")
	fs.Var(count(&f.cfg.SlowDownAt), "slow-down",
		"answer this poll of every code with slow_down, whatever its pace (2: the second)")
	fs.Var(duration(&f.cfg.Delay), "delay", "take that long for every answer")
	fs.StringVar(&f.cfg.UserCode, "user-code", "", "give every device this user code, for demonstrations")
	fs.BoolVar(&f.cfg.Decisions, "decisions", false, "let programs approve and deny at /decision")
	fs.StringArrayVar(&f.limits, "limit", nil, "limit the pace of requests, `"+refserver.LimitForm+"`; repeatable")
	fs.BoolVar(&f.cfg.TrustForwarded, "trust-forwarded", false,
		"let X-Forwarded-For and Forwarded say who sends a request, as behind a proxy")
	fs.StringVar(&f.keyFile, "client-key-out", "",
		"let the client dfcheck-key authenticate by private_key_jwt, and write its key, a JWK, to this file")
	fs.StringVar(&f.certFile, "client-cert-out", "",
		"let the client dfcheck-tls authenticate by mutual TLS, and write its certificate and key, PEM, to this file")
	f.secure.add(fs)
	fs.StringArrayVar(&f.faults, "fault", nil, "fault to build in; repeatable")
	fs.BoolVar(&f.listFaults, "list-faults", false, "list the faults and exit, with --proxy those that it can add")
	fs.StringVar(&f.control, "control", "",
		"serve a page with live flows and switches for faults at `ADDR`: a port of this machine, such as 8629")
	f.proxy.add(fs)
	return c
}

func (f *serveFlags) serve(cmd *cobra.Command, t terminal) error {
	if f.listFaults {
		for _, fault := range f.choice() {
			fmt.Fprintf(t.out, "%-34s %-15s %s\n", fault.Name, cmp.Or(fault.Check, "-"), fault.Doc)
		}
		return nil
	}
	if err := f.proxy.check(cmd.Flags()); err != nil {
		return err
	}
	faults, err := f.pickFaults(t)
	if err != nil {
		return err
	}
	cert, err := f.secure.certificate(f.addr)
	if err != nil {
		return err
	}
	if err := errors.Join(f.writeKey(), f.writeCertificate()); err != nil {
		return err
	}
	var served controlledSite
	base, stop, err := serveSite(f.addr, cert, func(base string) (site, error) {
		served, err = f.site(cmp.Or(f.cfg.BaseURL, base), faults)
		return served, err
	})
	if _, told := errors.AsType[*failure](err); told {
		return err
	}
	if err != nil {
		return &failure{reports.ExitUntested, err, "choose another address with --addr"}
	}
	defer stop()
	page := ""
	if f.control != "" {
		at, err := watchAt("control", f.control, refserver.Control(f.title(), served))
		if err != nil {
			return notServed(err)
		}
		defer at.close()
		page = "  control page          " + at.url + "\n"
	}
	if err := f.announce(t, base, page); err != nil {
		return err
	}
	<-cmd.Context().Done()
	return nil
}

// writeKey makes the key of the client that signs assertions, for this user alone to read.
func (f *serveFlags) writeKey() error {
	if f.keyFile == "" {
		return nil
	}
	key, err := jwt.NewKey("ES256")
	if err != nil {
		return err
	}
	f.cfg.Assertions = true
	f.cfg.ClientKey = &jose.JSONWebKey{Key: key, KeyID: "dfcheck-key", Algorithm: "ES256"}
	text, err := f.cfg.ClientKey.MarshalJSON()
	if err != nil {
		return err
	}
	return usage(os.WriteFile(f.keyFile, append(text, '\n'), 0o600), "")
}

// writeCertificate makes the certificate of the client that authenticates with one, and
// writes it and its key for this user alone to read.
func (f *serveFlags) writeCertificate() error {
	if f.certFile == "" {
		return nil
	}
	if !f.secure.wanted() {
		return usage(errors.New("--client-cert-out is for a server that speaks https"), "add --tls-cert-out ca.pem")
	}
	f.cfg.MutualTLS, f.cfg.Certificates = true, refserver.NewCertificates(false)
	text, err := pairPEM(f.cfg.Certificates.Own)
	if err != nil {
		return err
	}
	return usage(os.WriteFile(f.certFile, text, 0o600), "")
}

// controlledSite is a server whose faults can be switched.
type controlledSite interface {
	site
	refserver.Controlled
}

// site is the server that the flags ask for.
func (f *serveFlags) site(base string, faults []refserver.Fault) (controlledSite, error) {
	if f.proxy.url != "" {
		return f.proxy.open(base, faults)
	}
	f.cfg.BaseURL = base
	return refserver.NewSwitched(f.cfg, faults...), nil
}

// announce says where everything is.
func (f *serveFlags) announce(t terminal, base, page string) error {
	if f.proxy.url != "" {
		fmt.Fprintf(t.out, "listening on %s\n  in front of           %s\n"+
			"  iss in ID tokens      as that server signed it: a client that verifies it must expect that issuer,\n"+
			"                        not %s\n%s", base, f.proxy.url, base, page)
		return nil
	}
	contract, err := spec.BuiltinContract(f.cfg.Contract)
	if err != nil {
		return usage(err, "")
	}
	fmt.Fprintf(t.out, "listening on %s\n  device authorization  POST %s\n  token                 POST %s\n  "+
		"verification page     %s/device\n%s",
		base, base+contract.Start.Path, base+contract.Token.Path, base, page)
	return nil
}

// readLimits puts the limits into the configuration.
func (f *serveFlags) readLimits() error {
	var errs []error
	for _, text := range f.limits {
		l, err := refserver.ParseLimit(text)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		f.cfg.Limits = append(f.cfg.Limits, l)
	}
	return errors.Join(errs...)
}

// title is that of the control page.
func (f *serveFlags) title() string {
	if f.proxy.url != "" {
		return "In front of " + f.proxy.url
	}
	return "Reference server"
}

// choice are the faults that can be shown.
func (f *serveFlags) choice() []refserver.Fault {
	if f.proxy.url != "" {
		return refserver.ForeignFaults()
	}
	return refserver.AllFaults()
}

// pickFaults checks the configuration and finds the faults. A fault that this
// server cannot show is served all the same, with a word about it.
func (f *serveFlags) pickFaults(t terminal) ([]refserver.Fault, error) {
	errs := []error{f.readLimits(), f.cfg.Check(), checkLoopback("control", f.control)}
	hint := ""
	var faults []refserver.Fault
	for _, name := range f.faults {
		fault, err := refserver.FaultNamed(name)
		if err != nil {
			errs, hint = append(errs, err), "`dfcheck serve --list-faults` lists them"
			continue
		}
		if f.proxy.url != "" {
			faults = append(faults, fault)
			continue
		}
		if fault.Contract != "" && fault.Contract != f.cfg.Contract {
			t.note("the fault %s was made for --spec %s; with %s it may not show", name, fault.Contract, f.cfg.Contract)
		}
		if fault.Detailed {
			t.note("the fault %s shows only to `dfcheck conformance --spec spec/refserver/openapi.yaml`, "+
				"the server's own document", name)
		}
		if fault.TLS && !f.secure.wanted() {
			t.note("the fault %s shows only over https: add --tls", name)
		}
		faults = append(faults, fault)
	}
	if err := refserver.Together(faults...); err != nil {
		errs, hint = append(errs, err), "serve them one after the other"
	}
	if f.proxy.url != "" {
		if err := refserver.Addable(faults...); err != nil {
			errs, hint = append(errs, err), "`dfcheck serve --proxy URL --list-faults` lists those that can"
		}
	}
	return faults, usage(errors.Join(errs...), hint)
}
