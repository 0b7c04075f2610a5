package refserver

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// identifying is a server with ID tokens, of which only the group IDTOKEN sees anything.
func identifying(f Fault) Fault {
	f.Contract, f.Only = "rfc8628", []string{"IDTOKEN"}
	f.Configure = func(c *Config) { c.OpenID = true }
	return f
}

// claimsFault is a server whose ID tokens say something else.
func claimsFault(name, check, doc string, change func(s *Server, t *tokens, claims map[string]any)) Fault {
	return identifying(Fault{Name: name, Check: check, Doc: doc, Break: func(b *behaviour) { b.claims = change }})
}

// signedBy is a server whose ID tokens are signed in another way.
func signedBy(name, check, doc string, sign func(key jose.JSONWebKey, claims map[string]any) string) Fault {
	return identifying(Fault{Name: name, Check: check, Doc: doc, Break: func(b *behaviour) { b.sign = sign }})
}

var openIDFaults = []Fault{
	signedBy("id-token-unsigned", "DF-IDTOKEN-001", "ID tokens have no signature.",
		func(_ jose.JSONWebKey, claims map[string]any) string {
			payload, _ := json.Marshal(claims) // they are texts and numbers
			return encoded(`{"alg":"none","typ":"JWT"}`) + "." + encoded(string(payload)) + "."
		}),
	signedBy("id-token-of-old-key", "DF-IDTOKEN-001", "ID tokens are signed with a key that is not published.",
		func(key jose.JSONWebKey, claims map[string]any) string {
			other := signingKey()
			other.KeyID = key.KeyID
			return sign(other, claims)
		}),
	signedBy("id-token-by-secret", "DF-IDTOKEN-001", "ID tokens of clients without a secret are signed with a shared one.",
		func(_ jose.JSONWebKey, claims map[string]any) string {
			return sign(jose.JSONWebKey{Key: []byte(random(48)), Algorithm: string(jose.HS256)}, claims)
		}),
	identifying(Fault{Name: "private-key-published", Check: "DF-IDTOKEN-001", Doc: "jwks_uri has the private key.",
		Break: func(b *behaviour) {
			b.keys = func(key jose.JSONWebKey) []jose.JSONWebKey { return []jose.JSONWebKey{key} }
		}}),
	claimsFault("id-token-issuer-with-slash", "DF-IDTOKEN-002",
		"iss of ID tokens ends in a slash, which the issuer has not.",
		func(s *Server, _ *tokens, claims map[string]any) { claims["iss"] = s.cfg.BaseURL + "/" }),
	claimsFault("id-token-for-api", "DF-IDTOKEN-003", "The audience of ID tokens is an API and not the client.",
		func(s *Server, _ *tokens, claims map[string]any) { claims["aud"] = s.cfg.BaseURL + "/api" }),
	claimsFault("id-token-expired", "DF-IDTOKEN-004", "ID tokens end when the device asked for its codes.",
		func(_ *Server, _ *tokens, claims map[string]any) { claims["exp"] = time.Now().Add(-time.Minute).Unix() }),
	claimsFault("id-token-undated", "DF-IDTOKEN-004", "ID tokens do not say when they were issued.",
		func(_ *Server, _ *tokens, claims map[string]any) { delete(claims, "iat") }),
	claimsFault("id-token-with-nonce", "DF-IDTOKEN-005", "ID tokens have a nonce that no device has sent.",
		func(_ *Server, _ *tokens, claims map[string]any) { claims["nonce"] = random(8) }),
	claimsFault("id-token-of-internal-id", "DF-IDTOKEN-006", "sub of ID tokens is not that of userinfo.",
		func(_ *Server, t *tokens, claims map[string]any) { claims["sub"] = "users/" + t.user }),
	claimsFault("at-hash-of-code", "DF-IDTOKEN-007", "at_hash is that of another token.",
		func(_ *Server, _ *tokens, claims map[string]any) { claims["at_hash"] = random(16) }),
}

// openIDVariants sign and say in other ways that OpenID Connect Core allows.
var openIDVariants = []Fault{
	identifying(Fault{Name: "identifies", Doc: "ID tokens come with openid."}),
	claimsFault("id-token-for-several", "", "ID tokens have several audiences, and no at_hash.",
		func(s *Server, t *tokens, claims map[string]any) {
			claims["aud"], claims["azp"] = []string{s.cfg.BaseURL + "/api", t.client.ID}, t.client.ID
			claims["amr"], claims["auth_time"] = []string{"pwd"}, time.Now().Unix()
			delete(claims, "at_hash")
		}),
	claimsFault("id-token-clock-ahead", "", "ID tokens are of half a minute ahead.",
		func(_ *Server, _ *tokens, claims map[string]any) { claims["iat"] = time.Now().Unix() + 30 }),
	otherKey("id-token-by-rsa", "ID tokens are signed by RS256; there are keys of other kinds and for other uses.",
		func() jose.JSONWebKey {
			key, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				panic(err) // of the machine's randomness
			}
			return jose.JSONWebKey{Key: key, KeyID: "rsa", Algorithm: string(jose.RS256), Use: "sig"}
		}),
	otherKey("id-token-by-ed25519", "ID tokens are signed by EdDSA, with a key that has no kid.",
		func() jose.JSONWebKey {
			_, key, err := ed25519.GenerateKey(rand.Reader)
			if err != nil {
				panic(err) // of the machine's randomness
			}
			return jose.JSONWebKey{Key: key, Algorithm: string(jose.EdDSA)}
		}),
}

// otherKey is a server that signs with a key of another kind and publishes it among
// others.
func otherKey(name, doc string, make func() jose.JSONWebKey) Fault {
	return identifying(Fault{Name: name, Doc: doc, Break: func(b *behaviour) {
		own, other := make(), signingKey()
		other.Use = "enc"
		b.sign = func(_ jose.JSONWebKey, claims map[string]any) string { return sign(own, claims) }
		b.keys = func(key jose.JSONWebKey) []jose.JSONWebKey {
			return []jose.JSONWebKey{key.Public(), other.Public(), own.Public()}
		}
		b.claims = func(_ *Server, _ *tokens, claims map[string]any) { delete(claims, "at_hash") }
	}})
}
