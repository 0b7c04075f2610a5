//go:build unix

package main

import (
	"path/filepath"
	"testing"

	"github.com/dfcheck/dfcheck/reports"
)

// TestTargetWithKey: a server that others wrote takes the assertions of dfcheck at both
// endpoints and refuses the wrong ones, as FACTS.md says, so that each check passes.
func TestTargetWithKey(t *testing.T) {
	t.Parallel()
	dir, _ := target(t, "oidc-provider")
	key := filepath.Join(t.TempDir(), "client.jwk")
	host := startTarget(t, dir, map[string]string{"LIFETIME": "60s", "KEY": key}) // which the server writes
	r := checkTarget(t, dir, "dfcheck.key.yaml", host, keptReport(t, "oidc-provider-key"), "--client-key", key,
		"--group", "ASSERT")
	if n := len(r.Conformance.Checks); n < 8 {
		t.Errorf("%d checks were judged", n)
	}
	for _, c := range r.Conformance.Checks {
		if c.Verdict != reports.Pass {
			t.Errorf("%s is %s: %s %v", c.ID, c.Verdict, c.Reason, c.Findings)
		}
	}
}
