package reports

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// maxFindings is how many findings of a check the console shows.
const maxFindings = 3

// WriteText renders a report for a terminal: a line for every check that is not
// a pass (with all, for every one), then the summary.
func WriteText(w io.Writer, r *Report, all bool) error {
	p := &printer{w: w}
	if c := r.Conformance; c != nil {
		lines := NewLines(p, all)
		for _, k := range c.Checks {
			_ = lines.Print(k) // the printer keeps the error
		}
		_ = lines.Close()
		p.conformance(r)
	}
	if r.Load != nil {
		p.load(r)
	}
	if r.Capacity != nil {
		p.capacity(r.Capacity)
	}
	if r.Plan != nil {
		p.forecast(r.Plan)
	}
	if pr := r.Run.Problem; pr != nil {
		p.printf("could not finish: %s\n", legible(pr.Message))
		if pr.Hint != "" {
			p.printf("hint: %s\n", legible(pr.Hint))
		}
	}
	return p.err
}

// section is what a capacity search or a plan says on a terminal.
func section(r *Report) string {
	var b strings.Builder
	p := &printer{w: &b}
	if r.Capacity != nil {
		p.capacity(r.Capacity)
	}
	if r.Plan != nil {
		p.forecast(r.Plan)
	}
	return strings.TrimSpace(b.String())
}

// WriteSummary renders what WriteText says after its list of checks.
func WriteSummary(w io.Writer, r *Report) error {
	rest := *r
	if c := r.Conformance; c != nil {
		p := &printer{w: w}
		p.conformance(r)
		if p.err != nil {
			return p.err
		}
		rest.Conformance = nil
	}
	return WriteText(w, &rest, false)
}

// printer keeps the first error of many prints.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) Write(b []byte) (int, error) {
	p.printf("%s", b)
	return len(b), p.err
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// CheckText is one check as the console shows it, with its first findings.
func CheckText(c Check) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-12s %-15s %s\n", strings.ToUpper(string(c.Verdict)), c.ID, c.Title)
	if c.Reason != "" && (len(c.Findings) == 0 || c.Verdict == Waived) {
		fmt.Fprintf(&b, "             %s\n", legible(c.Reason))
	}
	if c.Power != "" {
		fmt.Fprintf(&b, "             %s\n", legible(c.Power))
	}
	for i, f := range c.Findings {
		if i == maxFindings {
			fmt.Fprintf(&b, "             and %d more\n", len(c.Findings)-i)
			break
		}
		actual := short(legible(f.Actual), 200) + bracketed(f.Seen())
		if f.Expected == "" {
			fmt.Fprintf(&b, "%12s %s\n", legible(string(f.Verdict)), actual)
			continue
		}
		fmt.Fprintf(&b, "%12s expected %s\n             got      %s\n", legible(string(f.Verdict)), legible(f.Expected),
			actual)
	}
	return b.String()
}

// bracketed is where a finding was seen, at the end of its line.
func bracketed(seen string) string {
	if seen == "" {
		return ""
	}
	return "  [" + seen + "]"
}

func (p *printer) conformance(r *Report) {
	c := r.Conformance
	s := c.Summary
	p.printf("\n%s: %d passed, %d failed, %s, %d inconclusive, %d skipped, %d waived, %s in %s\n",
		Count(s.Total(), "check", "checks"),
		s.Pass, s.Fail, Count(s.Warning, "warning", "warnings"), s.Inconclusive, s.Skipped, s.Waived,
		Count(s.Error, "error", "errors"), duration(r.Run.DurationMS))
	for _, pw := range c.powers() {
		p.printf("found by chance: %s (%s)\n", legible(pw.text), strings.Join(pw.checks, ", "))
	}
	for _, n := range c.Notes {
		p.printf("note: %s\n", legible(n))
	}
	for _, w := range c.StaleWaivers {
		p.printf("stale waiver: %s (%s)\n", legible(w.ID), legible(w.Why))
	}
	if r.Run.ExitCode == ExitUndecided {
		p.printf("%s", unjudgedText(c))
	}
}

func duration(ms float64) string {
	return time.Duration(ms * float64(time.Millisecond)).Round(100 * time.Millisecond).String()
}

func (p *printer) load(r *Report) {
	l := r.Load
	d, s := l.Devices, l.FlowShares
	p.printf("\n%d devices, %d flows started: "+
		"%d pending, %d approved, %d denied, %d expired, %d failed, %d abandoned\n",
		d.Simulated, d.Started, d.Pending, d.Approved, d.Denied, d.Expired, d.Failed, d.Abandoned)
	p.printf("%d device authorization requests and %d polls, %.0f requests a second, %.3f %% errors, in %s\n",
		l.Requests.Starts, l.Requests.Polls, l.Requests.PerSecond, 100*l.ErrorRate, duration(r.Run.DurationMS))
	if l.Requests.SteadyPollsPerSecond > 0 {
		p.printf("%s polls a second on average once all devices polled\n", figure(l.Requests.SteadyPollsPerSecond))
	}
	p.loadErrors(l)
	if d.Over() > 0 {
		p.printf("flows that ended: %.1f %% approved, %.1f %% denied, "+
			"%.1f %% expired, %.1f %% failed, %.1f %% abandoned; "+
			"%.1f polls each; %.1f %% of all polls got authorization_pending or slow_down\n",
			100*s.Approved, 100*s.Denied, 100*s.Expired, 100*s.Failed, 100*s.Abandoned, l.PollsPerFlow.Mean,
			100*l.PollWaste)
	}
	p.table("milliseconds", []row{{"device authorization", l.Latency.Start}, {"poll", l.Latency.Poll},
		{"poll, service", l.Service.Poll},
		{"time to token", l.Latency.TimeToToken}, {"waiting for the next poll", l.TokenWait.Waiting},
		{"server", l.TokenWait.Server}, {"lag", l.Lag}})
	p.parts("group", l.Groups)
	p.parts("stage", l.Stages)
	for _, v := range l.Violations {
		kind := "violation"
		if v.Information {
			kind = "information"
		}
		p.printf("%s: %s, %s (%s) %s\n", kind, v.Title, plural(v.Count, "time"), v.Check, legible(v.Example))
	}
	for _, t := range l.Thresholds {
		p.printf("%-12s %s (%s) %s\n", strings.ToUpper(string(t.Verdict)), t.Expression, t.Measured(),
			legible(t.Reason))
	}
	if l.Client.Saturated {
		p.printf("saturated: %s; "+
			"the load generator was a bottleneck, so the figures do not describe the server alone\n",
			l.Client.Why)
	}
	for _, s := range l.Client.Shortages {
		p.printf("this machine ran out of %s: %s not sent, and not counted elsewhere\n", s.Of,
			plural(s.NotSent, "request"))
	}
	for _, n := range l.Notes {
		p.printf("note: %s\n", legible(n))
	}
}

// row of a table of distributions.
type row struct {
	name string
	d    Distribution
}

func (p *printer) table(title string, rows []row) {
	tw := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "%s\tcount\tmean\tp50\tp90\tp95\tp99\tp99.9\tmax\t\n", title)
	for _, r := range rows {
		if d := r.d; d.Count > 0 {
			fmt.Fprintf(tw, "%s\t%d\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t\n", r.name, d.Count, d.Mean, d.P50,
				d.P90, d.P95, d.P99, d.P999, d.Max)
		}
	}
	if p.err == nil {
		p.err = tw.Flush()
	}
}

// parts has a line for each group or stage.
func (p *printer) parts(part string, list []Breakdown) {
	if len(list) == 0 {
		return
	}
	tw := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "%s\tdevices\tflows\tpolls/s\terrors\tpoll p50\tp99\ttoken p50\tp95\tpolls/flow\t"+
		"approved\tdenied\texpired\t\n", part)
	for _, b := range list {
		fmt.Fprintf(tw, "%s\t%d\t%d\t%.0f\t%.2f %%\t%.2f\t%.2f\t%.0f\t%.0f\t%.1f\t%.0f %%\t%.0f %%\t%.0f %%\t\n",
			legible(b.Name), b.Devices.Simulated,
			b.Devices.Started, b.Requests.PollsPerSecond, 100*b.ErrorRate, b.Latency.Poll.P50, b.Latency.Poll.P99,
			b.Latency.TimeToToken.P50, b.Latency.TimeToToken.P95,
			b.PollsPerFlow.Mean, 100*b.FlowShares.Approved, 100*b.FlowShares.Denied, 100*b.FlowShares.Expired)
	}
	if p.err == nil {
		p.err = tw.Flush()
	}
}

func (p *printer) capacity(c *Capacity) {
	switch {
	case c.High == 0 && c.Devices > 0 && !c.Saturated:
		p.printf("\nat least %s devices: the largest crowd tried met every objective", grouped(c.Devices))
	case c.High == 0:
		p.printf("\nat least %s devices", grouped(c.Devices))
	case c.Saturated || c.Stopped: // no interval was estimated
		p.printf("\n%s devices (%s did not meet the objectives)", grouped(c.Devices), grouped(c.High))
	default:
		p.printf("\n%s devices (%s to %s with %.0f %% confidence)", grouped(c.Devices), grouped(c.Low), grouped(c.High),
			100*c.Confidence)
	}
	p.printf(", %s polls a second, within %s\n", figure(c.PollsPerSecond), strings.Join(c.Objectives, " and "))
	if c.FirstLimit != "" {
		p.printf("first objective missed: %s\n", c.FirstLimit)
	}
	if c.Saturated {
		p.printf("the load generator was the limit: the server may support more\n")
	}
	p.curve(c.Points)
	for _, n := range c.Notes {
		p.printf("note: %s\n", legible(n))
	}
}

// curve is a table of the measurements, by their size.
func (p *printer) curve(points []CapacityPoint) {
	if len(points) == 0 {
		return
	}
	tw := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "devices\tpolls/s\tp50 ms\tp99 ms\terrors\t\t\n")
	for _, c := range slices.SortedStableFunc(slices.Values(points),
		func(a, b CapacityPoint) int { return cmp.Compare(a.Devices, b.Devices) }) {
		fmt.Fprintf(tw, "%d\t%.0f\t%.2f\t%.2f\t%.2f %%\t%s\t\n", c.Devices, c.PollsPerSecond, c.P50, c.P99,
			100*c.ErrorRate, c.Outcome())
	}
	if p.err == nil {
		p.err = tw.Flush()
	}
}
