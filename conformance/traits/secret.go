package traits

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

// A Secret is what is kept of a device code, a token or a client secret: never
// the thing itself.
type Secret struct {
	Kind     string  `json:"kind"` // the member it came in: device_code, access_token, …
	Length   int     `json:"length"`
	Alphabet string  `json:"alphabet"` // decimal, hex, base32, base64url, uuid, printable, other
	Bits     float64 `json:"bits"`     // length times the bits of its alphabet: an upper bound
	UUID     int     `json:"uuid,omitempty"`
	// MixedCase: letters of both cases, so that a change of case changes it.
	MixedCase bool `json:"mixed_case,omitempty"`
	HasLetter bool `json:"has_letter,omitempty"`
	Printable bool `json:"printable"` // 0x20 to 0x7E only (RFC 6749 appendix A.12)
	Bearer    bool `json:"bearer"`    // the b64token of RFC 6750 section 2.1
	// UserCode says how the user code of the same answer follows from this
	// secret; empty when it does not.
	UserCode string `json:"user_code,omitempty"`
	JWT      *JWT   `json:"jwt,omitempty"`
}

// Of measures a secret. with is the start response it came in.
func Of(kind, secret string, with spec.StartResponse) Secret {
	s := Secret{Kind: kind, Length: len(secret), Printable: true}
	upper, lower := false, false
	for i := 0; i < len(secret); i++ {
		c := secret[i]
		upper = upper || 'A' <= c && c <= 'Z'
		lower = lower || 'a' <= c && c <= 'z'
		if c < 0x20 || c > 0x7e {
			s.Printable = false
		}
	}
	s.MixedCase, s.HasLetter = upper && lower, upper || lower
	s.Bearer = isBearer(secret)
	s.UUID = uuidVersion(secret)
	var size float64
	s.Alphabet, size = alphabetOf(secret)
	s.Bits = float64(len(secret)) * math.Log2(size)
	if s.UUID > 0 {
		s.Alphabet, s.Bits = "uuid", 122
	}
	s.JWT = readJWT(secret)
	if kind == "device_code" && with.UserCode != "" {
		s.UserCode = relation(with.UserCode, secret)
	}
	return s
}

// alphabets from small to large; the first that holds every character names
// the encoding.
var alphabets = []struct {
	name string
	set  string
	size float64
}{
	{"decimal", "0123456789", 10},
	{"hex", "0123456789abcdef", 16},
	{"hex", "0123456789ABCDEF", 16},
	{"base32", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567=", 32},
	{"base32", "abcdefghijklmnopqrstuvwxyz234567=", 32},
	{"base64url", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~+/=", 64},
}

func alphabetOf(s string) (name string, size float64) {
	for _, a := range alphabets {
		if strings.Trim(s, a.set) == "" {
			return a.name, a.size
		}
	}
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7e {
			return "other", 256
		}
	}
	return "printable", 95
}

// uuidVersion is the version of a UUID in its usual spelling, 0 for anything else.
func uuidVersion(s string) int {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return 0
	}
	if name, _ := alphabetOf(strings.ToLower(strings.ReplaceAll(s, "-", ""))); name != "hex" && name != "decimal" {
		return 0
	}
	return int(s[14] - '0')
}

// isBearer reports whether a token fits the b64token grammar: base64-like
// characters, then only "=" (RFC 6750 section 2.1).
func isBearer(s string) bool {
	body := strings.TrimRight(s, "=")
	return body != "" && strings.Trim(body, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/") == ""
}

// JWT is what can be read of a token that is a JSON Web Token, without its key.
type JWT struct {
	Alg    string   `json:"alg"`
	Typ    string   `json:"typ,omitempty"`
	Exp    int64    `json:"exp,omitempty"`   // seconds since 1970
	Claims []string `json:"claims"`          // names, sorted
	Empty  []string `json:"empty,omitempty"` // those whose values are empty or null, sorted
	// Codes tells that the payload holds a device code or a user code member.
	Codes bool `json:"codes,omitempty"`
	// Certificate is the thumbprint of the one that the token is bound to (RFC 8705 section
	// 3.1).
	Certificate string `json:"x5t#S256,omitempty"`
}

// readJWT returns nil for a token that is no JWT.
func readJWT(token string) *JWT {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil
	}
	head, payload := jwtPart(parts[0]), jwtPart(parts[1])
	if head == nil {
		return nil
	}
	j := &JWT{}
	j.Alg, _ = head["alg"].(string)
	j.Typ, _ = head["typ"].(string)
	if n, ok := payload["exp"].(json.Number); ok {
		if f, err := n.Float64(); err == nil {
			j.Exp = int64(f)
		}
	}
	cnf, _ := payload["cnf"].(map[string]any)
	j.Certificate, _ = cnf["x5t#S256"].(string)
	for name, value := range payload {
		j.Claims = append(j.Claims, name)
		if empty(value) {
			j.Empty = append(j.Empty, name)
		}
		j.Codes = j.Codes || name == "device_code" || name == "user_code"
	}
	slices.Sort(j.Claims)
	slices.Sort(j.Empty)
	return j
}

// empty reports whether a claim names nothing and nobody: null, a text without a
// character that can be seen, an object without members, or an array of such values alone.
func empty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return strings.TrimSpace(v) == ""
	case map[string]any:
		return len(v) == 0
	case []any:
		return !slices.ContainsFunc(v, func(e any) bool { return !empty(e) })
	}
	return false
}

func jwtPart(s string) map[string]any {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
	if err != nil {
		return nil
	}
	return spec.Object(b)
}
