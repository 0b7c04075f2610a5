package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// serveFlags are the options of the reference server.
type serveFlags struct {
	addr       string
	cfg        refserver.Config
	secure     certificateFlags
	faults     []string
	limits     []string
	listFaults bool
}

func newServe(t terminal) *cobra.Command {
	f := &serveFlags{}
	c := &cobra.Command{
		Use: "serve", Short: "Run the reference server, correct or with faults", Args: cobra.NoArgs,
		Long: `Runs a device-flow server that conforms to the standards, for trying out clients
and load. With --fault it does one thing wrong.

People approve at /device, as alice or bob with the password "password".
Programs approve with POST /decision {"user_code": ..., "action": "approve"}
when --decisions is given. The clients are dfcheck and dfcheck-other (public),
dfcheck-conf (its secret is "secret") and nodevice, which may not use the flow.`,
		Example: `  dfcheck serve --spec rfc8628 --interval 1s --expires-in 2m --decisions
  dfcheck serve --spec rfc8628 --slow-down 2     does the client wait 5 s longer?
  dfcheck serve --delay 20ms --decisions         what load and report compare say of a slower server
  dfcheck serve --limit polls:address:10/1s:bucket:burst=20     what "dfcheck limits" finds
  dfcheck serve --tls --tls-cert-out ca.pem
  dfcheck serve --user-code WDJB-MJHT            for demonstrations
  dfcheck serve --list-faults
  dfcheck serve --fault code-reusable`,
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
	f.secure.add(fs)
	fs.StringArrayVar(&f.faults, "fault", nil, "fault to build in; repeatable")
	fs.BoolVar(&f.listFaults, "list-faults", false, "list the faults and exit")
	return c
}

func (f *serveFlags) serve(cmd *cobra.Command, t terminal) error {
	if f.listFaults {
		for _, fault := range append(refserver.Faults(), refserver.LoadFaults()...) {
			fmt.Fprintf(t.out, "%-34s %-15s %s\n", fault.Name, fault.Check, fault.Doc)
		}
		return nil
	}
	faults, err := f.pickFaults(t)
	if err != nil {
		return err
	}
	cert, err := f.secure.certificate(f.addr)
	if err != nil {
		return err
	}
	base, stop, err := serve(f.addr, f.cfg, faults, cert)
	if err != nil {
		return &failure{reports.ExitUntested, err, "choose another address with --addr"}
	}
	defer stop()
	contract, err := spec.BuiltinContract(f.cfg.Contract)
	if err != nil {
		return usage(err, "")
	}
	fmt.Fprintf(t.out, "listening on %s\n  device authorization  POST %s\n  token                 POST %s\n  "+
		"verification page     %s/device\n",
		base, base+contract.Start.Path, base+contract.Token.Path, base)
	<-cmd.Context().Done()
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

// pickFaults checks the configuration and finds the faults. A fault that this
// server cannot show is served all the same, with a word about it.
func (f *serveFlags) pickFaults(t terminal) ([]refserver.Fault, error) {
	errs := []error{f.readLimits(), f.cfg.Check()}
	hint := ""
	var faults []refserver.Fault
	for _, name := range f.faults {
		fault, err := refserver.FaultNamed(name)
		if err != nil {
			errs, hint = append(errs, err), "`dfcheck serve --list-faults` lists them"
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
	return faults, usage(errors.Join(errs...), hint)
}
