package main

import (
	"crypto/tls"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// serveFlags are the options of the reference server.
type serveFlags struct {
	addr, certFile, keyFile string
	cfg                     refserver.Config
	faults                  []string
	listFaults              bool
}

func newServe(t terminal) *cobra.Command {
	f := &serveFlags{}
	c := &cobra.Command{
		Use: "serve", Short: "Run the reference server, right or with a fault", Args: cobra.NoArgs,
		Long: `Runs a device-flow server that does what the standards ask, for trying out
clients and load. With --fault it does one thing wrong.

People approve at /device, as alice or bob with the password "password".
Programs approve with POST /decision {"user_code": ..., "action": "approve"}
when --decisions is given.`,
		Example: `  dfcheck serve --interval 1s --expires-in 2m --decisions
  dfcheck serve --list-faults
  dfcheck serve --fault code-reusable`,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.serve(cmd, t) },
	}
	fs := c.Flags()
	fs.StringVar(&f.addr, "addr", "127.0.0.1:8628", "address to listen on")
	fs.StringVar(&f.cfg.Contract, "spec", "documented-v1", "contract: documented-v1, documented-v2 or rfc8628")
	fs.DurationVar(&f.cfg.Interval, "interval", 5*time.Second, "polling interval, announced and enforced")
	fs.DurationVar(&f.cfg.Lifetime, "expires-in", 10*time.Minute, "lifetime of the codes")
	fs.StringVar(&f.cfg.UserCode, "user-code", "", "give every device this user code, for demonstrations")
	fs.BoolVar(&f.cfg.Decisions, "decisions", false, "let programs approve and deny at /decision")
	fs.StringVar(&f.certFile, "tls-cert", "", "serve https with this certificate (PEM)")
	fs.StringVar(&f.keyFile, "tls-key", "", "and its key")
	fs.StringArrayVar(&f.faults, "fault", nil, "do this wrong; repeatable")
	fs.BoolVar(&f.listFaults, "list-faults", false, "list the faults and exit")
	return c
}

func (f *serveFlags) serve(cmd *cobra.Command, t terminal) error {
	if f.listFaults {
		for _, fault := range refserver.Faults() {
			fmt.Fprintf(t.out, "%-34s %-15s %s\n", fault.Name, fault.Check, fault.Doc)
		}
		return nil
	}
	if err := f.cfg.Check(); err != nil {
		return usage(err, "")
	}
	var faults []refserver.Fault
	for _, name := range f.faults {
		fault, err := refserver.FaultNamed(name)
		if err != nil {
			return usage(err, "`dfcheck serve --list-faults` lists them")
		}
		faults = append(faults, fault)
	}
	var secure *tls.Config
	if f.certFile != "" || f.keyFile != "" {
		pair, err := tls.LoadX509KeyPair(f.certFile, f.keyFile)
		if err != nil {
			return usage(err, "--tls-cert and --tls-key are PEM files and go together")
		}
		secure = &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2", "http/1.1"}}
	}
	base, stop, err := serve(f.addr, f.cfg, faults, secure)
	if err != nil {
		return &failure{reports.ExitUntested, err, "choose another address with --addr"}
	}
	defer stop()
	contract, err := spec.BuiltinContract(f.cfg.Contract)
	if err != nil {
		return usage(err, "")
	}
	fmt.Fprintf(t.out, "listening on %s\n  device authorization  POST %s\n  token                 POST %s\n  verification page     %s/device\n",
		base, base+contract.Start.Path, base+contract.Token.Path, base)
	<-cmd.Context().Done()
	return nil
}
