package conformance

import (
	"testing"

	"github.com/dfcheck/dfcheck/reports"
)

// TestFindingsCarryTheirVerdict: what failed stands apart from what warned, the
// worst comes first and is the reason, and what repeats is counted.
func TestFindingsCarryTheirVerdict(t *testing.T) {
	j := &Judgement{}
	for _, id := range []string{"x1", "x2"} {
		j.Warn("a number", "a string", &Exchange{ID: id, Response: &Response{Status: 200}})
	}
	j.Fail("405", "501", &Exchange{ID: "x3", Response: &Response{Status: 501}})
	res := j.result(Check{})
	if res.Verdict != reports.Fail || res.Reason != "expected 405, got 501" || len(res.Findings) != 2 {
		t.Fatalf("%+v", res)
	}
	if f := res.Findings[0]; f.Verdict != reports.Fail || f.Seen() != "x3" {
		t.Errorf("first finding %+v", f)
	}
	if f := res.Findings[1]; f.Verdict != reports.Warning || f.Count != 2 || f.Seen() != "2 times, for example x1 x2" {
		t.Errorf("second finding %+v", f)
	}
}
