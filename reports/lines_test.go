package reports

import (
	"strings"
	"testing"
)

// TestLines: of many checks with one reason the first is printed and the others are
// counted; of an interrupted run all are.
func TestLines(t *testing.T) {
	checks := []Check{
		{ID: "DF-A-001", Title: "a", Verdict: Inconclusive, Reason: "broken"},
		{ID: "DF-A-002", Title: "b", Verdict: Pass},
		{ID: "DF-A-003", Title: "c", Verdict: Inconclusive, Reason: "interrupted"},
		{ID: "DF-A-004", Title: "d", Verdict: Inconclusive, Reason: "broken"},
		{ID: "DF-A-005", Title: "e", Verdict: Fail, Reason: "broken"},
		{ID: "DF-A-006", Title: "f", Verdict: Inconclusive, Reason: "interrupted"},
		{ID: "DF-A-007", Title: "g", Verdict: Inconclusive, Reason: "alone"},
		{ID: "DF-A-008", Title: "h", Verdict: Inconclusive, Reason: "broken"},
	}
	for all, want := range map[bool]string{
		false: `INCONCLUSIVE DF-A-001        a
             broken
FAIL         DF-A-005        e
             broken
INCONCLUSIVE DF-A-007        g
             alone
INCONCLUSIVE 2 more checks: DF-A-004 DF-A-008
             broken
INCONCLUSIVE 2 checks: DF-A-003 DF-A-006
             interrupted
`,
		true: "",
	} {
		var b strings.Builder
		l := NewLines(&b, all)
		for _, c := range checks {
			if err := l.Print(c); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if all && strings.Count(b.String(), "DF-A-") != len(checks) {
			t.Errorf("all:\n%s", b.String())
		}
		if !all && b.String() != want {
			t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
		}
	}
}
