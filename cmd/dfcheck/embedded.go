package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/suite"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// embedded starts the embedded server and makes it the target.
func embedded(c *conformance.Config, t terminal) (*conformance.Target, func(), error) {
	if _, err := spec.BuiltinContract(cmp.Or(auto(c.Spec), "documented-v1")); err != nil {
		return nil, nil, usage(err, "the embedded server follows built-in contracts only; name another server with --host")
	}
	target, stop, err := suite.Embedded(c)
	if err != nil {
		return nil, nil, &failure{reports.ExitUntested, err, ""}
	}
	t.secrets.keep(target.Redact, target.Guard)
	t.note("checking the embedded server at %s (name another with --host)", target.Host)
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
func serve(addr string, cfg refserver.Config, faults []refserver.Fault, cert *tls.Certificate) (base string,
	stop func(), err error) {
	return serveSite(addr, cert, func(base string) (site, error) {
		cfg.BaseURL = cmp.Or(cfg.BaseURL, base)
		return refserver.New(cfg, faults...), nil
	})
}

// site is what is served at an address.
type site interface {
	http.Handler
	TLSConfig(tls.Certificate) *tls.Config
}

// serveSite serves what make returns for the base URL that the site has.
func serveSite(addr string, cert *tls.Certificate, make func(base string) (site, error)) (base string, stop func(),
	err error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", nil, err
	}
	scheme := "http://"
	if cert != nil {
		scheme = "https://"
	}
	base = scheme + reachable(l.Addr().String())
	at, err := make(base)
	if err != nil {
		return "", nil, errors.Join(err, l.Close())
	}
	server := &http.Server{Handler: at, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		IdleTimeout: time.Hour, MaxHeaderBytes: 64 << 10} // clients may be slow on purpose, and keep connections
	if cert != nil {
		server.TLSConfig = at.TLSConfig(*cert)
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
