package checks

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
)

// namesByBasic is a server whose clients authenticate with HTTP Basic, and which reads no
// more of a device authorization request: its client is known by the header.
func namesByBasic(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _, basic := r.BasicAuth()
		if basic && r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/device_authorization") {
			body, _ := io.ReadAll(r.Body)
			if q, err := url.ParseQuery(string(body)); err != nil || q.Get("client_id") == "" {
				body = []byte("client_id=" + id)
			}
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(string(body))), int64(len(body))
			r.URL.RawQuery = ""
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		next.ServeHTTP(w, r)
	})
}

// TestBasicNamesTheClient: a request without client_id, or whose body or URL is not read,
// is complete where HTTP Basic names the client; to serve it is no mistake.
func TestBasicNamesTheClient(t *testing.T) {
	b := bench{server: embedded("rfc8628"), wrap: namesByBasic,
		opts:   Options{Only: []string{"DF-AUTHZ-011", "DF-AUTHZ-020", "DF-CTYPE-008"}},
		target: func(t *Target) { t.Client = *t.Confidential }}
	served := 0
	b.inBubble(t, func(ctx context.Context, run *Run) {
		for _, r := range run.Conform(ctx) {
			if reports.Order(r.Verdict, reports.Inconclusive) > 0 {
				t.Errorf("%s is %s: %s", r.Check.ID, r.Verdict, r.Reason)
			}
		}
		for _, x := range run.Transcript().Exchanges {
			if x.Provoked && x.HasCodes() {
				served++
			}
		}
	})
	if served < 3 {
		t.Errorf("%d incomplete requests were served, so that nothing was shown", served)
	}
}
