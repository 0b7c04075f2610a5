package jwt

import (
	"encoding/base64"
	"encoding/json"

	"github.com/go-jose/go-jose/v4"
)

// Token is a JWT before it is signed.
type Token struct {
	Head   map[jose.HeaderKey]any
	Claims map[string]any
	Key    jose.JSONWebKey // that signs, by its Algorithm
	Bare   bool            // it is not signed at all: alg none (RFC 7519 section 6)
}

// Signed is the token in its compact form. It panics for a key that cannot sign.
func (t Token) Signed() string {
	payload := marshalled(t.Claims)
	if t.Bare {
		head := map[jose.HeaderKey]any{"alg": "none"}
		for k, v := range t.Head {
			head[k] = v
		}
		return base64.RawURLEncoding.EncodeToString(marshalled(head)) + "." +
			base64.RawURLEncoding.EncodeToString(payload) + "."
	}
	signer, err := newSigner(t.Key, t.Head)
	if err != nil {
		panic(err)
	}
	return sign(signer, payload)
}

func newSigner(key jose.JSONWebKey, head map[jose.HeaderKey]any) (jose.Signer, error) {
	return jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.Algorithm), Key: key.Key},
		&jose.SignerOptions{ExtraHeaders: head})
}

func sign(signer jose.Signer, payload []byte) string {
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

func marshalled(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // of texts, numbers and keys
	}
	return text
}
