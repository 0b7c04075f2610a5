package load

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dfcheck/dfcheck/reports"
)

// evidence is the exchange that shows a violation. Secrets stand in it by
// pseudonyms, equal ones for equal secrets.
func (c *crowd) evidence(id string, v violation, j *job) reports.Exchange {
	t := j.template
	secrets := map[string]string{}
	if !t.start {
		secrets[string(j.value)] = "device_code"
	}
	if c.target.Secret != "" {
		secrets[c.target.Secret] = "client_secret"
	}
	learn([]byte(j.reply.body), secrets)
	header := http.Header{}
	for name := range t.header {
		header[name] = []string{"(not shown)"} // they may be the user's credentials
		if name == "Content-Type" || name == "Accept" || name == "User-Agent" {
			header[name] = t.header[name]
		}
	}
	x := reports.Exchange{ID: id, Scenario: "load: " + v.title, AtMS: float64(j.sent) / 1e6, DurationMS: float64(j.received-j.sent) / 1e6,
		Request: reports.Request{Method: http.MethodPost, URL: t.url.String(), Headers: header, Body: redact(string(t.body(nil, j.value)), secrets)}}
	if r := j.reply; r.status != 0 {
		x.Response = &reports.Response{Status: r.status, Proto: "HTTP/1.1", Headers: r.headers(secrets), Body: redact(r.body, secrets), Length: int64(len(r.body))}
	} else {
		x.Error = r.problem
	}
	return x
}

// learn adds the secrets of a JSON body, with what they are.
func learn(body []byte, secrets map[string]string) {
	var members map[string]any
	if json.Unmarshal(body, &members) != nil {
		return
	}
	for _, name := range []string{"device_code", "access_token", "refresh_token", "id_token"} {
		if v, ok := members[name].(string); ok && v != "" {
			secrets[v] = name
		}
	}
}

// redact puts pseudonyms for secrets, the longest first: one may contain another.
func redact(text string, secrets map[string]string) string {
	values := slices.SortedFunc(maps.Keys(secrets), func(a, b string) int { return len(b) - len(a) })
	for _, v := range values {
		text = strings.ReplaceAll(text, v, fmt.Sprintf("%s:%04x", secrets[v], hash(v)&0xffff))
	}
	return strings.ToValidUTF8(text, string(utf8.RuneError))
}

// headers reads the header of an answer as it came.
func (r *reply) headers(secrets map[string]string) http.Header {
	_, fields, _ := strings.Cut(r.header, "\r\n")
	h, err := textproto.NewReader(bufio.NewReader(strings.NewReader(fields))).ReadMIMEHeader()
	if err != nil && len(h) == 0 {
		h = textproto.MIMEHeader{"Content-Type": {r.contentType}}
		if r.cacheControl != "" {
			h["Cache-Control"] = []string{r.cacheControl}
		}
	}
	for name, values := range h {
		for i := range values {
			values[i] = redact(values[i], secrets)
			if name == "Set-Cookie" {
				values[i] = "(not shown)"
			}
		}
	}
	return http.Header(h)
}
