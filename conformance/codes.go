package conformance

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
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

// held is a code, by the member that gave it.
type held struct{ member, code string }

// issued are the codes that a server gave out.
type issued struct {
	starts  []*Exchange       // that gave them
	holders map[held][]string // the flows that got a code
}

func issuedIn(all []*Exchange) issued {
	out := issued{holders: map[held][]string{}}
	for _, x := range all {
		if x.Op != OpStart || !x.HasCodes() {
			continue
		}
		out.starts = append(out.starts, x)
		for _, m := range []string{"device_code", "user_code"} {
			if code := x.Text(m); code != "" && !slices.Contains(out.holders[held{m, code}], x.Flow) {
				out.holders[held{m, code}] = append(out.holders[held{m, code}], x.Flow)
			}
		}
	}
	return out
}

// Authorizations returns the device authorization responses of the whole run that hold
// codes, for statistics of what the server issues.
func (e *Evidence) Authorizations() []*Exchange { return slices.Clone(e.issued().starts) }

// SharesCode reports whether another start of the run got one of the flow's codes, so
// that it may be decided with that one.
func (e *Evidence) SharesCode(flow string) bool {
	begun := e.Authorization(flow)
	return begun != nil && slices.ContainsFunc([]string{"device_code", "user_code"}, func(m string) bool {
		others := func(holder string) bool { return holder != flow }
		return slices.ContainsFunc(e.issued().holders[held{m, begun.Text(m)}], others)
	})
}
