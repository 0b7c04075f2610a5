package checks

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
)

// failingRedemptions answers 500 in place of the first tokens for codes that were pending
// before, so many times.
func failingRedemptions(n int64) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		var left atomic.Int64
		left.Store(n)
		var pending sync.Map
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			kept := httptest.NewRecorder()
			next.ServeHTTP(kept, r)
			if _, polled := pending.LoadOrStore(string(body), true); strings.HasSuffix(r.URL.Path, "/token") && polled &&
				kept.Code == http.StatusOK && left.Add(-1) >= 0 {
				http.Error(w, `{"error":"server_error"}`, http.StatusInternalServerError)
				return
			}
			for name, values := range kept.Header() {
				w.Header()[name] = values
			}
			w.WriteHeader(kept.Code)
			w.Write(kept.Body.Bytes())
		})
	}
}

// TestGateOfTokensTriesAgain: one server error at the first redemption is told, and what
// stands behind the gate is judged by a second code. Where that fails too, the gate is shut.
func TestGateOfTokensTriesAgain(t *testing.T) {
	for _, c := range []struct {
		name          string
		failing       int64
		gate, members reports.Verdict
	}{
		{"none", 0, reports.Pass, reports.Pass},
		{"one", 1, reports.Warning, reports.Pass},
		{"each", 9, reports.Fail, reports.Inconclusive},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := bench{server: embedded("rfc8628"), wrap: failingRedemptions(c.failing),
				opts: Options{Only: []string{"DF-TOKEN-001", "DF-TOKEN-002"}}}
			for _, r := range b.conform(t) {
				want := c.members
				if r.Check.ID == GateTokens {
					want = c.gate
				}
				if r.Verdict != want {
					t.Errorf("%s is %s (%s), want %s", r.Check.ID, r.Verdict, r.Reason, want)
				}
			}
		})
	}
}
