package checks

import (
	"testing"

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
