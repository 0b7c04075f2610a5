package conformance

import (
	"math"
	"strings"
	"testing"

	"github.com/dfcheck/dfcheck/reports"
)

func TestSees(t *testing.T) {
	for _, c := range []struct {
		n    int
		rate float64
		want float64
	}{
		{0, 0.1, 0},
		{1, 0.1, 0.1},
		{20, 0.1, 0.88},
		{22, 0.1, 0.90},
		{114, 0.02, 0.90},
	} {
		if got := sees(c.n, c.rate); math.Abs(got-c.want) > 0.005 {
			t.Errorf("%d rounds see a fault of %g with %.3f, want %.2f", c.n, c.rate, got, c.want)
		}
	}
	if a, b := roundsFor(commonRate), roundsFor(rareRate); a != 22 || b != 114 {
		t.Errorf("%d and %d rounds are enough, want 22 and 114", a, b)
	}
}

func TestPowerIsThatOfTheRoundsThatCount(t *testing.T) {
	answered := &Exchange{Response: &Response{Status: 400}}
	j := &Judgement{}
	for range 20 {
		j.Round(answered)
	}
	j.Lost(LostOverlap)
	j.Lost(LostOverlap)
	const want = "20 rounds: would have seen a fault that shows in 10 % of rounds with 88 % probability; 90 % takes " +
		"22 rounds; " +
		"not counted: 2 (the requests did not overlap in time)"
	if got := j.power(commonRate); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	lost := &Judgement{}
	lost.Pass(answered)
	lost.Lost(LostAnswers)
	if res := lost.result(Check{}); res.Verdict != reports.Inconclusive || !strings.Contains(res.Reason, LostAnswers) {
		t.Errorf("with every round lost: %s, %q", res.Verdict, res.Reason)
	}
}
