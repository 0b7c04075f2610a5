package reports

import (
	"fmt"
	"slices"
	"strings"
)

// LoadFacts are the run in figures.
func (p *page) LoadFacts() []fact {
	l := p.Load
	d, s, r := l.Devices, l.FlowShares, l.Requests
	share := func(v float64) string { return figure(100*v) + " %" }
	shards, plan := l.shardFact()
	all := []fact{
		{"Shards", shards, plan},
		{"Devices", grouped(d.Simulated), ""},
		{"Flows started", grouped(d.Started), grouped(d.Pending) + " in progress at the end"},
		{"Device authorization requests", grouped(r.Starts), failedOf(r.FailedStarts, r.TimedOutStarts)},
		{"Polls", grouped(r.Polls), failedOf(r.FailedPolls, r.TimedOutPolls)},
		{"Requests a second", figure(r.PerSecond), ""},
		{"Errors", share(l.ErrorRate), plural(l.Outcomes.Errors(), "request")},
		{"Steady state", "", ""},
		{"Flows that ended", grouped(d.Over()), fmt.Sprintf("%s approved, %s denied, %s expired, %s failed, %s abandoned",
			share(s.Approved), share(s.Denied), share(s.Expired), share(s.Failed), share(s.Abandoned))},
		{"Polls for each flow", figure(l.PollsPerFlow.Mean), share(l.PollWaste) + " of all polls were told to wait"},
		{"slow_down", grouped(l.Outcomes.SlowDown), ofPolls(l)},
		{"To the server", amount(r.BytesOut), ""}, {"From the server", amount(r.BytesIn), "without what TLS and TCP add"},
		{"Load generator", figure(l.Client.CPUSeconds) + " s of processor time", amount(l.Client.MaxRSSBytes) + " of memory"},
		{"Not sent", "", ""},
	}
	if r.SteadyPollsPerSecond > 0 {
		all[7].Value = figure(r.SteadyPollsPerSecond) + " polls a second on average"
		all[7].Note = "once all devices polled"
	}
	if r.NotSent > 0 {
		all[len(all)-1].Value = plural(r.NotSent, "request")
	}
	return slices.DeleteFunc(all, func(f fact) bool { return f.Value == "" || f.Value == "0" && f.Note == "" })
}

func ofPolls(l *Load) string {
	if l.Requests.Polls == 0 {
		return ""
	}
	share := float64(l.Outcomes.SlowDown) / float64(l.Requests.Polls)
	return figure(100*share) + " % of polls; each adds 5 s to the interval"
}

func failedOf(failed, timedOut uint64) string {
	if failed == 0 {
		return ""
	}
	return fmt.Sprintf("%s failed, %s of them without an answer in time", grouped(failed), grouped(timedOut))
}

// amount writes bytes as people say it.
func amount(n uint64) string {
	v := float64(n)
	for _, unit := range []string{"bytes", "kB", "MB"} {
		if v < 1000 {
			return figure(v) + " " + unit
		}
		v /= 1000
	}
	return figure(v) + " GB"
}

// timed is a row of the table of times.
type timed struct {
	Name string
	D    Distribution
}

// Times are the distributions of a load run, in milliseconds.
func (p *page) Times() (out []timed) {
	for _, s := range p.Load.distributions() {
		out = append(out, timed{s.name, s.d})
	}
	return out
}

// TrendFound is what became of the server while devices left codes behind.
func (p *page) TrendFound() []shownBlock {
	b := p.Load.Trend.block()
	b.title = ""
	return shownBlocks(b)
}

// ServerMetrics are the server's own.
func (p *page) ServerMetrics() []shownBlock {
	b := p.Load.serverBlock()
	b.title = ""
	return shownBlocks(b)
}

type outcomeRow struct {
	Name  string
	Count uint64
	Share float64 // of all requests
}

// OutcomeRows are the answers that came.
func (p *page) OutcomeRows() []outcomeRow {
	o, total := p.Load.Outcomes, float64(max(p.Load.Requests.Total(), 1))
	all := []outcomeRow{{"device code", o.DeviceCode, 0}, {"authorization_pending", o.AuthorizationPending, 0},
		{"slow_down", o.SlowDown, 0}, {"token", o.Token, 0}, {"access_denied", o.AccessDenied, 0},
		{"expired_token", o.ExpiredToken, 0}, {"refused, after the end of a flow", o.Refused, 0},
		{"another OAuth error", o.OAuthError, 0}, {"status 4xx", o.HTTP4xx, 0}, {"status 5xx", o.HTTP5xx, 0},
		{"malformed", o.Malformed, 0}, {"no answer in time", o.Timeout, 0}, {"connection refused or broken", o.Connection, 0}}
	for i := range all {
		all[i].Share = float64(all[i].Count) / total
	}
	return slices.DeleteFunc(all, func(r outcomeRow) bool { return r.Count == 0 })
}

// partTable is the groups or the stages of a run.
type partTable struct {
	Name  string
	Parts []Breakdown
}

// Parts are groups or stages, for their table.
func (p *page) Parts(name string, parts []Breakdown) partTable { return partTable{name, parts} }

// CapacityText is what the search says beside its answer, which is the headline.
func (p *page) CapacityText() []string {
	c := *p.Capacity
	c.Points = nil // they have their table
	return spoken(c.blocks())[1:]
}

// PlanText is a forecast in words.
func (p *page) PlanText() []string {
	f := *p.Plan
	f.Others = nil // they have their table
	return spoken(f.blocks())
}

// spoken are the lines of what a terminal would show.
func spoken(list []block) (lines []string) {
	var b strings.Builder
	p := &printer{w: &b}
	p.blocks(list, false)
	for line := range strings.Lines(strings.TrimSpace(b.String())) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines
}

// Change compares the polls of another interval with those of the plan.
func (p *page) Change(o ForecastRates) string {
	return change(o.PollsPerSecond, p.Plan.Rates.PollsPerSecond)
}
