package approve

import (
	"strings"
	"testing"
	"unicode"
)

// FuzzTold: what a server gives a person to see or a recipe to send is put in as it is,
// looked into by nothing, and shown on a terminal without control characters.
func FuzzTold(f *testing.F) {
	f.Add("https://a.example/device", "WDJB-MJHT")
	f.Add("https://a.example/{user_code}?a={host}", "{verification_uri}")
	f.Add("\x1b]0;owned\a", "\u202eTHJM-BJDW\u0085")
	f.Add("javascript:"+strings.Repeat("x", 400), "\xff{")
	f.Fuzz(func(t *testing.T, uri, userCode string) {
		v := Verification{VerificationURI: uri, VerificationURIComplete: uri + userCode, UserCode: userCode}
		same := func(s string) string { return s }
		values := placeholders("https://h.example", v, "approve")
		if got := fill("<{verification_uri}|{user_code}>", values, same); got != "<"+uri+"|"+v.Typed()+">" {
			t.Errorf("%q and %q become %q", uri, userCode, got)
		}
		for _, text := range []string{Clean(uri), Clean(userCode)} {
			if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
				t.Errorf("shown: %q", text)
			}
		}
		if drawn := code(uri); strings.Trim(drawn, " █▀▄\n") != "" {
			t.Errorf("drawn: %q", drawn)
		}
	})
}
