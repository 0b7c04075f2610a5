package conformance

import (
	"strings"
	"testing"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// TestInventory: a mitigation is called seen only where every check of it that applies
// passed and nothing of it is hidden; what was not looked at is never called seen or not.
func TestInventory(t *testing.T) {
	verdict := func(id string, v reports.Verdict, l Lack) Result {
		return Result{Check: Check{ID: id}, Verdict: v, Reason: "REASON", Lack: l}
	}
	m := spec.Mitigation{Section: "6.1.99", Name: "Everything", Checks: []string{"DF-A-001", "DF-A-002"}}
	partly := m
	partly.Rest = "REST"
	pass, warn := verdict("DF-A-001", reports.Pass, Lack{}), verdict("DF-A-002", reports.Warning, Lack{})
	for name, tt := range map[string]struct {
		m     spec.Mitigation
		of    []Result
		state reports.State
		says  string
	}{
		"all passed":       {m, []Result{pass}, reports.Seen, "DF-A-001 passed"},
		"a rest is hidden": {partly, []Result{pass}, reports.SeenInPart, "REST"},
		"one warned":       {m, []Result{pass, warn}, reports.SeenInPart, "DF-A-002: REASON"},
		"it warned":        {partly, []Result{warn}, reports.NotSeen, "REASON"},
		"it is waived":     {m, []Result{verdict("DF-A-002", reports.Waived, Lack{})}, reports.NotSeen, "REASON"},
		"one is open": {m, []Result{pass, verdict("DF-A-002", reports.Inconclusive, Lack{})}, reports.SeenInPart,
			"DF-A-002 was not decided"},
		"one lacks something": {m, []Result{pass, verdict("DF-A-002", reports.Skipped,
			Lack{Needs: []Capability{NeedScope}})}, reports.SeenInPart, "not decided"},
		"one does not apply": {m, []Result{pass, verdict("DF-A-002", reports.Skipped, Lack{})}, reports.Seen,
			"DF-A-001 passed"},
		"of another contract": {m, []Result{pass, verdict("DF-A-002", reports.Skipped,
			Lack{Contracts: []string{"documented"}})}, reports.Seen, "passed"},
		"nothing lets it judge": {m, []Result{verdict("DF-A-002", reports.Skipped, Lack{Needs: []Capability{NeedScope}})},
			reports.NotJudged, "REASON"},
		"not selected": {m, nil, reports.NotJudged, "the run left out DF-A-001, DF-A-002"},
	} {
		t.Run(name, func(t *testing.T) {
			if state, evidence := seen(tt.m, tt.of); state != tt.state || !strings.Contains(evidence, tt.says) {
				t.Errorf("%q, %q; want %q, …%s…", state, evidence, tt.state, tt.says)
			}
		})
	}
	if v := inventory([]Result{verdict("DF-POLL-001", reports.Pass, Lack{})}); v != nil {
		t.Errorf("a run that looked for no mitigation has an inventory: %+v", v)
	}
	v := inventory([]Result{verdict("DF-CONSENT-009", reports.Pass, Lack{})})
	if v == nil || len(v.Rows) != len(spec.Mitigations()) || len(v.Assessment) != 3 {
		t.Fatalf("inventory %+v", v)
	}
}
