package checks

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// pier is a server in the manner of RFC 8628 that keeps what pier-accounts.yaml says:
// codes come with 201 and without interval, tokens are of the type "bearer".
func pier(t *testing.T) bench {
	t.Helper()
	b := documentBench(t, "pier-accounts.yaml")
	b.server.Interval, b.server.Lifetime = 5*time.Second, time.Minute
	b.wrap = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a := httptest.NewRecorder()
			next.ServeHTTP(a, r)
			status, body := a.Code, a.Body.Bytes()
			var m map[string]any
			if json.Unmarshal(body, &m) == nil && m["device_code"] != nil {
				status = http.StatusCreated
				delete(m, "interval")
				body, _ = json.Marshal(m) // it was JSON
			} else if m["access_token"] != nil {
				m["token_type"] = "bearer"
				body, _ = json.Marshal(m) // it was JSON
			}
			for k, v := range a.Header() {
				w.Header()[k] = v
			}
			w.WriteHeader(status)
			w.Write(body)
		})
	}
	return b
}

// TestDocumentAddsToRFC8628: a user's document is judged by RFC 8628 and by what it
// declares, and by nothing that the documented API alone asks.
func TestDocumentAddsToRFC8628(t *testing.T) {
	results := pier(t).conform(t)
	for _, line := range worse(results) {
		t.Error(line)
	}
	var passed []string
	for _, r := range results {
		if r.Verdict == reports.Pass {
			passed = append(passed, r.Check.ID)
		}
	}
	for _, id := range []string{"DF-DISC-001", "DF-DISC-004", "DF-AUTHZ-002", "DF-CLIENT-004", "DF-CLIENT-006",
		"DF-CLIENT-011",
		"DF-POLL-017", "DF-TOKEN-002", "DF-DOC-001", "DF-DOC-002", "DF-DOC-003", "DF-DOC-004"} {
		if !slices.Contains(passed, id) {
			t.Errorf("%s did not pass", id)
		}
	}
}

// TestDocumentExcusesNoDeviation: what deviates from RFC 8628 is seen with a user's
// document too.
func TestDocumentExcusesNoDeviation(t *testing.T) {
	for _, fault := range []string{"pending-as-401", "code-reusable", "unknown-client-as-absent", "token-secret-ignored",
		"client-id-optional"} {
		t.Run(fault, func(t *testing.T) {
			i := slices.IndexFunc(refserver.Faults(), func(f refserver.Fault) bool { return f.Name == fault })
			if i < 0 {
				t.Fatal("no such fault")
			}
			f := refserver.Faults()[i]
			b := pier(t)
			b.faults, b.opts = []refserver.Fault{f}, Options{Only: []string{f.Check}}
			if r := b.conform(t)[0]; r.Verdict != reports.Fail && r.Verdict != reports.Warning {
				t.Errorf("%s is %s: %s", r.Check.ID, r.Verdict, r.Reason)
			}
		})
	}
}

// TestEveryFamilyOfChecks: what holds for RFC 8628 holds for a user's document, and
// the rules of the documented API alone do not.
func TestEveryFamilyOfChecks(t *testing.T) {
	var alone []string
	for _, r := range spec.Catalogue() {
		if r.AppliesTo(spec.Standard) && !r.AppliesTo(spec.Document) {
			t.Errorf("%s is withheld from users' documents", r.ID)
		}
		if !r.AppliesTo(spec.Document) {
			alone = append(alone, r.ID)
		}
	}
	want := []string{"DF-AUTHZ-001", "DF-AUTHZ-014", "DF-CLIENT-001", "DF-CLIENT-005",
		"DF-CONSENT-005", "DF-REFRESH-007"}
	if !slices.Equal(alone, want) {
		t.Errorf("the documented API alone is held to %v, want %v", alone, want)
	}
}
