package checks

import (
	"strings"
	"testing"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// TestOneInstanceKnows: where a balancer spreads connections over instances that do not
// share what they know, the finding names the cause.
func TestOneInstanceKnows(t *testing.T) {
	for name, cause := range map[string]string{
		"one-instance-knows": "some instances of the server do not know the code|known only to the instance that " +
			"issued it",
		"approval-on-one-instance": "tokens at once on the connection that issued the code",
	} {
		t.Run(name, func(t *testing.T) {
			f, err := refserver.FaultNamed(name)
			if err != nil {
				t.Fatal(err)
			}
			b := bench{server: embedded("rfc8628"), faults: []refserver.Fault{f}, opts: Options{Only: []string{"DF-HTTP-010"}}}
			results := b.conform(t)
			for range 4 { // one run in 32 has all its connections led to one instance
				if len(results) == 1 && results[0].Verdict == reports.Fail {
					break
				}
				results = b.conform(t)
			}
			for _, r := range results {
				if r.Verdict != reports.Fail {
					t.Errorf("%s is %s: %s", r.Check.ID, r.Verdict, r.Reason)
				}
				named := false
				for _, c := range strings.Split(cause, "|") {
					named = named || strings.Contains(r.Reason, c)
				}
				if !named {
					t.Errorf("the reason does not say %q: %s", cause, r.Reason)
				}
				t.Log(r.Reason)
			}
		})
	}
}
