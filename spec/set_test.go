package spec

import (
	"regexp"
	"slices"
	"testing"
)

func TestSets(t *testing.T) {
	all := []Requirement{{ID: "new", Since: "2027.1"}, {ID: "old", Since: "2026.1"}, {ID: "later", Since: "2026.10"},
		{ID: "next", Since: "2026.2"}}
	if got := setsOf(all); !slices.Equal(got, []string{"2026.1", "2026.2", "2026.10", "2027.1"}) {
		t.Errorf("the sets are %q", got)
	}
	for set, want := range map[string][]string{"2026.1": {"old"}, "2026.2": {"old", "next"}, "2026.10": {"old", "later",
		"next"},
		"": {"new", "old", "later", "next"}} {
		var got []string
		for _, r := range all {
			if r.InSet(set) {
				got = append(got, r.ID)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q has %q, want %q", set, got, want)
		}
	}
	if err := CheckSet("2062.1"); err == nil || CheckSet("") != nil || CheckSet(firstSet) != nil {
		t.Errorf("an unknown set: %v", err)
	}
}

// TestSetsOfTheCatalogue: sets are called as years and numbers, and only the checks of
// the newest one can be provisional.
func TestSetsOfTheCatalogue(t *testing.T) {
	sets := Sets()
	for _, r := range Catalogue() {
		if !regexp.MustCompile(`^20\d\d\.[1-9]\d?$`).MatchString(r.Since) {
			t.Errorf("%s is since %q", r.ID, r.Since)
		}
		if r.Provisional && r.Since != sets[len(sets)-1] {
			t.Errorf("%s is provisional, and of an older set", r.ID)
		}
	}
}
