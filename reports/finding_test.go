package reports

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestEqualFindingsAreCounted(t *testing.T) {
	var list []Finding
	found := func(v Verdict, id string) Finding {
		return Finding{Verdict: v, Expected: "a number", Actual: "a string", Exchanges: []string{id}}
	}
	for _, id := range []string{"x1", "x2", "x3", "x4", "x4"} {
		list = AddFinding(list, found(Fail, id))
	}
	list = AddFinding(list, found(Warning, "x5"))
	if len(list) != 2 || list[0].Count != 5 || !slices.Equal(list[0].Exchanges, []string{"x1", "x2", "x3"}) ||
		list[1].Count != 0 {
		t.Fatalf("%+v", list)
	}
	if got := list[0].Seen(); got != "5 times, for example x1 x2 x3" {
		t.Errorf("Seen is %q", got)
	}
	if got := list[1].Seen(); got != "x5" {
		t.Errorf("Seen is %q", got)
	}
}

// TestEveryFormatMarksWhatFailed: a reader can tell a finding that failed from
// one that warned, and how often it was made.
func TestEveryFormatMarksWhatFailed(t *testing.T) {
	for name, format := range Formats {
		var b bytes.Buffer
		if err := format(&b, sample()); err != nil {
			t.Fatal(err)
		}
		at := "DF-POLL-003"
		if name == "html" {
			at = `data-check="DF-POLL-003"`
		}
		_, after, _ := strings.Cut(b.String(), at)
		after, _, _ = strings.Cut(after, "DF-POLL-004")
		times := "193 times"
		if name == "json" {
			times = `"count": 193`
		}
		for _, want := range []string{"warning", times} {
			if !strings.Contains(after, want) {
				t.Errorf("%s does not show %q:\n%s", name, want, after)
			}
		}
	}
}

// TestManyValuesAreBounded: what a server gets wrong with another value each time
// does not fill a report.
func TestManyValuesAreBounded(t *testing.T) {
	var list []Finding
	for i := range 200 {
		list = AddFinding(list, Finding{Verdict: Fail, Expected: "a lifetime", Actual: fmt.Sprint(i),
			Exchanges: []string{fmt.Sprint("x", i)}})
	}
	if len(list) != maxAlike+1 {
		t.Fatalf("%d findings, want %d", len(list), maxAlike+1)
	}
	if last := list[maxAlike]; last.Sentence() != "expected a lifetime, got "+others ||
		last.Seen() != "190 times, for example x10 x11 x12" {
		t.Errorf("%+v", last)
	}
}

// TestReasonsStandAlone: a finding that says why nothing was decided is printed
// without an expectation that nobody had.
func TestReasonsStandAlone(t *testing.T) {
	const why = "the code expired before a poll could be sent"
	r := &Report{Schema: Schema, Conformance: &Conformance{Checks: []Check{{ID: "DF-POLL-001", Verdict: Inconclusive,
		Reason:   why,
		Findings: []Finding{{Verdict: Inconclusive, Actual: why, Exchanges: []string{"x1"}}}}}}}
	for name, format := range Formats {
		var b bytes.Buffer
		if err := format(&b, r); err != nil {
			t.Fatal(err)
		}
		if out := content(name, b.String()); !strings.Contains(out, why) ||
			name != "json" && strings.Contains(out, "expected") {
			t.Errorf("%s:\n%s", name, out)
		}
	}
}
