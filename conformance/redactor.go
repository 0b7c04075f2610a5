package conformance

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"sync"

	"github.com/dfcheck/dfcheck/spec"
)

// A vault knows every secret of a run and calls each by a stable pseudonym
// (device_code:3f9a1c). Nothing is recorded before it went through the vault;
// what a judge wants to know of a secret itself is measured here, while the
// secret is at hand.
type vault struct {
	mu      sync.Mutex
	key     [16]byte
	names   map[string]string // secret to pseudonym
	values  map[string]string // pseudonym to secret
	known   []spelled         // oldest first
	secrets map[string]Secret
}

// spelled is a secret in every way it can stand in a text.
type spelled struct {
	name  string
	forms []string
}

func newVault() *vault {
	v := &vault{names: map[string]string{}, values: map[string]string{}, secrets: map[string]Secret{}}
	rand.Read(v.key[:])
	return v
}

// secretMembers are the parameters and response members whose text is secret.
var secretMembers = []string{"device_code", "access_token", "refresh_token", "id_token", "client_secret"}

// minReplaced is the length in bytes from which a secret is looked for inside
// other text; shorter ones would match by accident.
const minReplaced = 8

// name returns the pseudonym of a secret and remembers it. with is what came
// with it in the same answer, for the features that relate the two.
func (v *vault) name(kind, secret string, with spec.StartResponse) string {
	if secret == "" {
		return ""
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if n, ok := v.names[secret]; ok {
		return n
	}
	mac := hmac.New(sha256.New, v.key[:])
	mac.Write([]byte(secret))
	sum := hex.EncodeToString(mac.Sum(nil))
	n := kind + ":" + sum[:6]
	for i := 7; v.values[n] != ""; i++ {
		n = kind + ":" + sum[:i]
	}
	v.names[secret], v.values[n] = n, secret
	if len(secret) >= minReplaced {
		v.known = append(v.known, spelled{n, spellings(secret)})
	}
	v.secrets[n] = features(kind, secret, with)
	return n
}

// reveal returns the secret behind a pseudonym, for curl lines that the user
// asked to see whole.
func (v *vault) reveal(text string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	for n, secret := range v.values {
		text = strings.ReplaceAll(text, n, secret)
	}
	return text
}

// redact replaces every known secret in a text, raw, as JSON and percent-encoded.
func (v *vault) redact(text string) string {
	if len(text) < minReplaced {
		return text
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, s := range v.known {
		for _, form := range s.forms {
			text = strings.ReplaceAll(text, form, s.name)
		}
	}
	return text
}

// spellings are the ways a secret can stand in a body, a URL or a header.
func spellings(secret string) []string {
	forms := []string{secret}
	if q := url.QueryEscape(secret); q != secret {
		forms = append(forms, q, url.PathEscape(secret))
	}
	if j, _ := json.Marshal(secret); string(j[1:len(j)-1]) != secret {
		forms = append(forms, string(j[1:len(j)-1]))
	}
	return forms
}

// learn takes in the secrets of a response body.
func (v *vault) learn(body []byte) {
	obj := spec.Object(body)
	if obj == nil {
		return
	}
	codes, _ := spec.DecodeStart(body)
	for _, m := range secretMembers {
		if s, ok := obj[m].(string); ok {
			v.name(m, s, codes)
		}
	}
}

// params returns request parameters with their secrets replaced: every value
// of a secret member, and every known secret elsewhere.
func (v *vault) params(in spec.Params) spec.Params {
	out := make(spec.Params, len(in))
	for i, p := range in {
		out[i] = p
		if isSecretMember(p.Name) {
			out[i].Value = v.name(p.Name, p.Value, spec.StartResponse{})
		} else {
			out[i].Value = v.redact(p.Value)
		}
	}
	return out
}

func isSecretMember(name string) bool {
	for _, m := range secretMembers {
		if m == name {
			return true
		}
	}
	return false
}
