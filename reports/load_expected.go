package reports

import "fmt"

// Expected is what arithmetic says of some figures of a run.
type Expected struct {
	PollsPerSecond float64 `json:"polls_per_second"` // once all devices poll
	PollsPerFlow   float64 `json:"polls_per_flow"`
	PollWaste      float64 `json:"poll_waste"`    // 0..1
	TokenWaitMS    float64 `json:"token_wait_ms"` // from the approval to the next poll, on average
}

// expectedTitle is what is shown apart on the page.
const expectedTitle = "forecast against measured"

// expectedBlock holds the forecast of a run against what was measured.
func (l *Load) expectedBlock() block {
	e := l.Expected
	if e == nil {
		return block{}
	}
	b := block{title: expectedTitle, detail: true,
		table: [][]string{{"figure", "forecast", "measured", "difference"}}}
	for _, r := range []struct {
		name               string
		expected, measured float64
	}{
		{"polls a second once all devices poll", e.PollsPerSecond, l.Requests.SteadyPollsPerSecond},
		{"polls for each flow", e.PollsPerFlow, l.PollsPerFlow.Mean},
		{"% of polls that are told to wait", 100 * e.PollWaste, 100 * l.PollWaste},
		{"wait for the next poll in ms, average", e.TokenWaitMS, l.TokenWait.Waiting.Mean},
	} {
		b.table = append(b.table, []string{r.name, figure(r.expected), figure(r.measured), offBy(r.measured, r.expected)})
	}
	return b
}

// offBy is the difference of what was measured from what was expected, in percent of that.
func offBy(measured, expected float64) string {
	if expected == 0 {
		return ""
	}
	return fmt.Sprintf("%+.1f %%", 100*(measured/expected-1))
}
