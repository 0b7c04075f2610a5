package refserver

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf16"
)

// encoderVariants write JSON as the encoders of other languages do by default,
// around codes and tokens of which these escape something. All of it is the same
// JSON (RFC 8259 section 7).
var encoderVariants = []Fault{
	encoderVariant("escapes-as-php", "JSON has its slashes and everything beyond ASCII escaped, as PHP does.", "/", "é",
		func(r rune) string {
			if r == '/' {
				return `\/`
			}
			return escapedBeyond(r, `\u%04x`)
		}),
	encoderVariant("escapes-as-dotnet", "JSON has what HTML and scripts read escaped, as .NET does.", `+&'"`, "<>`",
		func(r rune) string {
			if strings.ContainsRune("\"&'+<>`", r) {
				return fmt.Sprintf(`\u%04X`, r)
			}
			return escapedBeyond(r, `\u%04X`)
		}),
	encoderVariant("escapes-as-go", "JSON has the characters of HTML tags escaped, as Go does.", `<&>`, `"\`,
		func(r rune) string {
			if strings.ContainsRune("<>&\u2028\u2029", r) {
				return fmt.Sprintf(`\u%04x`, r)
			}
			return ""
		}),
	encoderVariant("escapes-as-python", "JSON has everything beyond ASCII escaped, as Python does.", `é"`, "\\\U0001F511",
		func(r rune) string { return escapedBeyond(r, `\u%04x`) }),
}

// encoderVariant is one whose device codes begin and end with given characters.
// Tokens stay in the alphabet of bearer tokens (RFC 6750 section 2.1), slash and
// plus included.
func encoderVariant(name, doc, first, last string, escape func(rune) string) Fault {
	return Fault{
		Name: name, Doc: doc,
		Break: func(b *behaviour) {
			b.deviceCode = func(*Server) string { return first + standard64() + last }
			b.token = func(*Server) string { return "/+" + standard64() }
		},
		Wrap: rewrite(func(_ *http.Request, a *recorded) {
			if strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
				a.body = reencoded(a.body, escape)
			}
		}),
	}
}

// standard64 is 32 random bytes in base64.
func standard64() string {
	b := make([]byte, 32)
	rand.Read(b)
	return base64.StdEncoding.EncodeToString(b)
}

func escapedBeyond(r rune, format string) string {
	if r < 0x7f {
		return ""
	}
	out := ""
	for _, unit := range utf16.Encode([]rune{r}) {
		out += fmt.Sprintf(format, unit)
	}
	return out
}

var jsonString = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// reencoded writes the strings of a JSON text in another way: escape returns how
// a character is written, "" for the usual way.
func reencoded(body []byte, escape func(rune) string) []byte {
	return jsonString.ReplaceAllFunc(body, func(literal []byte) []byte {
		var text string
		if json.Unmarshal(literal, &text) != nil {
			return literal
		}
		var b strings.Builder
		for _, r := range text {
			switch e := escape(r); {
			case e != "":
				b.WriteString(e)
			case r == '"' || r == '\\' || r < ' ':
				plain, _ := json.Marshal(string(r))
				b.Write(plain[1 : len(plain)-1])
			default:
				b.WriteRune(r)
			}
		}
		return []byte(`"` + b.String() + `"`)
	})
}
