package conformance

import (
	"strings"
	"testing"
)

// TestFormerNames: a transcript from before a scenario was renamed is judged as one
// from today.
func TestFormerNames(t *testing.T) {
	for old := range formerNames {
		var b strings.Builder
		recorded := &Transcript{Header: Header{Schema: TranscriptSchema},
			Exchanges: []*Exchange{{ID: "x1", Scenario: old}}, Events: []Event{{Scenario: old}}}
		if err := recorded.Save(&b); err != nil {
			t.Fatal(err)
		}
		again, err := Load(strings.NewReader(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		if name := again.Exchanges[0].Scenario; name == old || again.Events[0].Scenario != name {
			t.Errorf("%q is read as %q and %q", old, again.Exchanges[0].Scenario, again.Events[0].Scenario)
		}
	}
}
