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
	dir, err := filepath.Abs("../../testdata/targets/oidc-provider")
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(t.TempDir(), "client.jwk")
	t.Setenv("KEY", key) // of the server, which writes it, and of dfcheck
	host := startTarget(t, dir, map[string]string{"LIFETIME": "60s"})
	r := checkTarget(t, dir, "dfcheck.key.yaml", host, keptReport(t, "oidc-provider-key"), "--group", "ASSERT")
	if n := len(r.Conformance.Checks); n < 8 {
		t.Errorf("%d checks were judged", n)
	}
	for _, c := range r.Conformance.Checks {
		if c.Verdict != reports.Pass {
			t.Errorf("%s is %s: %s %v", c.ID, c.Verdict, c.Reason, c.Findings)
		}
	}
}
