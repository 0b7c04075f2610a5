package spec

import (
	"fmt"
	"strings"
	"testing"
)

// TestMitigations: the inventory has each row of RFC 10027 section 6.1.18 once, and each
// says by which checks it is seen or why it is not.
func TestMitigations(t *testing.T) {
	all := Mitigations()
	if len(all) != 17 {
		t.Errorf("%d mitigations, RFC 10027 has 17", len(all))
	}
	for i, m := range all {
		if want := fmt.Sprintf("6.1.%d", i+1); m.Section != want || m.Name == "" || m.Effect == "" {
			t.Errorf("%+v stands where section %s is due", m, want)
		}
		if (len(m.Checks) > 0) == (m.Hidden != "") {
			t.Errorf("%s needs checks, or why it cannot be seen", m.Section)
		}
		for _, id := range m.Checks {
			if _, err := Lookup(id); err != nil {
				t.Errorf("%s: %v", m.Section, err)
			}
		}
		if m.Rest != "" && len(m.Checks) == 0 || strings.HasSuffix(m.Rest, ".") {
			t.Errorf("%s: %q is what checks leave, in a list", m.Section, m.Rest)
		}
		if why := m.Hidden; why != "" && !strings.HasSuffix(why, ".") {
			t.Errorf("%s: %q is no sentence", m.Section, why)
		}
	}
}
