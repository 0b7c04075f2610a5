package traits

import (
	"strings"
	"testing"
)

// TestEmptyClaims: what names nothing and nobody is seen, and nothing else is.
func TestEmptyClaims(t *testing.T) {
	for value, want := range map[string]bool{
		`null`: true, `""`: true, `" "`: true, `[]`: true, `[""]`: true, `[null,[]]`: true, `{}`: true,
		`"a"`: false, `["","a"]`: false, `0`: false, `false`: false, `{"a":""}`: false,
	} {
		j := readJWT(strings.Join([]string{part(`{"alg":"ES256"}`), part(`{"aud":` + value + `,"sub":"alice"}`), "x"}, "."))
		if j == nil || strings.Join(j.Claims, " ") != "aud sub" || (strings.Join(j.Empty, " ") == "aud") != want {
			t.Errorf("aud of %s: %+v", value, j)
		}
	}
}
