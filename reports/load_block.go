package reports

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// saturatedText is what a saturated load run has to say of its figures.
const saturatedText = "the load generator was a bottleneck, so the figures do not describe the server alone"

// blocks are the section of a load run in words and tables. The time line is not
// among them: it has a line for every second.
func (l *Load) blocks(took string) []block {
	out := []block{l.shardsBlock(), l.summaryBlock(took), l.latencyBlock(), partsBlock("group", l.Groups),
		partsBlock("stage", l.Stages), l.Trend.block(), l.serverBlock(), l.judgementBlock(), l.expectedBlock(),
		l.runBlock(), l.answersBlock()}
	for _, part := range []struct {
		title string
		list  []Breakdown
	}{{"groups in full", l.Groups}, {"stages in full", l.Stages}} {
		if len(part.list) > 0 {
			out = append(out, block{title: part.title, table: breakdownTable(part.list), detail: true})
		}
	}
	return out
}

func (l *Load) summaryBlock(took string) (b block) {
	d, s, r := l.Devices, l.FlowShares, l.Requests
	b.add("%d devices, %d flows started: %d pending, %d approved, %d denied, %d expired, %d failed, %d abandoned",
		d.Simulated, d.Started, d.Pending, d.Approved, d.Denied, d.Expired, d.Failed, d.Abandoned)
	b.add("%d device authorization requests and %d polls, %.0f requests a second, %.3f %% errors, in %s",
		r.Starts, r.Polls, r.PerSecond, 100*l.ErrorRate, took)
	if r.SteadyPollsPerSecond > 0 {
		b.add("%s polls a second on average once all devices polled", figure(r.SteadyPollsPerSecond))
	}
	if text := l.Offered.String(); text != "" {
		b.add("%s", text)
	}
	if text := l.States.String(); text != "" {
		b.label("devices at the end", "%s", text)
	}
	for _, e := range l.Errors {
		b.entries = append(b.entries, entry{label: e.Kind, width: 20, text: e.String()})
	}
	if d.Over() > 0 {
		b.add("flows that ended: %.1f %% approved, %.1f %% denied, %.1f %% expired, %.1f %% failed, %.1f %% abandoned; "+
			"%.1f polls each; %.1f %% of all polls got authorization_pending or slow_down",
			100*s.Approved, 100*s.Denied, 100*s.Expired, 100*s.Failed, 100*s.Abandoned, l.PollsPerFlow.Mean, 100*l.PollWaste)
	}
	return b
}

// distributions are those of a run, by what they are called.
func (l *Load) distributions() []spread {
	return []spread{{"device authorization", l.Latency.Start}, {"poll", l.Latency.Poll},
		{"device authorization, service", l.Service.Start}, {"poll, service", l.Service.Poll},
		{"time to token", l.Latency.TimeToToken}, {"waiting for the next poll", l.TokenWait.Waiting},
		{"server", l.TokenWait.Server}, {"lag", l.Lag}}
}

// spread is a distribution under a name.
type spread struct {
	name string
	d    Distribution
}

func (l *Load) latencyBlock() block {
	return block{table: distributionTable("milliseconds", l.distributions())}
}

func distributionTable(title string, list []spread) [][]string {
	out := [][]string{{title, "count", "min", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"}}
	for _, r := range list {
		if r.d.Count == 0 {
			continue
		}
		row := []string{r.name, fmt.Sprint(r.d.Count)}
		for _, v := range []float64{r.d.Min, r.d.Mean, r.d.P50, r.d.P90, r.d.P95, r.d.P99, r.d.P999, r.d.Max} {
			row = append(row, fmt.Sprintf("%.2f", v))
		}
		out = append(out, row)
	}
	return out
}

// partsBlock has a line for each group or stage.
func partsBlock(part string, list []Breakdown) (b block) {
	if len(list) == 0 {
		return b
	}
	b.table = [][]string{{part, "devices", "flows", "polls/s", "errors", "poll p50", "p99", "token p50", "p95",
		"polls/flow", "approved", "denied", "expired"}}
	for _, g := range list {
		row := []string{g.Name, fmt.Sprint(g.Devices.Simulated), fmt.Sprint(g.Devices.Started)}
		for _, f := range []struct {
			format string
			v      float64
		}{{"%.0f", g.Requests.PollsPerSecond}, {"%.2f %%", 100 * g.ErrorRate}, {"%.2f", g.Latency.Poll.P50},
			{"%.2f", g.Latency.Poll.P99}, {"%.0f", g.Latency.TimeToToken.P50}, {"%.0f", g.Latency.TimeToToken.P95},
			{"%.1f", g.PollsPerFlow.Mean}, {"%.0f %%", 100 * g.FlowShares.Approved},
			{"%.0f %%", 100 * g.FlowShares.Denied}, {"%.0f %%", 100 * g.FlowShares.Expired}} {
			row = append(row, fmt.Sprintf(f.format, f.v))
		}
		b.table = append(b.table, row)
	}
	return b
}

// judgementBlock is what the run was held to, and what keeps its figures from being
// the server's.
func (l *Load) judgementBlock() (b block) {
	for _, v := range l.Violations {
		b.label(v.word(), "%s", v.String())
	}
	for _, t := range l.Thresholds {
		b.entries = append(b.entries, entry{label: strings.ToUpper(string(t.Verdict)), width: 12, text: t.String()})
	}
	if c := l.Client; c.Saturated {
		b.label("saturated", "%s; %s", c.Why, saturatedText)
	}
	for _, s := range l.Client.Shortages {
		b.add("this machine ran out of %s: %s not sent, and not counted elsewhere", s.Of, plural(s.NotSent, "request"))
	}
	b.notes(l.Notes)
	return b
}

// word is what a violation is called, by whether it breaks a rule.
func (v Violation) word() string {
	if v.Information {
		return "information"
	}
	return "violation"
}

// String is a violation with its example and where it was seen. The example is the
// server's: make it legible before a reader sees it.
func (v Violation) String() string {
	text := fmt.Sprintf("%s, %s (%s)", v.Title, plural(v.Count, "time"), strings.Trim(v.Check+", "+v.Kind, ", "))
	return text + after(" ", v.Example) + bracketed(exchangeList(v.Exchanges))
}

func (t Threshold) String() string {
	return strings.TrimRight(fmt.Sprintf("%s (%s) %s", t.Expression, t.Measured(), t.Reason), " ")
}

// runBlock is what was carried out, and on what.
func (l *Load) runBlock() block {
	b := block{title: "the run", detail: true}
	for _, key := range slices.Sorted(maps.Keys(l.Profile)) {
		var value strings.Builder
		e := json.NewEncoder(&value)
		e.SetEscapeHTML(false)
		if err := e.Encode(l.Profile[key]); err != nil { // no value of a JSON document
			fmt.Fprint(&value, l.Profile[key])
		}
		b.label("profile, "+key, "%s", strings.TrimSpace(value.String()))
	}
	b.label("shard", "%s", l.Shard)
	if s := l.Stopped; s != nil {
		b.add("%s", s)
	}
	c := l.Client
	b.label("load generator", "%.2f s of processor time, at most %s bytes of memory", c.CPUSeconds, grouped(c.MaxRSSBytes))
	if c.Machine != nil {
		b.label("load generator", "%s", c.Machine)
	}
	if c.Why != "" && !c.Saturated {
		b.label("load generator", "%s", c.Why)
	}
	return b
}

// answersBlock counts answers and requests, of which the summary has the most
// important.
func (l *Load) answersBlock() block {
	b := block{title: "requests and answers", detail: true}
	whole := l.Whole()
	whole.Name = "whole run"
	b.table = breakdownTable([]Breakdown{*whole})
	return b
}

// breakdownTable has a column for each part of a run, and all of their figures.
func breakdownTable(parts []Breakdown) [][]string {
	head, columns := []string{"figure"}, make([][]figureOf, len(parts))
	for i, p := range parts {
		head = append(head, p.Name)
		columns[i] = figuresOf("", reflect.ValueOf(p))
	}
	return append([][]string{head}, rowsOf(columns)...)
}

// rowsOf is a row for each figure that is not zero in all columns.
func rowsOf(columns [][]figureOf) (out [][]string) {
	for i, f := range columns[0] {
		row := []string{f.name}
		for _, c := range columns {
			row = append(row, c[i].value)
		}
		if slices.ContainsFunc(row[1:], func(v string) bool { return v != "0" }) {
			out = append(out, row)
		}
	}
	return out
}

// figureOf is a number of the document under the name that it has there.
type figureOf struct{ name, value string }

// figuresOf lists the numbers of a part of the document, members that are added to
// it included: "requests, failed polls".
func figuresOf(name string, v reflect.Value) (out []figureOf) {
	switch v.Kind() {
	case reflect.Uint64:
		return []figureOf{{name, grouped(v.Uint())}}
	case reflect.Float64:
		return []figureOf{{name, figure(v.Float())}}
	case reflect.Struct:
		for i := range v.NumField() {
			member, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if member == "sum" {
				continue // the mean says it
			}
			member = strings.ReplaceAll(member, "_", " ")
			out = append(out, figuresOf(strings.TrimPrefix(name+", "+member, ", "), v.Field(i))...)
		}
	}
	return out // names and histograms are no figures
}
