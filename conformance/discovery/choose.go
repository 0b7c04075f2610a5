package discovery

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// namedSpec is why a contract is chosen that the user named.
const namedSpec = "it was named (--spec, or spec: in dfcheck.yaml)"

// Choose fills in the target's contract and endpoints: as c says, and where it says
// nothing, by a look at the host. What was asked and answered is kept in t.Look.
func Choose(ctx context.Context, t *conformance.Target, c conformance.Choice) error {
	t.Issuer, t.Hints, t.Look = c.Issuer, spec.OperationHints{}, &conformance.Look{Choice: c}
	switch {
	case c.Spec == "" || c.Spec == "auto" || c.Spec == "rfc8628":
		e := &explorer{prober: newProber(t), target: t, choice: c, usual: endpointsFor(t.Host, c.Issuer)}
		defer e.client.CloseIdleConnections()
		err := e.find(ctx)
		t.Look.Tried = e.tried
		if err != nil {
			return err
		}
	case slices.Contains(spec.ContractNames(), c.Spec):
		contract, err := spec.BuiltinContract(c.Spec)
		if err != nil {
			return err
		}
		t.Contract, t.ChosenBy, t.ChosenWhy = contract, "flag", namedSpec
	default:
		if err := chooseDocument(t, c); err != nil {
			return err
		}
	}
	if t.Contract.Family == spec.Document {
		if err := t.Adopt(); err != nil {
			return err
		}
	}
	return endpoints(t, c)
}

func chooseDocument(t *conformance.Target, c conformance.Choice) error {
	t.Hints = spec.OperationHints{Start: c.Start, Token: c.Token, Path: c.Path}
	t.ChosenBy, t.ChosenWhy = "flag", namedSpec
	var err error
	t.Contract, err = spec.OpenContract(c.Spec, t.Hints)
	return err
}

// endpoints makes URLs of what was named, was found, or stands in the contract, in
// this order.
func endpoints(t *conformance.Target, c conformance.Choice) error {
	document := t.Contract.Family == spec.Document && !t.Hints.IsZero()
	if c.Start != "" && !document {
		t.StartURL = join(t.Host, c.Start)
	}
	if c.Token != "" && !document {
		t.TokenURL = join(t.Host, c.Token)
	}
	t.StartURL = cmp.Or(t.StartURL, place(t.Host, &t.Contract.Start))
	t.TokenURL = cmp.Or(t.TokenURL, place(t.Host, &t.Contract.Token))
	for _, u := range []string{t.StartURL, t.TokenURL} {
		if p, err := url.Parse(u); err != nil || p.Host == "" {
			return fmt.Errorf("endpoint %q is not a URL", u)
		}
	}
	return endpointsNamed(t, c)
}

// place is where a host has an operation. One that was given with the path of the
// document's server URL has it once.
func place(host string, o *spec.Operation) string {
	path, prefix := o.Path, strings.TrimRight(o.Prefix, "/")
	if u, err := url.Parse(host); err == nil && prefix != "" && strings.HasSuffix(strings.TrimRight(u.Path, "/"), prefix) {
		path = strings.TrimPrefix(path, prefix)
	}
	return join(host, path)
}

// join puts a path behind a host as it was given, its own path kept.
func join(host, path string) string {
	if strings.Contains(path, "://") {
		return path
	}
	return strings.TrimSuffix(host, "/") + "/" + strings.TrimPrefix(path, "/")
}
