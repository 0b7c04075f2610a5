package checks

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// TestServerComesBack: a server that a request ends is waited for, the request is the
// finding, and everything else is judged as on a server that stayed.
func TestServerComesBack(t *testing.T) {
	f, err := refserver.FaultNamed("dies-at-trace")
	if err != nil {
		t.Fatal(err)
	}
	b := bench{server: embedded("rfc8628"), faults: []refserver.Fault{f}}
	b.inBubble(t, func(ctx context.Context, run *Run) {
		results := run.Conform(ctx)
		if p := run.Transcript().Problem(); p != nil {
			t.Errorf("the run ended with %s", p.Message)
		}
		for _, r := range results {
			switch {
			case r.Check.ID == "DF-HTTP-002" && r.Verdict == reports.Inconclusive: // it reads the scenario that was cut short
			case r.Check.ID != "DF-HTTP-003":
				if r.Verdict != reports.Pass && r.Verdict != reports.Skipped {
					t.Errorf("%s is %s: %s", r.Check.ID, r.Verdict, r.Reason)
				}
			case r.Verdict != reports.Fail || !strings.Contains(r.Reason,
				"the server stopped at TRACE /device_authorization (x") ||
				!strings.Contains(r.Reason, "and came back after 4 s"):
				t.Errorf("DF-HTTP-003 is %s: %s", r.Verdict, r.Reason)
			}
		}
	})
}

// TestServerRestarts: a server that is away for a while in the middle of a run, with
// everything forgotten, is not accused of what its codes were worth; one that stays
// away ends the run.
func TestServerRestarts(t *testing.T) {
	for name, away := range map[string]time.Duration{"comes back": 5 * time.Second, "stays away": time.Hour} {
		t.Run(name, func(t *testing.T) {
			var polls atomic.Int64
			var serving atomic.Pointer[refserver.Server]
			var back atomic.Int64
			b := bench{server: embedded("rfc8628"), wrap: func(first http.Handler) http.Handler {
				serving.Store(first.(*refserver.Server))
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/token" && polls.Add(1) == 150 {
						back.Store(time.Now().Add(away).UnixNano())
						serving.Store(refserver.New(serving.Load().Config()))
					}
					if time.Now().UnixNano() < back.Load() {
						panic(http.ErrAbortHandler)
					}
					serving.Load().ServeHTTP(w, r)
				})
			}}
			b.inBubble(t, func(ctx context.Context, run *Run) {
				results := run.Conform(ctx)
				if p := run.Transcript().Problem(); (p != nil) != (name == "stays away") {
					t.Errorf("the problem is %+v", p)
				}
				for _, r := range results {
					if r.Verdict == reports.Fail || r.Verdict == reports.Warning || r.Verdict == reports.Error {
						t.Errorf("%s is %s: %s", r.Check.ID, r.Verdict, r.Reason)
					}
				}
			})
		})
	}
}

// TestAnswersAreLost: a server that is there and drops many requests at once is judged
// on the others; one that drops all that follow ends the run.
func TestAnswersAreLost(t *testing.T) {
	for name, dropped := range map[string]int64{"forty": 40, "all": 1 << 40} {
		t.Run(name, func(t *testing.T) {
			var polls atomic.Int64
			b := bench{server: embedded("rfc8628"), wrap: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					n := polls.Load()
					if r.URL.Path == "/token" {
						n = polls.Add(1)
					}
					if r.Method == http.MethodPost && n >= 150 && n < 150+dropped {
						panic(http.ErrAbortHandler)
					}
					next.ServeHTTP(w, r)
				})
			}}
			b.inBubble(t, func(ctx context.Context, run *Run) {
				results := run.Conform(ctx)
				if p := run.Transcript().Problem(); (p != nil) != (name == "all") {
					t.Errorf("the problem is %+v", p)
				}
				for _, r := range results {
					if r.Verdict == reports.Fail || r.Verdict == reports.Warning || r.Verdict == reports.Error {
						t.Errorf("%s is %s: %s", r.Check.ID, r.Verdict, r.Reason)
					}
				}
			})
		})
	}
}
