package conformance_test

import (
	"slices"
	"testing"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/checks"
)

// TestEveryCapabilityNamesItsKey: whatever a check or a scenario can lack, the user is
// told what brings it, and nothing else is.
func TestEveryCapabilityNamesItsKey(t *testing.T) {
	used := []conformance.Capability{conformance.NeedDenial, conformance.NeedAnswers,
		conformance.NeedWords, conformance.NeedClientName, conformance.NeedScopeWords}
	for _, c := range checks.All() {
		used = append(used, c.Needs...)
		for _, s := range c.Scenarios() {
			used = append(used, s.Needs...)
		}
	}
	for _, n := range used {
		if n.Enable() == "" {
			t.Errorf("nothing says what brings %q", n)
		}
	}
	for n := range conformance.Enabling {
		if !slices.Contains(used, n) {
			t.Errorf("no check and no scenario needs %q", n)
		}
	}
}

// TestFormerNamesAreKnown: what a renamed scenario is read as is one that a check reads.
func TestFormerNamesAreKnown(t *testing.T) {
	for old, now := range conformance.FormerNames {
		if !slices.ContainsFunc(checks.All(), func(c conformance.Check) bool {
			return slices.ContainsFunc(c.Reads, func(s *conformance.Scenario) bool { return s.Name == now })
		}) {
			t.Errorf("%q is read as %q, which no check reads", old, now)
		}
	}
}
