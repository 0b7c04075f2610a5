package hostile

import (
	"fmt"
	"net/http"
	"strings"
)

// texts are JSON that is hard to read.
var texts = []Behaviour{
	{Name: "json-deep", About: "nests its JSON 100,000 deep", alter: member("nested",
		strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000))},
	{Name: "json-64-MB", About: "sends 64 MB of JSON", write: func(x *spoilt, a *answer) bool {
		const block, blocks = 64 << 10, 1 << 10
		if !x.say(a.head(block*blocks+len(`{"a":""}`)) + "\r\n" + `{"a":"`) {
			return false
		}
		for range blocks {
			if !x.say(strings.Repeat("a", block)) {
				return false
			}
		}
		return x.say(`"}`)
	}},
	{Name: "json-many-members", About: "sends 24 kB of small members", alter: func(_ *Server, _ *http.Request, a *answer) {
		var b strings.Builder
		for i := range 2000 {
			fmt.Fprintf(&b, `{"m%d":0},`, i)
		}
		a.set("more", "["+strings.TrimSuffix(b.String(), ",")+"]")
	}},
	{Name: "json-duplicate-keys", About: "gives every member twice", alter: func(_ *Server, _ *http.Request, a *answer) {
		if text := strings.TrimSpace(string(a.body)); strings.HasPrefix(text, "{") && len(text) > 2 {
			a.body = []byte(text[:len(text)-1] + "," + text[1:])
		}
	}},
	{Name: "json-invalid-utf8", About: "puts bytes that are no UTF-8 into its strings",
		alter: member("note", "\"\xff\xfe\xed\xa0\x80\"")},
	{Name: "json-long-number", About: "sends numbers of 10,000 digits", alter: func(_ *Server, _ *http.Request,
		a *answer) {
		for _, name := range []string{"expires_in", "interval"} {
			if strings.Contains(string(a.body), `"`+name+`"`) {
				a.set(name, strings.Repeat("9", 10_000))
			}
		}
		a.set("n", strings.Repeat("9", 10_000))
	}},
	{Name: "json-array", About: "answers with an array", alter: func(_ *Server, _ *http.Request, a *answer) {
		a.body = []byte("[" + string(a.body) + "]")
	}},
	{Name: "json-cut", About: "ends in the middle of its JSON", alter: func(_ *Server, _ *http.Request, a *answer) {
		a.body = a.body[:len(a.body)/2]
	}},
	{Name: "control-characters", About: "writes escape sequences of terminals into every text", alter: func(_ *Server,
		_ *http.Request, a *answer) {
		a.set("error", `"\u001b[2J\u001b]0;owned\u0007\u202e"`)
		a.set("error_description", `"\u001b[31m\rdfcheck: all passed\u0008"`)
		a.header.Set("Server", "\x1b[2J")
		a.status = http.StatusBadRequest
	}},
	{Name: "error-of-60-kB", About: "answers with an error code of 60 kB", On: Authorization + Token,
		alter: func(_ *Server, _ *http.Request, a *answer) {
			a.status = http.StatusBadRequest
			a.set("error", `"`+strings.Repeat("a", 60_000)+`"`)
		}},
}

// member sets a member of every JSON object.
func member(name, text string) func(*Server, *http.Request, *answer) {
	return func(_ *Server, _ *http.Request, a *answer) { a.set(name, text) }
}
