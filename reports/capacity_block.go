package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// blocks are the section of a capacity search in words and tables.
func (c *Capacity) blocks() []block {
	b := block{entries: []entry{{text: c.answer()}}}
	if c.FirstLimit != "" {
		b.label("first objective missed", "%s", c.FirstLimit)
	}
	if c.Saturated {
		b.add("the load generator was the limit: the server may support more")
	}
	if c.Stopped && c.FirstLimit != LimitStopped {
		b.add("%s", LimitStopped)
	}
	if c.MaxDevices > 0 {
		b.add("%s at most were to be tried", plural(c.MaxDevices, "device"))
	}
	b.table = c.curve()
	var notes block
	notes.notes(c.Notes)
	return []block{b, notes}
}

// answer is how many devices it is, within what.
func (c *Capacity) answer() string {
	text := ""
	switch {
	case c.High == 0 && c.Devices > 0 && !c.Saturated:
		text = fmt.Sprintf("at least %s devices: the largest crowd tried met every objective", grouped(c.Devices))
	case c.High == 0:
		text = fmt.Sprintf("at least %s devices", grouped(c.Devices))
	case c.Saturated || c.Stopped: // no interval was estimated
		text = fmt.Sprintf("%s devices (%s did not meet the objectives)", grouped(c.Devices), grouped(c.High))
	default:
		text = fmt.Sprintf("%s devices (%s to %s with %.0f %% confidence)", grouped(c.Devices), grouped(c.Low),
			grouped(c.High), 100*c.Confidence)
	}
	return fmt.Sprintf("%s, %s polls a second, within %s", text, figure(c.PollsPerSecond),
		strings.Join(c.Objectives, " and "))
}

// curve is a table of the measurements, by their size.
func (c *Capacity) curve() [][]string {
	out := [][]string{{"devices", "polls/s", "p50 ms", "p99 ms", "errors", ""}}
	for _, p := range slices.SortedStableFunc(slices.Values(c.Points),
		func(a, b CapacityPoint) int { return cmp.Compare(a.Devices, b.Devices) }) {
		out = append(out, []string{fmt.Sprint(p.Devices), fmt.Sprintf("%.0f", p.PollsPerSecond), fmt.Sprintf("%.2f", p.P50),
			fmt.Sprintf("%.2f", p.P99), fmt.Sprintf("%.2f %%", 100*p.ErrorRate), p.Outcome()})
	}
	return out
}
