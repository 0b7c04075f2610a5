package checks

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/jwt"
)

// A wrongAssertion is what is wrong with an assertion, in the words of findings.
type wrongAssertion struct {
	step   string
	change func(t *jwt.Token)              // before it is signed
	spoil  func(assertion string) string   // after that
	also   func(s *ScenarioRun) spec.Param // what is sent beside it; nil for nothing
	// tolerable: no text says that a server must refuse it (ruling R161). atStart: the
	// device authorization endpoint need not.
	tolerable, atStart bool
	// otherwise are error codes by which it may be refused as well.
	otherwise []string
}

// claim sets one claim, nil leaves it out.
func claim(name string, value func() any) func(*jwt.Token) {
	return func(t *jwt.Token) {
		if value == nil {
			delete(t.Claims, name)
			return
		}
		t.Claims[name] = value()
	}
}

// away is a moment that is so far from now, in the seconds of a claim.
func away(d time.Duration) func() any { return func() any { return time.Now().Add(d).Unix() } }

func given(v any) func() any { return func() any { return v } }

// What is wrong with assertions, by the check that asks.
var (
	forAnother = []wrongAssertion{
		{step: "with an assertion for another server", change: claim("aud", given(StrangeOrigin))},
		{step: "with an assertion without aud", change: claim("aud", nil)},
	}
	outOfTime = []wrongAssertion{
		{step: "with an assertion that ended an hour ago", change: func(t *jwt.Token) {
			claim("iat", away(-2*time.Hour))(t)
			claim("exp", away(-time.Hour))(t)
		}},
		{step: "with an assertion without exp", change: claim("exp", nil)},
		{step: "with an assertion that begins in half an hour", change: func(t *jwt.Token) {
			claim("nbf", away(time.Hour/2))(t)
			claim("exp", away(time.Hour/2+jwt.Lifetime))(t)
		}},
	}
	unsignedBy = []wrongAssertion{
		{step: "with an assertion that another key has signed",
			change: func(t *jwt.Token) { t.Key = jwt.Another(t.Key) }},
		{step: "with an assertion whose alg is none", change: func(t *jwt.Token) { t.Bare = true }},
		{step: "with an assertion that was changed after it was signed", spoil: changed},
		{step: "with an assertion whose secret is the public key", change: func(t *jwt.Token) {
			t.Key = jose.JSONWebKey{Key: publicText(t.Key), Algorithm: string(jose.HS256)}
		}},
	}
	byAnother = []wrongAssertion{
		{step: "with an assertion about another client", change: claim("sub", given(StrangeOrigin+"/client")),
			otherwise: []string{spec.ErrInvalidRequest}},
		{step: "with an assertion by another issuer", change: claim("iss", given(StrangeOrigin)), tolerable: true},
		{step: "with an assertion and the client_id of another client", tolerable: true,
			also: func(s *ScenarioRun) spec.Param {
				id := UnknownClient()
				if s.Target().SecondID != "" {
					id = s.Target().SecondID
				}
				return spec.Param{Name: "client_id", Value: id}
			},
			otherwise: []string{spec.ErrInvalidRequest, spec.ErrInvalidGrant, spec.ErrUnauthorizedClient}},
	}
	noAssertion = []wrongAssertion{
		{step: "without an assertion", atStart: true, otherwise: []string{spec.ErrInvalidRequest}},
	}
	wrongAssertions = slices.Concat(forAnother, outOfTime, unsignedBy, byAnother, noAssertion)
)

// sent makes a request that is wrong in this way alone.
func (w wrongAssertion) sent(s *ScenarioRun, own *Client) []Option {
	out := []Option{Step(w.step), Provoked()}
	if w.atStart {
		return append(out, As(&Client{ID: own.ID, Auth: "none"}))
	}
	t := s.Target().Assertor(own).Draft()
	if w.change != nil {
		w.change(&t)
	}
	text := t.Signed()
	if w.spoil != nil {
		text = w.spoil(text)
	}
	out = append(out, bearing(own, text))
	if w.also != nil {
		p := w.also(s)
		out = append(out, With(p.Name, p.Value))
	}
	return out
}

// expected is how it is to be refused.
func (w wrongAssertion) expected() string { return "400 or 401 invalid_client for a request " + w.step }

func (w wrongAssertion) refused() []Rule {
	return append([]Rule{PassIf(Class(4), ErrorIs(w.otherwise...))}, refusedAssertion...)
}

// changed gives an assertion another jti, and leaves its signature.
func changed(assertion string) string {
	parts := strings.Split(assertion, ".")
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		panic(err) // it is ours
	}
	text := strings.Replace(string(claims), `"jti":"`, `"jti":"x`, 1)
	return parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(text)) + "." + parts[2]
}

// publicText is the public key in the form that servers keep it in: one that does not ask
// by which algorithm takes it for the secret of an HMAC (RFC 8725 section 2.1).
func publicText(key jose.JSONWebKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(key.Key.(crypto.Signer).Public())
	if err != nil {
		panic(err) // it is of a kind that signs
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}
