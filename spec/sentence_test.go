package spec

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var placeForm = regexp.MustCompile(`^\d+(\.\d+)*(, .+)?$`)

// TestSentences: each sentence of a standard has its checks, or the reason for which it has
// none, and each check that is named exists.
func TestSentences(t *testing.T) {
	all := Sentences()
	if len(all) < 150 {
		t.Fatalf("%d sentences", len(all))
	}
	places := map[string]bool{}
	for _, s := range all {
		place := s.Standard + " " + s.At
		if places[place] || !placeForm.MatchString(s.At) {
			t.Errorf("%s is given twice, or is no place", place)
		}
		places[place] = true
		if (len(s.Checks) > 0) == (s.Excluded != "") {
			t.Errorf("%s needs checks, or a reason why it has none", place)
		}
		for _, id := range s.Checks {
			if r, err := Lookup(id); err != nil || r.ID != id {
				t.Errorf("%s: %s is no check", place, id)
			}
		}
		if !slices.Contains([]string{"MUST", "SHOULD", "MAY"}, s.Level) {
			t.Errorf("%s: level %q", place, s.Level)
		}
		for _, text := range []string{s.Says, s.Excluded} {
			if text != "" && !strings.HasSuffix(text, ".") {
				t.Errorf("%s: %q is no sentence", place, text)
			}
		}
	}
	files, err := fs.Glob(sentenceFiles, "requirements/*")
	if err != nil || len(files) != len(Standards) {
		t.Errorf("%d files for %d standards, %v", len(files), len(Standards), err)
	}
}

// sectionForm finds the sections of a standard that the source of a check cites.
var sectionForm = regexp.MustCompile(`RFC (\d+)(?: (?:sections?|appendix) ([0-9., and to]+))?`)

// TestCitedSectionsHaveSentences: a section of RFC 8628 or RFC 10027 by which a check
// justifies itself has a sentence, or no sentence could ask for the check.
func TestCitedSectionsHaveSentences(t *testing.T) {
	has := map[string]bool{}
	for _, s := range Sentences() {
		section, _, _ := strings.Cut(s.At, ",")
		has[s.Standard+" "+section] = true
	}
	for _, r := range Catalogue() {
		for _, m := range sectionForm.FindAllStringSubmatch(r.Source, -1) {
			if m[1] != "8628" && m[1] != "10027" {
				continue
			}
			for section := range strings.FieldsSeq(strings.NewReplacer(",", " ", "and", " ", "to", " ").Replace(m[2])) {
				section = strings.Trim(section, ".")
				if !has[fmt.Sprintf("RFC %s %s", m[1], section)] && !hasBelow(has, "RFC "+m[1]+" "+section+".") {
					t.Errorf("%s cites RFC %s section %s, of which no sentence is listed", r.ID, m[1], section)
				}
			}
		}
	}
}

func hasBelow(has map[string]bool, prefix string) bool {
	for place := range has {
		if strings.HasPrefix(place, prefix) {
			return true
		}
	}
	return false
}
