package checks

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// onPages has a bench's approver go through the pages of the server, by a recipe.
func onPages(t *testing.T, recipe approve.Config) func(*Target) {
	return func(g *Target) {
		r := g.Approver.(*approve.Reference)
		form, err := approve.NewForm(recipe, approve.Env{Host: g.Host, Client: r.Client})
		if err != nil {
			t.Fatal(err)
		}
		g.Approver = walker{form, r}
	}
}

// failing answers with another status where a page says something.
func failing(status int, text string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a := httptest.NewRecorder()
			next.ServeHTTP(a, r)
			for name, values := range a.Header() {
				w.Header()[name] = values
			}
			if strings.Contains(a.Body.String(), text) {
				a.Code = status
			}
			w.WriteHeader(a.Code)
			w.Write(a.Body.Bytes())
		})
	}
}

// TestServerErrorsOfPages: pages that answer 500 to what people type are found where the
// approver goes through them; a proxy in front of them, and pages at which the recipe never
// gets through, accuse nobody.
func TestServerErrorsOfPages(t *testing.T) {
	one := func(f refserver.Fault, err error) []refserver.Fault {
		if err != nil {
			t.Fatal(err)
		}
		return []refserver.Fault{f}
	}
	for name, tt := range map[string]struct {
		faults []refserver.Fault
		wrap   func(http.Handler) http.Handler
		want   reports.Verdict
	}{
		"a right server":                {nil, nil, reports.Pass},
		"refused in other ways":         {one(refserver.VariantNamed("codes-refused-in-other-ways")), nil, reports.Pass},
		"500 to a code of wrong length": {one(refserver.FaultNamed("wrong-length-crashes")), nil, reports.Fail},
		"500 to a code decided on":      {one(refserver.FaultNamed("decided-code-crashes")), nil, reports.Fail},
		"502 where a code is refused":   {nil, failing(502, `role="alert"`), reports.Pass},
		"500 at every decision":         {nil, failing(500, "Allow this device?"), reports.Inconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := bench{server: embedded("rfc8628"), faults: tt.faults, wrap: tt.wrap,
				target: onPages(t, approve.ReferencePage()),
				opts:   Options{Only: []string{"DF-ERR-008", "DF-USERCODE-009", "DENY"}}}
			for _, r := range b.conform(t) {
				if r.Check.ID != "DF-ERR-008" {
					continue
				}
				if r.Verdict != tt.want {
					t.Errorf("%s, want %s: %s", r.Verdict, tt.want, r.Reason)
				}
				if r.Verdict == reports.Fail && !strings.Contains(r.Reason, `, first in "`) {
					t.Errorf("the finding does not say where: %s", r.Reason)
				}
			}
		})
	}
}
