package checks

import (
	"io"
	"net/http"
	"testing"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
	"golang.org/x/time/rate"
)

// limitedTo answers 429 beyond so many requests a minute, whoever sends them, after a
// burst.
func limitedTo(perMinute, burst int) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		l := rate.NewLimiter(rate.Limit(perMinute)/60, burst)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/decision" || l.AllowN(time.Now(), 1) {
				next.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Retry-After", "5")
			w.WriteHeader(http.StatusTooManyRequests)
			io.WriteString(w, `{"error":"rate_limited"}`)
		})
	}
}

// TestPatientDeviceBehindALimit: a limit by address that a run meets with all its
// devices, and a single device would not, accuses nobody.
func TestPatientDeviceBehindALimit(t *testing.T) {
	for name, c := range map[string]struct{ perMinute, burst int }{
		"far above the pace": {120, 40},
		"a hundred requests": {8, 100}, // a device by itself needs no more in a quarter of an hour
		"nothing is left":    {1, 60},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := bench{server: refserver.Config{Contract: "rfc8628", Interval: 5 * time.Second, Lifetime: 15 * time.Minute},
				wrap: limitedTo(c.perMinute, c.burst), opts: Options{Only: []string{"POLL", "AUTHZ"}}}
			for _, r := range b.conform(t) {
				if r.Check.ID == "DF-POLL-022" && reports.Order(r.Verdict, reports.Inconclusive) > 0 {
					t.Errorf("%s: %s %v", r.Verdict, r.Reason, r.Findings)
				}
			}
		})
	}
}
