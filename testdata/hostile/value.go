package hostile

import (
	"net/http"
	"slices"
	"strings"
)

// values are codes, intervals and lifetimes that nobody expects.
var values = slices.Concat(
	ofAuthorization("interval", "interval", absurd),
	ofAuthorization("lifetime", "expires_in", absurd),
	ofAuthorization("device-code", "device_code", long),
	ofAuthorization("user-code", "user_code", long),
	[]Behaviour{
		{Name: "verification-uri-of-1-MB", About: "names a verification URI of 1 MB", On: Authorization,
			alter: func(s *Server, _ *http.Request, a *answer) {
				a.set("verification_uri", `"`+s.URL+"/device?"+strings.Repeat("a", 1<<20)+`"`)
			}},
		{Name: "verification-uri-of-control-characters", About: "names a verification URI with escape sequences",
			On: Authorization,
			alter: func(s *Server, _ *http.Request, a *answer) {
				a.set("verification_uri", `"`+s.URL+`/device\u001b[2J\r\n\u0000"`)
			}},
		{Name: "slow-down-for-ever", About: "answers every poll with slow_down", On: Token,
			alter: func(_ *Server, _ *http.Request, a *answer) {
				a.become(http.StatusBadRequest, "application/json", `{"error":"slow_down"}`)
			}},
		{Name: "pending-for-ever", About: "answers every poll with authorization_pending", On: Token,
			alter: func(_ *Server, _ *http.Request, a *answer) {
				a.become(http.StatusBadRequest, "application/json", `{"error":"authorization_pending"}`)
			}},
		{Name: "retry-after-for-ever", About: "asks to come back in 10,000 years", On: Authorization + Token,
			alter: func(_ *Server, _ *http.Request, a *answer) {
				a.become(http.StatusServiceUnavailable, "text/plain", "busy")
				a.header.Set("Retry-After", "315360000000")
			}},
		{Name: "token-of-1-MB", About: "issues an access token of 1 MB for every poll", On: Token,
			alter: func(_ *Server, _ *http.Request, a *answer) {
				a.become(http.StatusOK, "application/json", `{"token_type":"Bearer","access_token":"`+strings.Repeat("a",
					1<<20)+`"}`)
			}},
	},
)

// strange is a value, by the name of what is strange about it.
type strange struct{ name, text string }

// absurd are numbers of seconds.
var absurd = []strange{
	{"zero", "0"}, {"negative", "-5"}, {"a-fraction", "0.001"}, {"a-text", `"soon"`}, {"null", "null"},
	{"a-century", "3153600000"}, {"beyond-int64", "9223372036854775808"}, {"max-int64", "9223372036854775807"},
	{"min-int64", "-9223372036854775808"}, {"beyond-float64", "1e999999"}, {"an-object", `{"seconds":5}`},
}

// long are codes.
var long = []strange{
	{"of-1-MB", `"` + strings.Repeat("Ab3-", 1<<18) + `"`},
	{"of-60-kB", `"` + strings.Repeat("Ab3-", 15_000) + `"`},
	{"of-control-characters", `"\u001b[2J\u001b]0;owned\u0007\u0000\r\n\u202e\u0008-AB-\u009b31m"`},
	{"that-is-a-number", "12345678"}, {"that-is-empty", `""`},
	{"that-reads-as-an-option", `"--help"`},
}

func ofAuthorization(what, member string, values []strange) (all []Behaviour) {
	for _, v := range values {
		about := "announces this " + what + ": " + v.text
		if len(v.text) > 60 {
			about = "issues a " + strings.ReplaceAll(what+" "+v.name, "-", " ")
		}
		all = append(all, Behaviour{Name: what + "-" + v.name, About: about, On: Authorization,
			alter: func(_ *Server, _ *http.Request, a *answer) {
				if a.status == http.StatusOK {
					a.set(member, v.text)
				}
			}})
	}
	return all
}
