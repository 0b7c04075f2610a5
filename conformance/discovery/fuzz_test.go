package discovery

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// FuzzMetadata: whatever stands in place of a metadata document, looking for the
// device flow goes on, and leads to no host that nobody named.
func FuzzMetadata(f *testing.F) {
	for _, body := range []string{`{"issuer":"https://a.example","device_authorization_endpoint":"/d","token_endpoint":"https://a.example/t"}`,
		`{"device_authorization_endpoint":"http://169.254.169.254/","token_endpoint":"file:///etc/passwd"}`,
		`{"mtls_endpoint_aliases":{"token_endpoint":1},"scopes_supported":[1,"openid"]}`,
		`{"device_authorization_endpoint":"https://a.example@b.example/","token_endpoint":"//b.example/t"}`,
		`{"issuer":"https://a.example","device_authorization_endpoint":"http://[::1","token_endpoint":"\u0000"}`, `[]`} {
		f.Add(body, "application/json", 200)
	}
	f.Fuzz(func(t *testing.T, body, contentType string, status int) {
		x := &conformance.Exchange{Request: conformance.Request{URL: "https://a.example/.well-known/openid-configuration"},
			Response: &conformance.Response{Status: status, Header: http.Header{"Content-Type": {contentType}}, Body: body}}
		for _, a := range []inquiry{askStart, askToken} {
			a.kind(x)
		}
		m := readMetadata(x)
		if m == nil {
			return
		}
		m.preferred()
		target := &conformance.Target{Facts: conformance.Facts{Host: "https://a.example"}, Look: &conformance.Look{}}
		contract, err := spec.BuiltinContract("rfc8628")
		if err != nil {
			t.Fatal(err)
		}
		target.Contract, target.StartURL, target.TokenURL = contract, m.endpoints.start, m.endpoints.token
		if err := endpoints(target, conformance.Choice{}); err != nil {
			if p, ok := errors.AsType[*conformance.PreflightError](err); ok && len(p.Problem+p.Hint) > 3000 {
				t.Errorf("an error of %d bytes", len(p.Problem+p.Hint))
			}
			return
		}
		for _, u := range []string{target.StartURL, target.TokenURL} {
			r, err := http.NewRequest(http.MethodPost, u, nil)
			if err != nil {
				continue // nothing can be sent to it
			}
			if host := strings.ToLower(r.URL.Hostname()); host != "a.example" {
				t.Errorf("%q leads to %q", u, host)
			}
		}
	})
}
