package traits

import (
	"encoding/json"
	"testing"

	"github.com/dfcheck/dfcheck/spec"
)

// FuzzSecret: whatever a server gives as a code or a token is measured, and the measures
// can be written in a transcript.
func FuzzSecret(f *testing.F) {
	f.Add("GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS", "WDJB-MJHT")
	f.Add("d9428888-122b-11e1-b85c-61cd3cbb3210", "12345678")
	f.Add(part(`{"alg":"RS256","typ":"at+jwt"}`)+"."+part(`{"exp":1e400,"aud":[1],"scope":{}}`)+".", "")
	f.Add(part(`{}`)+"."+part(`[]`)+".x", "\x00\xff")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, secret, userCode string) {
		s := Of("device_code", secret, spec.StartResponse{DeviceCode: secret, UserCode: userCode})
		p := PoolOf([]string{secret, userCode, secret}, []string{secret, userCode})
		for _, measured := range []any{s, p} {
			if _, err := json.Marshal(measured); err != nil {
				t.Errorf("%q, %q: %+v: %v", secret, userCode, measured, err)
			}
		}
		if s.Bits < 0 || s.Length != len(secret) || p.Distinct > p.Count {
			t.Errorf("%q, %q: %+v, %+v", secret, userCode, s, p)
		}
	})
}
