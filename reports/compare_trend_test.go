package reports

import (
	"bytes"
	"strings"
	"testing"
)

// soaks are as many runs that left 300,000 codes behind, of which polls got slower by a
// slope for 100,000 of them.
func soaks(n int, slope, half float64, change func(*TrendFigure)) []*Report {
	return loadRuns(n, 1, func(l *Load) {
		poll := TrendFigure{Name: PollP99, Unit: "ms", Windows: 24, First: 2, Most: 2 + 3*slope, Slope: slope,
			Low: slope - half, High: slope + half, Verdict: Grows, Recovery: Recovers}
		if change != nil {
			change(&poll)
		}
		memory := TrendFigure{Name: "server: memory", Unit: "bytes", Windows: 24, Slope: 1e6 * slope,
			Low: 1e6 * (slope - half), High: 1e6 * (slope + half), Verdict: Grows, Recovery: Recovers}
		l.Trend = &Trend{Verdict: Grows, LeftBehind: 300_000, MostDead: 300_000, Figures: []TrendFigure{poll, memory}}
	})
}

// TestCompareTrends: growths of two sides differ where the interval of their difference
// does not hold zero, with one run on each side as well.
func TestCompareTrends(t *testing.T) {
	few := func(f *TrendFigure) { f.Verdict, f.Slope, f.Low, f.High = TooFew, 0, 0, 0 }
	for name, test := range map[string]struct {
		old, now  []*Report
		poll      Outcome
		memory    Outcome
		regressed bool
		headline  string
	}{
		"the same": {soaks(1, 20, .1, nil), soaks(1, 20.05, .1, nil), NotShown, NotShown, false,
			"Too few runs: 1 before and 1 now; it takes 5 on each side. Of codes left behind no difference is shown."},
		"slower": {soaks(1, 2, .1, nil), soaks(1, 20, .1, nil), GotWorse, Differs, true,
			"Worse: poll p99 +18 ms for 100,000"},
		"faster": {soaks(1, 20, .1, nil), soaks(1, 2, .1, nil), GotBetter, Differs, false,
			"Better: poll p99 −18 ms for 100,000"},
		"wide intervals": {soaks(1, 2, 8, nil), soaks(1, 12, 8, nil), NotShown, NotShown, false, "Too few runs"},
		"several runs tell more": {soaks(4, 2, 8, nil), soaks(4, 12, 8, nil), GotWorse, Differs, true,
			"Worse: poll p99 +10 ms"},
		"too little to speak of": {soaks(1, 2, .01, nil), soaks(1, 2.2, .01, nil), Tolerated, Differs, false, "Too few runs"},
		"not known": {soaks(1, 20, .1, few), soaks(1, 20, .1, nil), TooFewMeasured, NotShown, false,
			"Too few runs"},
	} {
		t.Run(name, func(t *testing.T) {
			c := compare(t, test.old, test.now, CompareOptions{Tolerance: DefaultTolerance})
			if len(c.Load.Trends) != 2 {
				t.Fatalf("%+v", c.Load.Trends)
			}
			if poll, memory := c.Load.Trends[0], c.Load.Trends[1]; poll.Outcome != test.poll || memory.Outcome != test.memory {
				t.Errorf("%+v\n%+v", poll, memory)
			}
			if c.Regressed() != test.regressed || !strings.HasPrefix(c.Headline().Text, test.headline) {
				t.Errorf("regressed: %v; %s", c.Regressed(), c.Headline().Text)
			}
		})
	}
	if c := compare(t, loadRuns(1, 1, nil), loadRuns(1, 1, nil), CompareOptions{}); c.Load.Trends != nil {
		t.Errorf("a crowd that leaves nothing behind: %+v", c.Load.Trends)
	}
}

// TestCompareTrendsIsTold: every format has the slopes, their difference and its interval,
// and what became of the recovery.
func TestCompareTrendsIsTold(t *testing.T) {
	leaks := func(f *TrendFigure) { f.Recovery = RecoversNot }
	c := compare(t, soaks(1, 2, .1, nil), soaks(1, 20, .1, leaks), CompareOptions{Tolerance: DefaultTolerance})
	for name, write := range map[string]func(*bytes.Buffer) error{
		"text":     func(b *bytes.Buffer) error { return c.WriteText(b) },
		"markdown": func(b *bytes.Buffer) error { return c.WriteMarkdown(b) },
		"html":     func(b *bytes.Buffer) error { return c.WriteHTML(b) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"poll p99", "2 ms", "20 ms", "18 ms", "17.9 ms", "18.1 ms",
			"before it recovers once the codes have expired, and now it does not recover"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s has no %q", name, want)
			}
		}
	}
}
