package checks

import (
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
		wrap: deviates(func(_ *http.Request, sent string, status int, body map[string]any) int {
			form, _ := url.ParseQuery(sent)
			if grant := form.Get("grant_type"); grant == "" || grant == spec.GrantDeviceCode {
				return status
			}
			clear(body)
			body["error"] = spec.ErrUnsupportedGrantType
			return http.StatusNotImplemented
		})}
	got := b.outcome(t)
	for id, verdict := range want {
		if got[id] != verdict {
			t.Errorf("%s is %s, want %s", id, got[id], verdict)
		}
	}
}
