package reports

import (
	"fmt"
	"strings"
	"testing"
)

// TestRetest: what became of each check in three runs, with the exchanges of the run in
// which it was worst.
func TestRetest(t *testing.T) {
	var runs []*Conformance
	for _, list := range [][]Verdict{{Pass, Fail, Pass, Pass, Skipped, Waived},
		{Pass, Fail, Fail, Inconclusive, Skipped, Waived}, {Pass, Inconclusive, Pass, Pass, Skipped, Waived}} {
		c := verdicts(list...).Conformance
		for i := range c.Checks {
			c.Checks[i].Findings = []Finding{{Verdict: c.Checks[i].Verdict, Actual: "seen", Exchanges: []string{"x1"}}}
		}
		c.Exchanges = []Exchange{{ID: "x1", Flow: "f1"}, {ID: "x2"}}
		c.Flows = []Flow{{ID: "f1", Moments: []Moment{{Exchange: "x1"}, {}}}}
		runs = append(runs, c)
	}
	section, list := Retest(runs)
	var got []string
	for _, r := range list {
		got = append(got, r.ID+" "+r.Outcome()+", "+r.Times()+", "+string(r.Verdict))
	}
	want := []string{"a FIXED, passed in 3 of 3 runs, pass",
		"b STILL FAILING, failed in 2 of 3 runs, not judged in 1, fail",
		"c FLAKY, failed in 1 of 3 runs, fail", "d NOT DECIDED, passed in 2 of 3 runs, not judged in 1, inconclusive",
		"e NOT DECIDED, passed in 0 of 3 runs, not judged in 3, skipped", "f STILL FAILING, failed in 3 of 3 runs, waived"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(section.Exchanges) != 6 || section.Exchanges[2].ID != "r2-x1" || section.Exchanges[2].Flow != "r2-f1" ||
		section.Exchanges[3].Flow != "" || section.Flows[1].ID != "r2-f1" ||
		section.Flows[1].Moments[0].Exchange != "r2-x1" || section.Flows[1].Moments[1].Exchange != "" {
		t.Errorf("exchanges %v, flows %v", section.Exchanges, section.Flows)
	}
	if cited := section.Checks[2].Findings[0].Exchanges; fmt.Sprint(cited) != "[r2-x1]" {
		t.Errorf("the flaky check cites %v", cited)
	}
	if section.Summary != (Summary{Pass: 1, Fail: 2, Inconclusive: 1, Skipped: 1, Waived: 1}) {
		t.Errorf("%+v", section.Summary)
	}
	if notes := strings.Join(section.Notes, "\n"); !strings.Contains(notes, "retest, flaky: c failed in 1 of 3 runs") {
		t.Errorf("notes: %s", notes)
	}
}
