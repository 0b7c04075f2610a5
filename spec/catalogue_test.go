package spec

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	idForm   = regexp.MustCompile(`^DF-([A-Z]+)-\d{3}$`)
	ruling   = regexp.MustCompile(`\bR\d+\b`)
	sections = regexp.MustCompile(`(?i)section|appendix|RFC \d+|documented API|draft`)
)

func TestCatalogue(t *testing.T) {
	all := Catalogue()
	if len(all) < 152 {
		t.Fatalf("%d requirements", len(all))
	}
	position := func(r Requirement) (int, string) { return slices.Index(Groups(), r.Group), r.ID }
	for i, r := range all {
		if !idForm.MatchString(r.ID) {
			t.Errorf("%s: not DF-GROUP-NNN", r.ID)
		}
		if !slices.Contains(Groups(), r.Group) {
			t.Errorf("%s: group %q is not in Groups()", r.ID, r.Group)
		}
		if i > 0 {
			group, id := position(r)
			lastGroup, lastID := position(all[i-1])
			if group < lastGroup || group == lastGroup && id <= lastID {
				t.Errorf("%s stands after %s", r.ID, lastID)
			}
		}
		if !slices.Contains([]string{"MUST", "SHOULD", "MAY", "DOC"}, r.Level) {
			t.Errorf("%s: level %q", r.ID, r.Level)
		}
		if !sections.MatchString(r.Source) {
			t.Errorf("%s: source %q names no section", r.ID, r.Source)
		}
		within(t, r.ID, "contracts", r.Contracts, []string{"documented", "rfc8628", "document"})
		if len(r.Contracts) == 0 {
			t.Errorf("%s: no contract", r.ID)
		}
		if r.AppliesTo(Standard) && r.Level == "DOC" {
			t.Errorf("%s: a DOC check under rfc8628", r.ID)
		}
		for _, ref := range r.Rulings {
			if Ruling(ref) == "" {
				t.Errorf("%s: ruling %q is not there", r.ID, ref)
			}
		}
		texts(t, r)
	}
}

func within(t *testing.T, id, what string, got, known []string) {
	t.Helper()
	for _, v := range got {
		if !slices.Contains(known, v) {
			t.Errorf("%s: %s holds %q", id, what, v)
		}
	}
}

// texts holds the prose to its form: whole sentences, a title of one line, and
// references that exist.
func texts(t *testing.T, r Requirement) {
	t.Helper()
	if len(r.Title) > 100 || strings.HasSuffix(r.Title, ".") {
		t.Errorf("%s: title %q is longer than a line or ends in a full stop", r.ID, r.Title)
	}
	v := reflect.ValueOf(r)
	for _, name := range []string{"Title", "Source", "Rationale", "How", "Fails", "Warns", "Remedy", "Undecided"} {
		text := v.FieldByName(name).String()
		if text == "" && name != "Undecided" {
			t.Errorf("%s: %s is empty", r.ID, name)
		}
		if name != "Title" && name != "Source" && text != "" && !strings.HasSuffix(text, ".") {
			t.Errorf("%s: %s does not end in a full stop: %q", r.ID, name, text)
		}
		for _, ref := range ruling.FindAllString(text, -1) {
			if !slices.Contains(r.Rulings, ref) {
				t.Errorf("%s: %s rests on %s, which its rulings lack", r.ID, name, ref)
			}
		}
		for _, ref := range regexp.MustCompile(`DF-[A-Z]+-\d{3}`).FindAllString(text, -1) {
			if _, err := Lookup(ref); err != nil {
				t.Errorf("%s: %s refers to %s, which is not there", r.ID, name, ref)
			}
		}
	}
}

// A ruling that no check rests on is dead text.
func TestRulingsAreUsed(t *testing.T) {
	used := map[string]bool{}
	for _, r := range Catalogue() {
		for _, ref := range r.Rulings {
			used[ref] = true
		}
	}
	for id, text := range rulings() {
		if !used[id] {
			t.Errorf("no check rests on %s", id)
		}
		if !strings.HasSuffix(text, ".") {
			t.Errorf("%s does not end in a full stop", id)
		}
	}
}

func TestLookup(t *testing.T) {
	for _, id := range []string{"DF-AUTHZ-003", "AUTHZ-003", "df-authz-003"} {
		if r, err := Lookup(id); err != nil || r.ID != "DF-AUTHZ-003" || r.Group != "AUTHZ" {
			t.Errorf("Lookup(%q) = %q, %v", id, r.ID, err)
		}
	}
	if _, err := Lookup("AUTZH-003"); err == nil || !strings.Contains(err.Error(), `"DF-AUTHZ-003"`) {
		t.Errorf("error = %v", err)
	}
}

func TestCatalogueIsStrict(t *testing.T) {
	for doc, want := range map[string]string{
		"- {id: DF-A-001, titel: x}":   `unknown key "titel"`,
		"- {id: DF-A-001, id: DF-A-2}": "given twice",
		"- {id: A-001}":                "not DF-GROUP-NNN",
	} {
		if _, err := readCatalogue([]byte(doc)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error = %v", doc, err)
		}
	}
}
