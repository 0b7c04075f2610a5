package spec

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"sync"
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

// Verifiers are the code verifiers of a target that demands PKCE, each of one
// device authorization request. RFC 8628 knows no PKCE; some servers want it of
// their public clients all the same.
type Verifiers struct {
	mu     sync.Mutex
	made   map[string]string // by challenge
	issued map[string]string // by device code
}

// NewVerifiers returns none yet.
func NewVerifiers() *Verifiers {
	return &Verifiers{made: map[string]string{}, issued: map[string]string{}}
}

// Fresh makes a verifier, and knows it by its challenge from then on.
func (v *Verifiers) Fresh() string {
	verifier := NewVerifier()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.made[CodeChallenge(verifier)] = verifier
	return verifier
}

// Issued notes which code was issued for the challenge in a request.
func (v *Verifiers) Issued(request []byte, deviceCode string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for challenge, verifier := range v.made {
		if deviceCode != "" && bytes.Contains(request, []byte(challenge)) {
			v.issued[deviceCode] = verifier
		}
	}
}

// Of is the verifier for a code; for a code that nobody issued, one that nobody
// announced.
func (v *Verifiers) Of(deviceCode string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if verifier := v.issued[deviceCode]; verifier != "" {
		return verifier
	}
	return NewVerifier()
}
