package spec

import (
	"regexp"
	"strings"
	"testing"
)

// TestConventions: in the order of their numbers, the lanes behind them, each in
// whole sentences; no id is a ruling as well, and the checks they name exist.
func TestConventions(t *testing.T) {
	form := regexp.MustCompile(`^(C[1-9]|C\d\d|L\d)$`)
	checks := regexp.MustCompile(`DF-[A-Z]+-\d{3}`)
	ids := Conventions()
	if got := strings.Join(ids, " "); !strings.HasPrefix(got, "C1 C2 C3") ||
		!strings.HasSuffix(got, "C21 L0 L1 L2 L3 L4") {
		t.Errorf("the order is %s", got)
	}
	for _, id := range ids {
		text := Convention(id)
		if !form.MatchString(id) || Ruling(id) != "" {
			t.Errorf("%s is no id of a convention or lane", id)
		}
		if !strings.HasSuffix(text, ".") {
			t.Errorf("%s does not end in a full stop", id)
		}
		for _, check := range checks.FindAllString(text, -1) {
			if _, err := Lookup(check); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		}
	}
}
