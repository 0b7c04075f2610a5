package conformance

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

// JWT is what can be read of a token that is a JSON Web Token, without its key.
type JWT struct {
	Alg    string   `json:"alg"`
	Typ    string   `json:"typ,omitempty"`
	Exp    int64    `json:"exp,omitempty"` // seconds since 1970
	Claims []string `json:"claims"`        // names, sorted
	// Codes tells that the payload holds a device code or a user code member.
	Codes bool `json:"codes,omitempty"`
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
	for name := range payload {
		j.Claims = append(j.Claims, name)
		j.Codes = j.Codes || name == "device_code" || name == "user_code"
	}
	slices.Sort(j.Claims)
	return j
}

func jwtPart(s string) map[string]any {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
	if err != nil {
		return nil
	}
	return spec.Object(b)
}
