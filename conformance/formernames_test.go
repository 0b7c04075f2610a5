package conformance

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestFormerNames: a transcript from before a scenario or a step was renamed is judged
// as one from today.
func TestFormerNames(t *testing.T) {
	saved := func(scenario, step string) *Transcript {
		var b strings.Builder
		recorded := &Transcript{Header: Header{Schema: TranscriptSchema},
			Exchanges: []*Exchange{{ID: "x1", Scenario: scenario, Step: step}}, Events: []Event{{Scenario: scenario}}}
		if err := recorded.Save(&b); err != nil {
			t.Fatal(err)
		}
		again, err := Load(strings.NewReader(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		return again
	}
	for old := range formerNames {
		again := saved(old, "")
		if name := again.Exchanges[0].Scenario; name == old || again.Events[0].Scenario != name {
			t.Errorf("%q is read as %q and %q", old, again.Exchanges[0].Scenario, again.Events[0].Scenario)
		}
	}
	for _, old := range slices.Sorted(maps.Keys(formerSteps)) {
		if step := saved("altered codes", old).Exchanges[0].Step; step != formerSteps[old] {
			t.Errorf("the step %q is read as %q", old, step)
		}
	}
}
