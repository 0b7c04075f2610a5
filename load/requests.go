package load

import (
	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/spec"
)

// Requests renders the two requests of a device of the target; the device code goes
// into the second. Its error is that of the URLs.
func (t Target) Requests() (start, poll *wire.Template, err error) {
	e := t.Contract.Token.Encodings[0]
	in := e
	if !t.Contract.Start.Accepts(e) {
		in = t.Contract.Start.Encodings[0]
	}
	first, then := t.sender().Start(t.Contract, ""), t.sender().Poll(t.Contract, wire.Placeholder)
	if t.PKCE {
		verifier := spec.NewVerifier()
		t.Secrets.Sent("code_verifier", verifier)
		first = append(first, spec.ChallengeParams(verifier)...)
		then = append(then, spec.Param{Name: "code_verifier", Value: verifier})
	}
	if start, err = t.template(&t.Contract.Start, t.StartURL, in, first, false); err != nil {
		return nil, nil, err
	}
	poll, err = t.template(&t.Contract.Token, t.TokenURL, e, then, false)
	return start, poll, err
}
