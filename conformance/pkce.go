package conformance

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/dfcheck/dfcheck/spec"
)

// verifiers are the code verifiers of a target that demands PKCE, each of one
// device authorization request. RFC 8628 knows no PKCE; some servers want it of
// their public clients all the same.
type verifiers struct {
	mu     sync.Mutex
	made   map[string]string // by challenge
	issued map[string]string // by device code
}

func newVerifiers() *verifiers {
	return &verifiers{made: map[string]string{}, issued: map[string]string{}}
}

// fresh makes a verifier.
func (v *verifiers) fresh() string {
	verifier := spec.NewVerifier()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.made[spec.CodeChallenge(verifier)] = verifier
	return verifier
}

// belongs notes which code was issued for the challenge in a request.
func (v *verifiers) belongs(request []byte, deviceCode string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for challenge, verifier := range v.made {
		if deviceCode != "" && bytes.Contains(request, []byte(challenge)) {
			v.issued[deviceCode] = verifier
		}
	}
}

// of is the verifier for a code; for a code that nobody issued, one that nobody
// announced.
func (v *verifiers) of(deviceCode string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if verifier := v.issued[deviceCode]; verifier != "" {
		return verifier
	}
	return spec.NewVerifier()
}

// UsePKCE makes every device authorization request carry a fresh code_challenge, and
// every poll the code_verifier of its code.
func (t *Target) UsePKCE() { t.PKCE, t.verifiers = spec.S256, newVerifiers() }

// challenged adds a fresh code challenge where the target wants one.
func (t *Target) challenged(p spec.Params) spec.Params {
	if t.verifiers == nil {
		return p
	}
	return append(p, spec.ChallengeParams(t.verifiers.fresh())...)
}

// verified adds the code verifier that belongs to a code.
func (t *Target) verified(p spec.Params, deviceCode string) spec.Params {
	if t.verifiers == nil {
		return p
	}
	verifier := t.verifiers.of(deviceCode)
	t.redactor().Sent("code_verifier", verifier)
	return append(p, spec.Param{Name: "code_verifier", Value: verifier})
}

// demandsPKCE reports whether an answer refuses a request because it has no code
// challenge.
func demandsPKCE(x *Exchange) bool {
	return x != nil && x.Class() == 4 && spec.DemandsPKCE(x.Response.Body)
}

// checkPKCE holds that a configuration names a method that there is.
func checkPKCE(method string) error {
	if method == "" || method == spec.S256 {
		return nil
	}
	return fmt.Errorf("pkce is %q; write pkce: %s, the one method there is, or leave it out", method, spec.S256)
}
