package checks

import (
	"slices"
	"testing"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestCatalogueNamesTheNeeds: what `dfcheck checks show` says a check needs is what
// it is skipped without, in the same words and order.
func TestCatalogueNamesTheNeeds(t *testing.T) {
	for _, c := range All() {
		r, err := spec.Lookup(c.ID)
		if err != nil {
			t.Fatal(err)
		}
		var needs []string
		for _, n := range c.Needs {
			needs = append(needs, string(n))
		}
		if d := cmp.Diff(needs, r.Needs, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s needs (-code +catalogue):\n%s", c.ID, d)
		}
	}
}

// TestEveryCapabilityNamesItsKey: whatever a check or a scenario can lack, the user is
// told what brings it, and nothing else is.
func TestEveryCapabilityNamesItsKey(t *testing.T) {
	var used []Capability
	for _, c := range All() {
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
	for _, n := range Capabilities() {
		if !slices.Contains(used, n) {
			t.Errorf("no check and no scenario needs %q", n)
		}
	}
}
