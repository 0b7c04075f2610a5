package reports

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dfcheck/dfcheck/spec"
)

func TestCitations(t *testing.T) {
	const rfc = "https://www.rfc-editor.org/rfc/rfc"
	for source, want := range map[string][]citation{
		"RFC 8628 sections 3.2, 3.5; by analogy RFC 6749 section 10.5": {
			{"RFC 8628 sections 3.2", rfc + "8628#section-3.2"}, {Text: ", "}, {"3.5", rfc + "8628#section-3.5"},
			{Text: "; by analogy "}, {"RFC 6749 section 10.5", rfc + "6749#section-10.5"}},
		"RFC 6749 sections 5.2, A.7 to A.9": {{"RFC 6749 sections 5.2", rfc + "6749#section-5.2"}, {Text: ", "},
			{"A.7", rfc + "6749#appendix-A.7"}, {Text: " to "}, {"A.9", rfc + "6749#appendix-A.9"}},
		"RFC 6749 appendix B; documented API, request types": {{"RFC 6749 appendix B", rfc + "6749#appendix-B"},
			{Text: "; documented API, request types"}},
		"RFC 9113":          {{"RFC 9113", rfc + "9113"}},
		"<script> RFC 1":    {{Text: "<script> "}, {"RFC 1", rfc + "1"}},
		"":                  nil,
		"Documented API, x": {{Text: "Documented API, x"}},
	} {
		if d := cmp.Diff(want, citations(source)); d != "" {
			t.Errorf("%s (-want +got):\n%s", source, d)
		}
	}
}

// Nothing of a source is lost, and every RFC in it can be read.
func TestCitationsOfTheCatalogue(t *testing.T) {
	for _, r := range spec.Catalogue() {
		text, links := "", 0
		for _, c := range citations(r.Source) {
			text += c.Text
			if strings.Contains(c.Text, "RFC") && c.URL != "" {
				links++
			}
		}
		if text != r.Source || links != strings.Count(r.Source, "RFC ") {
			t.Errorf("%s: %q is shown as %q with %d links", r.ID, r.Source, text, links)
		}
	}
}
