package load

import (
	"bufio"
	"net/http"
	"net/textproto"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/reports/redact"
)

// secrets is the redactor of a run on the target: the one it was given, or one
// that knows its client and the headers of its configuration.
func (t Target) secrets() *redact.Redactor {
	r := t.Secrets
	if r == nil {
		r = redact.New(nil)
	}
	r.Show(t.Host, t.StartURL, t.TokenURL, t.ClientID, t.Scope, t.DeviceType, t.DeviceOS)
	r.Client(t.ClientID, t.Secret)
	r.Configured(t.Headers)
	return r
}

// evidence is the exchange that shows a violation. Secrets stand in it by
// pseudonyms, equal ones for equal secrets.
func (sim *simulation) evidence(id string, v violation, req *request) reports.Exchange {
	t := req.Template
	if !t.Start {
		sim.secrets.Learn(redact.DeviceCode, string(req.Value))
	}
	header := http.Header{}
	for name := range t.Header {
		header[name] = []string{"(not shown)"} // they may be the user's credentials
		if name == "Content-Type" || name == "Accept" || name == "User-Agent" {
			header[name] = t.Header[name]
		}
	}
	sent := redact.About{ContentType: t.Header.Get("Content-Type"), Request: true}
	x := reports.Exchange{ID: id, Scenario: "load: " + v.title,
		AtMS: float64(req.Sent) / 1e6, DurationMS: float64(req.Received-req.Sent) / 1e6,
		Request: reports.Request{Method: http.MethodPost, URL: sim.secrets.URL(t.URL.String()), Headers: header,
			Body: sim.secrets.Body(string(t.Body(nil, req.Value)), sent)}}
	if r := req.Reply; r.Status != 0 {
		if t.Assert != nil { // the one that was sent is not kept, and may be quoted
			for _, quoted := range assertion.FindAllString(r.Header+r.Body, -1) {
				sim.secrets.Learn(redact.Assertion, quoted)
			}
		}
		if r.Status < http.StatusBadRequest {
			sim.secrets.Show(r.Codes.UserCode)
		}
		body := sim.secrets.Body(r.Body, redact.About{ContentType: r.ContentType,
			Refusal: r.Status >= http.StatusBadRequest, Cut: len(r.Body) == wire.MaxBody})
		x.Response = &reports.Response{Status: r.Status, Proto: "HTTP/1.1", Headers: sim.secrets.Header(headers(r)),
			Body: strings.ToValidUTF8(body, string(utf8.RuneError)), Length: int64(len(r.Body))}
	} else {
		x.Error = sim.secrets.Text(r.Problem)
	}
	return x
}

// assertion is what an assertion looks like, as a signed JWT.
var assertion = regexp.MustCompile(`eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*`)

// headers reads the header of an answer as it came. Cookies are not shown.
func headers(r *wire.Reply) http.Header {
	_, fields, _ := strings.Cut(r.Header, "\r\n")
	h, err := textproto.NewReader(bufio.NewReader(strings.NewReader(fields))).ReadMIMEHeader()
	if err != nil && len(h) == 0 {
		h = textproto.MIMEHeader{"Content-Type": {r.ContentType}}
		if r.CacheControl != "" {
			h["Cache-Control"] = []string{r.CacheControl}
		}
	}
	for name, values := range h {
		for i := range values {
			values[i] = strings.ToValidUTF8(values[i], string(utf8.RuneError))
			if name == "Set-Cookie" {
				values[i] = "(not shown)"
			}
		}
	}
	return http.Header(h)
}
