package conformance

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/dfcheck/dfcheck/reports/redact"
	"github.com/dfcheck/dfcheck/spec"
)

// TestRevealedCurl: a curl line with its secrets shown is one that a shell and
// the server read as it was sent.
func TestRevealedCurl(t *testing.T) {
	r := redact.New(nil)
	const secret = "s3cr+t/\"ü&<\\client"
	r.Client("my client", secret)
	code := `d'e%v"i&c+e`
	x := &Exchange{Request: Request{Method: "POST", URL: "http://127.0.0.1/token", Encoding: spec.Form,
		Params: r.Params(spec.Params{{Name: "device_code", Value: code}}), Header: r.Header(http.Header{
			"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("my+client:"+url.QueryEscape(secret)))}})}}
	if hidden := x.report(nil).Curl; r.Check("curl", []byte(hidden)) != nil ||
		!strings.Contains(hidden, "device_code%3A") {
		t.Errorf("hidden: %s", hidden)
	}
	shown := x.report(r.Reveal).Curl
	for _, want := range []string{"device_code=" + url.QueryEscape(code),
		base64.StdEncoding.EncodeToString([]byte("my+client:" + url.QueryEscape(secret)))} {
		if !strings.Contains(shown, want) {
			t.Errorf("shown: %s, want %s in it", shown, want)
		}
	}
}
