package load

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"

	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/spec"
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
	if g.ClientID != "" {
		t.ClientID = g.ClientID
	}
	if g.Scope != "" {
		t.Scope = g.Scope
	}
	return t, nil
}

// render makes a template for each encoding of the group.
func (k *compiledGroup) render(t Target, verifier string, closes bool) error {
	client := spec.Params{{Name: "client_id", Value: t.ClientID}}
	header := t.Headers.Clone()
	if header == nil {
		header = http.Header{}
	}
	switch t.Auth {
	case "basic":
		header.Set("Authorization", basic(t.ClientID, t.Secret))
	case "post":
		client = append(client, spec.Param{Name: "client_secret", Value: t.Secret})
	}
	k.encodings, k.weights = k.mixOf(&t.Contract.Token)
	for _, e := range k.encodings {
		start := t.Contract.Start.Complete(startParams(t, client))
		if verifier != "" {
			start = append(start, spec.ChallengeParams(verifier)...)
		}
		in := e
		if !t.Contract.Start.Accepts(e) {
			in = t.Contract.Start.Encodings[0]
		}
		s, err := wire.NewTemplate(&t.Contract.Start, t.StartURL, in, start, header, closes)
		if err != nil {
			return err
		}
		s.Start = true
		poll := append(spec.Params{
			{Name: "grant_type", Value: spec.GrantDeviceCode},
			{Name: "device_code", Value: wire.Placeholder},
		}, client...)
		if verifier != "" {
			poll = append(poll, spec.Param{Name: "code_verifier", Value: verifier})
		}
		q, err := wire.NewTemplate(&t.Contract.Token, t.TokenURL, e, poll, header, closes)
		if err != nil {
			return err
		}
		k.start, k.poll = append(k.start, s), append(k.poll, q)
	}
	return nil
}

func startParams(t Target, client spec.Params) spec.Params {
	p := slices.Clone(client)
	if t.Contract.Start.Has("device_type") {
		p = append(p, spec.Param{Name: "device_type", Value: t.DeviceType})
	}
	if t.Contract.Start.Has("device_os") {
		p = append(p, spec.Param{Name: "device_os", Value: t.DeviceOS})
	}
	if t.Scope != "" {
		p = append(p, spec.Param{Name: "scope", Value: t.Scope})
	}
	return p
}

// basic is the Authorization header of a confidential client (RFC 6749 section
// 2.3.1).
func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}
