package jwt

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// ReadKey reads a private key: a JWK, a JWK Set that holds one private key (RFC 7517), or
// PEM (PKCS #8, PKCS #1 or SEC 1). Its algorithm is that of the JWK, or the usual one of
// its kind. Errors quote nothing of the text.
func ReadKey(text []byte) (jose.JSONWebKey, error) {
	text = bytes.TrimSpace(text)
	read := readPEM
	if bytes.HasPrefix(text, []byte("{")) {
		read = readJWK
	}
	key, err := read(text)
	if err != nil {
		return key, err
	}
	usual, err := algorithmOf(key.Key)
	if err != nil {
		return key, err
	}
	if key.Algorithm == "" {
		key.Algorithm = usual
	}
	if _, err := newSigner(key, nil); err != nil {
		return key, fmt.Errorf("the key cannot sign by its alg %q", key.Algorithm)
	}
	return key, nil
}

func readJWK(text []byte) (key jose.JSONWebKey, err error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if json.Unmarshal(text, &set) != nil {
		return key, errors.New("it is neither a JWK nor PEM")
	}
	if set.Keys == nil {
		set.Keys = []json.RawMessage{text}
	}
	found := 0
	for _, one := range set.Keys {
		var k jose.JSONWebKey
		if k.UnmarshalJSON(one) == nil && private(k) {
			key = k
			found++
		}
	}
	switch {
	case found == 0:
		return key, errors.New("it holds no private key that dfcheck can sign with; a JWK needs d")
	case found > 1:
		return key, fmt.Errorf("it holds %d private keys, of which one is to sign: leave one in it", found)
	}
	return key, nil
}

// private reports whether a key is one half of a pair, the secret one.
func private(k jose.JSONWebKey) bool {
	_, signs := k.Key.(crypto.Signer)
	return signs && !k.IsPublic()
}

func readPEM(text []byte) (key jose.JSONWebKey, err error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return key, errors.New("it is neither a JWK nor PEM")
	}
	switch block.Type {
	case "RSA PRIVATE KEY":
		key.Key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key.Key, err = x509.ParseECPrivateKey(block.Bytes)
	case "PRIVATE KEY":
		key.Key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "ENCRYPTED PRIVATE KEY":
		return key, errors.New("it is encrypted; dfcheck asks for no passphrase")
	default:
		return key, fmt.Errorf("it is PEM of a %.40q, not of a private key", block.Type)
	}
	if err != nil {
		return key, errors.New("it is no private key that can be read")
	}
	return key, nil
}

// algorithmOf is the usual one for a private key (RFC 7518 section 3.1, RFC 8037).
func algorithmOf(key any) (string, error) {
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return string(jose.RS256), nil
	case ed25519.PrivateKey:
		return string(jose.EdDSA), nil
	case *ecdsa.PrivateKey:
		switch key.Curve {
		case elliptic.P256():
			return string(jose.ES256), nil
		case elliptic.P384():
			return string(jose.ES384), nil
		case elliptic.P521():
			return string(jose.ES512), nil
		}
	}
	return "", errors.New("it is of a kind that dfcheck cannot sign with; RSA, EC and Ed25519 are")
}

// NewKey makes a key for an algorithm, nil for one that dfcheck does not sign by.
func NewKey(alg string) (key any, err error) {
	switch jose.SignatureAlgorithm(alg) {
	case jose.ES256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.ES384:
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case jose.ES512:
		key, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case jose.EdDSA:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	return key, err
}

// Another is a new key of the same kind, under the same id.
func Another(key jose.JSONWebKey) jose.JSONWebKey {
	other, err := NewKey(key.Algorithm)
	if err != nil {
		panic(err) // of the machine's randomness
	}
	return jose.JSONWebKey{Key: other, Algorithm: key.Algorithm, KeyID: key.KeyID}
}

// Secret is what of a private key nobody may see, as a JWK has it.
func Secret(key jose.JSONWebKey) string {
	text, err := key.MarshalJSON()
	if err != nil {
		return ""
	}
	var parts struct{ D string }
	json.Unmarshal(text, &parts)
	return parts.D
}
