package threshold

import (
	"strings"
	"testing"

	"github.com/dfcheck/dfcheck/reports"
)

// The whole interval of a slope meets a limit, or misses it, or the run does not say.
func TestGrowth(t *testing.T) {
	slope := func(low, mid, high float64) *reports.Trend {
		return &reports.Trend{Figures: []reports.TrendFigure{{Name: reports.PollP99, Verdict: reports.Grows,
			Slope: mid, Low: low, High: high}}}
	}
	few := &reports.Trend{Why: "at most 12 were dead at one time", Figures: []reports.TrendFigure{
		{Name: reports.PollP99, Verdict: reports.TooFew}}}
	slow := reports.Client{Saturated: true, Why: "one request in a hundred left 80 ms late"}
	for _, tt := range []struct {
		name, text string
		trend      *reports.Trend
		client     reports.Client
		want       reports.Verdict
		reason     string
	}{
		{"below", "poll_growth < 10ms", slope(1, 2, 3), reports.Client{}, reports.Pass, ""},
		{"above", "poll_growth < 10ms", slope(11, 12, 13), reports.Client{}, reports.Fail, ""},
		{"within", "poll_growth < 10ms", slope(8, 9, 11), reports.Client{}, reports.Inconclusive, "8 to 11 ms"},
		{"a limit in seconds", "poll_growth < 1s", slope(11, 12, 13), reports.Client{}, reports.Pass, ""},
		{"our own machine", "poll_growth < 10ms", slope(11, 12, 13), slow, reports.Inconclusive, "this machine"},
		{"too few", "poll_growth < 10ms", few, reports.Client{}, reports.Inconclusive, "at most 12 were dead"},
		{"another figure", "start_growth < 10ms", slope(1, 2, 3), reports.Client{}, reports.Inconclusive, "no codes"},
		{"no trend", "poll_growth < 10ms", nil, reports.Client{}, reports.Inconclusive, "no codes were left behind"},
	} {
		th, err := Parse(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		got := th.Judge(&reports.Load{Trend: tt.trend, Client: tt.client})
		if got.Verdict != tt.want || !strings.Contains(got.Reason, tt.reason) || got.OK != (tt.want == reports.Pass) {
			t.Errorf("%s: %+v", tt.name, got)
		}
		if th.Lost(&reports.Load{Trend: tt.trend}, 0.9) {
			t.Errorf("%s: a growth is what a run is for, and does not end it", tt.name)
		}
	}
	for text, want := range map[string]string{
		"poll_growth < 10":             "a time needs its unit",
		"poll_growth < 10%":            `not measured in "%"`,
		"poll_growth.p99 < 10ms":       "a single figure",
		"poll_growth{group:tv} < 10ms": "a figure of the whole run",
		"token_growth < 10ms":          "the nearest is",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
