package load

import (
	"encoding/base64"
	"net/http"
	"net/url"

	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports/redact"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/jwt"
)

// render makes the requests of every group.
func (p *population) render(t Target, prof *profile.Profile) error {
	closes := prof.Connections.Mode == profile.PerRequest
	verifier := ""
	if t.PKCE {
		verifier = spec.NewVerifier()
		t.Secrets.Sent("code_verifier", verifier)
	}
	for i := range p.groups {
		k := &p.groups[i]
		g, err := t.of(k.Group)
		if err != nil {
			return err
		}
		if err := k.render(g, verifier, closes); err != nil {
			return err
		}
	}
	return nil
}

// of is the target as a group sees it.
func (t Target) of(g *profile.Group) (Target, error) {
	if g.Contract != "" {
		contract, err := spec.BuiltinContract(g.Contract)
		if err != nil {
			return t, err
		}
		t.Contract, t.StartURL, t.TokenURL = contract, t.Host+contract.Start.Path, t.Host+contract.Token.Path
	}
	if g.ClientID != "" && g.ClientID != t.ClientID {
		t.ClientID, t.Auth, t.Secret, t.Assert = g.ClientID, "", "", nil // these are another client's
	}
	if g.Scope != "" {
		t.Scope = g.Scope
	}
	return t, nil
}

// render makes a template for each encoding of the group.
func (k *compiledGroup) render(t Target, verifier string, closes bool) error {
	sender := t.sender()
	k.encodings, k.weights = k.mixOf(&t.Contract.Token)
	k.start, k.poll = nil, nil // it may be the second time
	for _, e := range k.encodings {
		start, poll := sender.Start(t.Contract, ""), sender.Poll(t.Contract, wire.Placeholder)
		if verifier != "" {
			start = append(start, spec.ChallengeParams(verifier)...)
			poll = append(poll, spec.Param{Name: "code_verifier", Value: verifier})
		}
		in := e
		if !t.Contract.Start.Accepts(e) {
			in = t.Contract.Start.Encodings[0]
		}
		s, err := t.template(&t.Contract.Start, t.StartURL, in, start, closes)
		if err != nil {
			return err
		}
		s.Start = true
		q, err := t.template(&t.Contract.Token, t.TokenURL, e, poll, closes)
		if err != nil {
			return err
		}
		k.start, k.poll = append(k.start, s), append(k.poll, q)
	}
	return nil
}

// sender is a device of the target.
func (t Target) sender() spec.Sender {
	return spec.Sender{ClientID: t.ClientID, Scope: t.Scope, Type: t.DeviceType, System: t.DeviceOS, Given: t.Given}
}

// template is a request of the target's client, with all that the contract and the
// configuration want of it.
func (t Target) template(op *spec.Operation, at string, e spec.Encoding, params spec.Params,
	closes bool) (*wire.Template, error) {
	header := t.Headers.Clone()
	if header == nil {
		header = http.Header{}
	}
	for _, p := range t.sender().Header(op) {
		if header.Get(p.Name) == "" {
			header.Set(p.Name, p.Value)
		}
	}
	switch t.Auth {
	case "basic":
		header.Set("Authorization", basic(t.ClientID, t.Secret))
	case "post":
		params = params.With("client_secret", t.Secret)
	}
	if t.Assert != nil {
		params = params.With("client_assertion_type", jwt.AssertionType).With(redact.Assertion, wire.AssertionPlace)
	}
	made, err := wire.NewTemplate(op, spec.InURL(at, t.sender().Query(op)), e, params, header, closes)
	if err == nil {
		made.Assert = t.Assert
	}
	return made, err
}

// basic is the Authorization header of a confidential client (RFC 6749 section
// 2.3.1).
func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}
