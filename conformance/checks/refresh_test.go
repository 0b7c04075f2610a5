package checks

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"testing"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// TestRefreshNotImplemented: a server without the refresh grant may say so with 501, as one
// framework does. That this is not 400 is told once, of any grant that it does not have.
func TestRefreshNotImplemented(t *testing.T) {
	want := map[string]string{"DF-POLL-015": string(reports.Fail), "DF-REFRESH-005": string(reports.Pass)}
	b := bench{server: embedded("rfc8628"), opts: Options{Only: []string{"DF-POLL-015", "DF-REFRESH-005"}},
		wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(bytes.NewReader(body))
				form, _ := url.ParseQuery(string(body))
				if grant := form.Get("grant_type"); grant != "" && grant != spec.GrantDeviceCode {
					w.Header().Set("Content-Type", "application/json")
					w.WriteHeader(http.StatusNotImplemented)
					io.WriteString(w, `{"error":"unsupported_grant_type"}`)
					return
				}
				next.ServeHTTP(w, r)
			})
		}}
	got := b.outcome(t)
	for id, verdict := range want {
		if got[id] != verdict {
			t.Errorf("%s is %s, want %s", id, got[id], verdict)
		}
	}
}
