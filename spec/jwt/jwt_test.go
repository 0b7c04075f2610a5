package jwt

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func newJWK(t *testing.T, alg string) jose.JSONWebKey {
	t.Helper()
	key, err := NewKey(alg)
	if err != nil || key == nil {
		t.Fatal(alg, err)
	}
	return jose.JSONWebKey{Key: key, Algorithm: alg, KeyID: "k1"}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func asPEM(t *testing.T, kind string, der []byte, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// TestReadKey: keys as people have them, each signs by the algorithm that goes with it.
func TestReadKey(t *testing.T) {
	pkcs1 := func(k jose.JSONWebKey) []byte { return x509.MarshalPKCS1PrivateKey(k.Key.(*rsa.PrivateKey)) }
	ec, rs, ed := newJWK(t, "ES256"), newJWK(t, "PS256"), newJWK(t, "EdDSA")
	plain := jose.JSONWebKey{Key: ec.Key}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(rs.Key)
	for name, c := range map[string]struct{ text, alg, kid string }{
		"JWK":              {asJSON(t, ec), "ES256", "k1"},
		"JWK, its own alg": {asJSON(t, rs), "PS256", "k1"},
		"JWK without alg":  {asJSON(t, plain), "ES256", ""},
		"JWK Set":          {asJSON(t, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{rs.Public(), ed}}), "EdDSA", "k1"},
		"PKCS #8":          {"\n" + asPEM(t, "PRIVATE KEY", pkcs8, err), "RS256", ""},
		"PKCS #1":          {asPEM(t, "RSA PRIVATE KEY", pkcs1(rs), nil), "RS256", ""},
	} {
		key, err := ReadKey([]byte(c.text))
		if err != nil || key.Algorithm != c.alg || key.KeyID != c.kid {
			t.Errorf("%s: alg %q, kid %q, %v", name, key.Algorithm, key.KeyID, err)
			continue
		}
		text := NewAssertor(key, "tv", "https://as").Fresh()
		jws, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(c.alg)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := jws.Verify(key.Public()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReadKeyRefuses: what cannot sign says so, and nothing of it is quoted.
func TestReadKeyRefuses(t *testing.T) {
	ec := newJWK(t, "ES256")
	wrong := ec
	wrong.Algorithm = "RS256"
	secret := Secret(ec)
	for want, text := range map[string]string{
		"no private key":    asJSON(t, ec.Public()),
		"2 private keys":    asJSON(t, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{ec, newJWK(t, "EdDSA")}}),
		"neither a JWK":     secret,
		"cannot sign by":    asJSON(t, wrong),
		"a JWK nor PEM":     `{"kty":"EC","d":"` + secret,
		"it is encrypted":   asPEM(t, "ENCRYPTED PRIVATE KEY", []byte(secret), nil),
		`of a "CERTIFICATE`: asPEM(t, "CERTIFICATE", []byte(secret), nil),
		"can be read":       asPEM(t, "PRIVATE KEY", []byte(secret), nil),
	} {
		_, err := ReadKey([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// TestAssertion: what OpenID Connect Core section 9 requires is there, and no two are alike.
func TestAssertion(t *testing.T) {
	a := NewAssertor(newJWK(t, "ES256"), "tv", "https://as")
	first, second := a.Fresh(), a.Fresh()
	if first == second {
		t.Error("two assertions are one")
	}
	jws, err := jose.ParseSignedCompact(first, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(jws.UnsafePayloadWithoutVerification(), &claims); err != nil {
		t.Fatal(err)
	}
	life := claims["exp"].(float64) - claims["iat"].(float64)
	if claims["iss"] != "tv" || claims["sub"] != "tv" || claims["aud"] != "https://as" || claims["jti"] == "" ||
		life != Lifetime.Seconds() || time.Since(time.Unix(int64(claims["iat"].(float64)), 0)).Abs() > time.Minute {
		t.Errorf("claims: %v", claims)
	}
	bare := Token{Claims: claims, Bare: true}.Signed()
	if strings.Count(bare, ".") != 2 || !strings.HasSuffix(bare, ".") {
		t.Errorf("unsigned: %s", bare)
	}
}

// BenchmarkAssertion is what a device of a load run pays for each request.
func BenchmarkAssertion(b *testing.B) {
	for _, alg := range []string{"ES256", "EdDSA", "RS256"} {
		key, err := NewKey(alg)
		if err != nil {
			b.Fatal(err)
		}
		a := NewAssertor(jose.JSONWebKey{Key: key, Algorithm: alg}, "tv-app", "https://auth.example.com")
		b.Run(alg, func(b *testing.B) {
			for b.Loop() {
				a.Fresh()
			}
		})
	}
}
