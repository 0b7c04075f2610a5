package refserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// signingKey is one of a server's own, made when the server is.
func signingKey() jose.JSONWebKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // of the machine's randomness
	}
	return jose.JSONWebKey{Key: key, KeyID: random(6), Algorithm: string(jose.ES256), Use: "sig"}
}

// sign makes a JWT of some claims.
func sign(key jose.JSONWebKey, claims map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.Algorithm), Key: key},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		panic(err) // the key is ours
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err) // they are texts and numbers
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		panic(err)
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return text
}

// identify adds an ID token for openid (OpenID Connect Core section 2).
func (s *Server) identify(t *tokens, members map[string]any) {
	if !s.cfg.OpenID || !slices.Contains(strings.Fields(t.scope), "openid") {
		return
	}
	now := s.is.clock(time.Now())
	sum := sha256.Sum256([]byte(t.access))
	claims := map[string]any{"iss": s.cfg.BaseURL, "sub": t.user, "aud": t.client.ID, "iat": now.Unix(),
		"exp": now.Add(s.cfg.TokenLifetime).Unix(), "at_hash": base64.RawURLEncoding.EncodeToString(sum[:16])}
	s.is.claims(s, t, claims)
	members["id_token"] = s.is.sign(s.key, claims)
}

// serveKeys publishes the keys that ID tokens are signed with (RFC 7517 section 5).
func (s *Server) serveKeys(w http.ResponseWriter, r *http.Request) {
	if !s.cfg.OpenID {
		notFound().send(w)
		return
	}
	if r.Method != http.MethodGet {
		methods(w, r, http.MethodGet)
		return
	}
	succeed(map[string]any{"keys": s.is.keys(s.key)}).with("Cache-Control", "max-age=60").send(w)
}

// serveUserInfo tells whose an access token is (OpenID Connect Core section 5.3).
func (s *Server) serveUserInfo(w http.ResponseWriter, r *http.Request) {
	if !s.cfg.OpenID {
		notFound().send(w)
		return
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	worth := s.worth(token)
	if worth["active"] != true || s.stolen(s.wallet.accessed(token), r.TLS, certificateOfToken) {
		a := refuse("invalid_token", "the access token is good for nothing").with("WWW-Authenticate", "Bearer")
		a.status = http.StatusUnauthorized
		a.send(w)
		return
	}
	succeed(map[string]any{"sub": worth["sub"], "name": worth["username"]}).send(w)
}
