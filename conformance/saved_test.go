package conformance

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dfcheck/dfcheck/spec/refserver"
)

// TestJudgeAgain: a saved transcript gives the verdicts of the run, findings
// included, and holds no secret.
func TestJudgeAgain(t *testing.T) {
	for _, name := range []string{"", "code-reusable", "device-code-seeded-by-the-second", "user-code-from-device-code", "decision-exempt-from-csrf"} {
		t.Run(name, func(t *testing.T) {
			b := bench{server: embedded("documented-v1")}
			if name != "" {
				f, err := refserver.FaultNamed(name)
				if err != nil {
					t.Fatal(err)
				}
				b.faults = []refserver.Fault{f}
			}
			var live []Result
			var saved bytes.Buffer
			var secrets []string
			b.inBubble(t, func(ctx context.Context, run *Run) {
				live = run.Conform(ctx)
				if err := run.Transcript().Save(&saved); err != nil {
					t.Error(err)
				}
				for secret := range run.session.vault.names {
					if len(secret) >= 16 {
						secrets = append(secrets, secret)
					}
				}
			})
			for _, s := range secrets {
				if strings.Contains(saved.String(), s) && strings.Trim(s, "_%") != "" {
					t.Errorf("the saved transcript holds the secret %.60q", s)
				}
			}
			again, err := Load(&saved)
			if err != nil {
				t.Fatal(err)
			}
			results, err := Judge(again)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(live, results, cmpopts.IgnoreFields(Result{}, "Check")); d != "" {
				t.Errorf("judged again (-live +again):\n%s", d)
			}
		})
	}
}
