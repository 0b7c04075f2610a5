package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
)

// printTried lists what a server was asked before a run, and what it answered.
func printTried(w io.Writer, tried []*conformance.Exchange) {
	for _, x := range tried {
		as := ""
		if x.Request.Encoding != "" {
			as = " as " + encodingName(x)
		}
		fmt.Fprintf(w, "tried      %s %s%s: %s\n", x.Request.Method, reports.Legible(x.Request.URL), as,
			reports.Legible(x.Says()))
	}
}

// printLook tells how the device flow of a server was found.
func printLook(w io.Writer, target *conformance.Target) {
	if target.Look != nil {
		printTried(w, target.Look.Tried)
	}
	fmt.Fprintf(w, "contract   %s, chosen by %s: %s\n", target.Contract.Name, target.ChosenBy,
		reports.Legible(target.ChosenWhy))
	fmt.Fprintf(w, "endpoints  %s\n           %s\n", reports.Legible(target.StartURL), reports.Legible(target.TokenURL))
	if there := elsewhere(target); there != "" {
		fmt.Fprintf(w, "           on %s, which is not --host\n", reports.Legible(there))
	}
}

// demanded is what the server demands of its own accord and got, in words; "" for
// nothing.
func demanded(target *conformance.Target) string {
	if !target.PKCEDemanded {
		return ""
	}
	return "the server demands PKCE at the start: code_challenge was sent (pkce: S256 in dfcheck.yaml does so at once)"
}

// elsewhere is the host that gets the requests, where it is another than the user
// named.
func elsewhere(target *conformance.Target) string {
	host, err := url.Parse(target.Host)
	if err != nil {
		return ""
	}
	for _, endpoint := range []string{target.StartURL, target.TokenURL} {
		if u, err := url.Parse(endpoint); err == nil && u.Host != host.Host {
			return u.Scheme + "://" + u.Host
		}
	}
	return ""
}

// showTried tells on standard error what was tried in vain; the error itself follows.
func showTried(t terminal, err error) error {
	if p, ok := errors.AsType[*conformance.PreflightError](err); ok {
		printTried(t.err, p.Tried)
	}
	return err
}
