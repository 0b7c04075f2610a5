package conformance

import (
	"net/http"
	"strings"
	"testing"

	"github.com/dfcheck/dfcheck/reports/redact"
	"github.com/dfcheck/dfcheck/spec"
)

// FuzzRecord: whatever a server answers is recorded, without the secret that it holds.
func FuzzRecord(f *testing.F) {
	for _, body := range []string{`{"device_code":"secret-code-1","user_code":"AB","expires_in":1,"interval":99999999999}`,
		`{"access_token":"secret-code-1"`, "device_code=secret-code-1", "<p>\x1b[2J", `{"error":"x"}`} {
		f.Add([]byte(body), "application/json", 200, "a=secret-code-1")
	}
	contract, err := spec.BuiltinContract("rfc8628")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte, contentType string, status int, cookie string) {
		target := &Target{Facts: Facts{Host: "http://127.0.0.1"}, Contract: contract}
		s := newSession(target, Options{}.withDefaults())
		s.secrets.Learn(redact.DeviceCode, "secret-code-1")
		resp := &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {contentType}, "Set-Cookie": {cookie}}}
		x := &Exchange{Op: OpStart, raw: body, Response: s.recordResponse(resp, body, false)}
		x.Response.Deviations = s.deviations(&contract.Start, resp, body)
		if strings.Contains(x.Response.Body, "secret-code-1") {
			t.Errorf("the secret is left in %q", x.Response.Body)
		}
		if len(x.Response.Body) > MaxBody {
			t.Errorf("%d bytes are kept", len(x.Response.Body))
		}
		codes, _ := spec.DecodeStart(body)
		flow := &Flow{run: &ScenarioRun{session: s}, Authorization: x, Codes: codes}
		if flow.Interval() <= 0 || flow.Latest() < 0 != (codes.ExpiresIn < 0) {
			t.Errorf("an interval of %s, and an end at %s for a lifetime of %d s", flow.Interval(), flow.Latest(),
				codes.ExpiresIn)
		}
		Describe(x)
	})
}

// FuzzConfig: a stranger's file is read, or its errors are told.
func FuzzConfig(f *testing.F) {
	for _, text := range []string{"host: https://a.example\nclient: {id: a, secret_env: PATH, auth: post}\n",
		"host: 127.0.0.1\napprove: {kind: form, steps: [{open: '{verification_uri}', " +
			"fill: {a: '{user_code}'}, press: Go}], " +
			"approve: [{press: Yes}]}\n",
		"host: a\nlenient: {status: [403]}\nmax_wait: 3m\nrequest_timeout: 1ms\ntarget: {restart: [a]}\n",
		"tls: {ca_file: ''}\nheaders: {A: \"${PATH}\"}\nrequest: {path: {a: b}}\n", "endpoints: {token: 'http://a:b@c'}\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseConfig(data, "c.yaml")
		if err != nil {
			return
		}
		c.Options(Options{})
		c.CheckHost()
		if c.TLS.CAFile == "" { // no file that a search makes up is read
			c.Target()
		}
	})
}
