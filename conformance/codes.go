package conformance

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
)

// RandomCode is a random text of n letters and digits, for codes that nobody issued.
func RandomCode(n int) string {
	const letters = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	b := make([]byte, n)
	rand.Read(b)
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b)
}

// UnknownClient is a client id that no server has registered.
func UnknownClient() string {
	b := make([]byte, 8)
	rand.Read(b)
	return "dfcheck-unknown-" + hex.EncodeToString(b)
}

// LookAlike is a random text with the shape of a code: letters for letters, digits
// for digits, everything else kept.
func LookAlike(code string) string {
	b := make([]byte, len(code))
	rand.Read(b)
	return strings.Map(func(r rune) rune {
		n := rune(b[0])
		b = append(b[1:], b[0]*31+7)
		switch {
		case 'a' <= r && r <= 'f': // keeps hexadecimal codes hexadecimal
			return 'a' + n%6
		case 'g' <= r && r <= 'z':
			return 'g' + n%20
		case 'A' <= r && r <= 'Z':
			return 'A' + n%26
		case '0' <= r && r <= '9':
			return '0' + n%10
		}
		return r
	}, code)
}

// WrongSecret has the length of a good one and matches none.
func WrongSecret() string { return "wrong-" + RandomCode(12) }

// Letters are those of the alphabet that user codes are made of.
const Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// SwapCase turns upper case letters into lower case ones and the other way.
func SwapCase(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		}
		return r
	}, s)
}
