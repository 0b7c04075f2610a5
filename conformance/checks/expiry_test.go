package checks

import (
	"strings"
	"testing"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// TestLifetimes: whatever the lifetime is to the interval, a code is polled before its
// end and after it, so that its expiry is decided.
func TestLifetimes(t *testing.T) {
	for _, lifetime := range []time.Duration{20, 60, 100, 300, 600, 1800} {
		lifetime *= time.Second
		t.Run(lifetime.String(), func(t *testing.T) {
			t.Parallel()
			b := bench{server: refserver.Config{Contract: "rfc8628", Interval: 5 * time.Second, Lifetime: lifetime},
				opts: Options{Only: []string{"EXPIRY"}, MaxWait: lifetime + time.Minute}}
			for _, r := range b.conform(t) {
				if strings.HasPrefix(r.Check.ID, "DF-EXPIRY-") && r.Verdict != reports.Pass && r.Check.ID != "DF-EXPIRY-007" {
					t.Errorf("%s: %s %s %v", r.Check.ID, r.Verdict, r.Reason, r.Findings)
				}
			}
		})
	}
}
