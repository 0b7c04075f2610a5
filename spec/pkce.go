package spec

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
)

// S256 is the method by which a code challenge is made of its verifier (RFC 7636
// section 4.2), and the one that servers have to know.
const S256 = "S256"

// NewVerifier returns a code_verifier of 256 random bits.
func NewVerifier() string {
	b := make([]byte, 32)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// CodeChallenge is the S256 challenge of a verifier.
func CodeChallenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// ChallengeParams are what a device authorization request says of a verifier.
func ChallengeParams(verifier string) Params {
	return Params{{Name: "code_challenge", Value: CodeChallenge(verifier)}, {Name: "code_challenge_method", Value: S256}}
}

// DemandsPKCE reports whether the body of a refusal says that a code challenge is
// missing. No error code does, so servers say it in words.
func DemandsPKCE(body string) bool {
	said := strings.ToLower(body)
	return slices.ContainsFunc([]string{"code_challenge", "code challenge", "pkce"}, func(word string) bool {
		return strings.Contains(said, word)
	})
}
