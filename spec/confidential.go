package spec

import (
	"slices"
	"strings"
	"unicode"
)

// Confidential reports whether what goes by a name is a secret: a password, a key, a
// token. Its value is never made up and never shown.
func Confidential(name string) bool {
	lower := strings.ToLower(name)
	return slices.ContainsFunc([]string{"password", "passwd", "passphrase", "secret", "token", "authorization", "cookie",
		"apikey", "otp"},
		func(part string) bool { return strings.Contains(lower, part) }) ||
		slices.ContainsFunc(words(name), func(w string) bool { return w == "key" || w == "pin" })
}

// words are those of a name in any spelling: api_key, X-Api-Key and apiKey have the
// same last one.
func words(name string) []string {
	var b strings.Builder
	var before rune
	for _, r := range name {
		if unicode.IsUpper(r) && unicode.IsLower(before) {
			b.WriteByte(' ')
		}
		before = r
		b.WriteRune(unicode.ToLower(r))
	}
	return strings.FieldsFunc(b.String(), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
