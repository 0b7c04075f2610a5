package traits

import (
	"encoding/base64"
	"strings"
	"testing"
)

func part(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// TestIDTokenThatCannotBeVerified: what keeps an ID token from being read or verified is said, and
// keys that are not to be published are seen.
func TestIDTokenThatCannotBeVerified(t *testing.T) {
	claims := part(`{"iss":"https://a.example","sub":"alice","aud":["one","two"],"exp":1e3,"iat":"7","nonce":""}`)
	const oct = `{"keys":[{"kty":"oct","k":"c2VjcmV0"},{"kty":"new"},7]}`
	for token, want := range map[string]struct {
		problem, signature string
		unknown, encrypted bool
	}{
		"a.b":                           {problem: "no JSON Web Token"},
		"a.b.c.d.e":                     {problem: "encrypted", encrypted: true},
		"!.!.!":                         {problem: "no JSON object"},
		part(`[]`) + "." + claims + ".": {problem: "no JSON object"},
		part(`{"alg":"none"}`) + "." + claims + ".":              {signature: "there is none"},
		part(`{}`) + "." + claims + ".":                          {signature: "there is none"},
		part(`{"alg":"HS256"}`) + "." + claims + "." + part("x"): {signature: "the client has none"},
		part(`{"alg":"ES256"}`) + "." + claims + "." + part("x"): {signature: "no key of jwks_uri"},
		part(`{"alg":"XY1"}`) + "." + claims + "." + part("x"):   {signature: "not known to dfcheck", unknown: true},
	} {
		got := OfIDToken(token, Beside{Keys: oct, Subject: "alice"})
		if !strings.Contains(got.Problem, want.problem) || !strings.Contains(got.Signature, want.signature) ||
			got.Unknown != want.unknown || got.Encrypted != want.encrypted || got.Problem == "" && got.Signature == "" {
			t.Errorf("%s: %+v", token, got)
		}
		if got.Problem == "" && (!got.Private || got.Keys != 0 || got.Expires != 1000 || got.IssuedAt != 0 ||
			!got.SameSubject ||
			len(got.Audience) != 2) {
			t.Errorf("%s: %+v", token, got)
		}
	}
}

// FuzzIDToken: no bytes that a server made bring dfcheck down.
func FuzzIDToken(f *testing.F) {
	f.Add("a.b.c", `{"keys":[]}`)
	f.Add(part(`{"alg":"RS256","kid":"a"}`)+"."+part(`{"at_hash":"x","aud":[1]}`)+"."+part("x"),
		`{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB","kid":"a"},{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"}]}`)
	f.Fuzz(func(_ *testing.T, token, keys string) { OfIDToken(token, Beside{Keys: keys, AccessToken: "a"}) })
}
