package main

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/spf13/pflag"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// proxyFlags are another server that answers in the place of the reference server.
type proxyFlags struct {
	url    string
	caFile string
}

func (f *proxyFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.url, "proxy", "", "pass requests on to the server at this `URL`, and add faults to its answers")
	fs.StringVar(&f.caFile, "ca-file", "", "PEM file with the CA of the certificate of the server behind --proxy")
}

// ofReference are the flags of the reference server, which does not answer then.
var ofReference = []string{"spec", "interval", "expires-in", "slow-down", "delay", "user-code", "decisions",
	"limit", "trust-forwarded"}

// check returns a usage error for a URL that is none, and for flags that have no effect.
func (f *proxyFlags) check(fs *pflag.FlagSet) error {
	if f.url == "" {
		if f.caFile != "" {
			return usage(errors.New("--ca-file is of the server behind --proxy, which is not given"), "")
		}
		return nil
	}
	var errs []error
	if u, err := url.Parse(f.url); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" ||
		f.url != u.Scheme+"://"+u.Host {
		errs = append(errs, fmt.Errorf("--proxy is %q; it takes http:// or https:// with a host and nothing after it", f.url))
	}
	for _, name := range ofReference {
		if fs.Changed(name) {
			errs = append(errs, fmt.Errorf("--%s is of the reference server; behind --proxy another server answers", name))
		}
	}
	return usage(errors.Join(errs...), "")
}

// open is the proxy.
func (f *proxyFlags) open(base string, faults []refserver.Fault) (controlledSite, error) {
	target, err := url.Parse(f.url)
	if err != nil {
		return nil, err
	}
	if f.url == base {
		return nil, usage(errors.New("--proxy names this server itself"), "choose another address with --addr")
	}
	trust, err := conformance.TLSConfig{CAFile: f.caFile}.Client()
	if err != nil {
		return nil, usage(err, "")
	}
	return refserver.NewProxy(target, base, trust, faults...)
}
