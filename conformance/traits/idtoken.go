package traits

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// IDToken is what is kept of an ID token (OpenID Connect Core section 2): what its claims
// say to a device, and nothing of the person.
type IDToken struct {
	Problem   string   `json:"problem,omitempty"` // why nothing can be read
	Encrypted bool     `json:"encrypted,omitempty"`
	Alg       string   `json:"alg,omitempty"`
	Signature string   `json:"signature,omitempty"` // what is wrong with it
	Unknown   bool     `json:"unknown,omitempty"`   // the algorithm is none that could be verified
	Keys      int      `json:"keys"`                // usable ones of jwks_uri
	Private   bool     `json:"private,omitempty"`   // among them are private ones
	Claims    []string `json:"claims"`              // names, sorted
	Issuer    string   `json:"iss,omitempty"`
	Audience  []string `json:"aud,omitempty"`
	Party     string   `json:"azp,omitempty"`
	Expires   int64    `json:"exp,omitempty"` // seconds since 1970; 0 for none, or for no number
	IssuedAt  int64    `json:"iat,omitempty"`
	// Subject: there is a sub, SameSubject: it is the one that userinfo has.
	Subject     bool `json:"subject,omitempty"`
	SameSubject bool `json:"same_subject,omitempty"`
	// AccessHash is what is wrong with at_hash, where there is one.
	AccessHash string `json:"at_hash,omitempty"`
}

// Beside is what an ID token is read with.
type Beside struct {
	Keys         string // the body of jwks_uri
	ClientSecret string // with which HMACs are made; "" for public clients
	AccessToken  string // of the same answer
	Subject      string // of userinfo; "" where it was not seen
}

// OfIDToken reads an ID token and verifies its signature.
func OfIDToken(token string, b Beside) IDToken {
	parts := strings.Split(token, ".")
	if len(parts) == 5 {
		return IDToken{Encrypted: true, Problem: "it is encrypted"}
	}
	if len(parts) != 3 {
		return IDToken{Problem: "it is no JSON Web Token"}
	}
	head, claims := jwtPart(parts[0]), jwtPart(parts[1])
	if head == nil || claims == nil {
		return IDToken{Problem: "its header or its claims are no JSON object"}
	}
	t := IDToken{Party: text(claims["azp"]), Issuer: text(claims["iss"]), Expires: seconds(claims["exp"]),
		IssuedAt: seconds(claims["iat"]), Alg: text(head["alg"]), Subject: text(claims["sub"]) != ""}
	t.SameSubject = t.Subject && text(claims["sub"]) == b.Subject
	for name := range claims {
		t.Claims = append(t.Claims, name)
	}
	slices.Sort(t.Claims)
	switch aud := claims["aud"].(type) {
	case string:
		t.Audience = []string{aud}
	case []any:
		for _, a := range aud {
			t.Audience = append(t.Audience, text(a))
		}
	}
	t.verify(token, text(head["kid"]), b)
	if hash, ok := claims["at_hash"]; ok {
		t.AccessHash = wrongHash(text(hash), t.Alg, b.AccessToken)
	}
	return t
}

func text(v any) string { s, _ := v.(string); return s }

func seconds(v any) int64 {
	n, _ := v.(json.Number)
	f, _ := n.Float64()
	return int64(f)
}

// signed are the algorithms that can be verified with a public key.
var signed = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
	jose.ES256, jose.ES384, jose.ES512, jose.EdDSA}

// verify says what is wrong with the signature.
func (t *IDToken) verify(token, kid string, b Beside) {
	keys := t.keysIn(b.Keys)
	switch {
	case t.Alg == "" || strings.EqualFold(t.Alg, "none"):
		t.Signature = "there is none: alg is " + fmt.Sprintf("%q", t.Alg)
		return
	case strings.HasPrefix(t.Alg, "HS") && b.ClientSecret == "":
		t.Signature = t.Alg + " is made with the secret of a client, and the client has none"
		return
	case strings.HasPrefix(t.Alg, "HS"):
		keys = []jose.JSONWebKey{{Key: []byte(b.ClientSecret)}}
	}
	jws, err := jose.ParseSignedCompact(token,
		append([]jose.SignatureAlgorithm{jose.HS256, jose.HS384, jose.HS512}, signed...))
	if err != nil {
		t.Unknown, t.Signature = true, fmt.Sprintf("the algorithm %.20q is not known to dfcheck", t.Alg)
		return
	}
	found := false
	for _, k := range keys {
		if kid != "" && k.KeyID != "" && k.KeyID != kid {
			continue
		}
		found = true
		if _, err := jws.Verify(k.Key); err == nil {
			return
		}
	}
	if t.Signature = "it does not verify with the keys of jwks_uri"; !found {
		t.Signature = "no key of jwks_uri has the kid of the token"
	}
}

// maxModulus is the length in bits up to which a key is used: longer ones are made to
// keep whoever verifies busy.
const maxModulus = 16 << 10

// keysIn are the public keys of a JWK set (RFC 7517 section 5), without those that are
// of an unknown kind or for encryption.
func (t *IDToken) keysIn(set string) (keys []jose.JSONWebKey) {
	var raw struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if json.Unmarshal([]byte(set), &raw) != nil {
		return nil
	}
	for _, data := range raw.Keys {
		var k jose.JSONWebKey
		if k.UnmarshalJSON(data) != nil {
			continue
		}
		if _, symmetric := k.Key.([]byte); symmetric || !k.IsPublic() {
			t.Private = true
			continue
		}
		if k.Use == "enc" || !k.Valid() {
			continue
		}
		if r, ok := k.Key.(*rsa.PublicKey); ok && r.N.BitLen() > maxModulus {
			continue
		}
		keys = append(keys, k)
	}
	t.Keys = len(keys)
	return keys
}

// wrongHash says what is wrong with an at_hash (OpenID Connect Core section 3.1.3.6): the left
// half of the hash of the access token, by the hash of the signature's algorithm.
func wrongHash(hash, alg, accessToken string) string {
	var sum []byte
	switch {
	case strings.HasSuffix(alg, "256"):
		s := sha256.Sum256([]byte(accessToken))
		sum = s[:]
	case strings.HasSuffix(alg, "384"):
		s := sha512.Sum384([]byte(accessToken))
		sum = s[:]
	case strings.HasSuffix(alg, "512"), alg == string(jose.EdDSA):
		s := sha512.Sum512([]byte(accessToken))
		sum = s[:]
	default:
		return ""
	}
	if hash != base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2]) {
		return "it is not the hash of the access token"
	}
	return ""
}
