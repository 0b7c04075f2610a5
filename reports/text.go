package reports

import (
	"fmt"
	"io"
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
		for _, k := range c.Checks {
			if all || k.Verdict != Pass && k.Verdict != Skipped {
				p.printf("%s", CheckText(k))
			}
		}
		p.conformance(r)
	}
	if r.Load != nil {
		p.load(r)
	}
	if r.Capacity != nil {
		p.capacity(r.Capacity)
	}
	if pr := r.Run.Problem; pr != nil {
		p.printf("could not finish: %s\n", legible(pr.Message))
		if pr.Hint != "" {
			p.printf("hint: %s\n", legible(pr.Hint))
		}
	}
	return p.err
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
	for i, f := range c.Findings {
		if i == maxFindings {
			fmt.Fprintf(&b, "             and %d more\n", len(c.Findings)-i)
			break
		}
		fmt.Fprintf(&b, "             expected %s\n             got      %s  [%s]\n", legible(f.Expected), short(legible(f.Actual), 200), exchangeList(f.Exchanges))
	}
	return b.String()
}

func exchangeList(ids []string) string {
	if len(ids) > 6 {
		return strings.Join(ids[:6], " ") + fmt.Sprintf(" and %d more", len(ids)-6)
	}
	return strings.Join(ids, " ")
}

func (p *printer) conformance(r *Report) {
	c := r.Conformance
	s := c.Summary
	p.printf("\n%d checks: %d passed, %d failed, %d warnings, %d inconclusive, %d skipped, %d waived, %d errors in %s\n",
		s.Total(), s.Pass, s.Fail, s.Warning, s.Inconclusive, s.Skipped, s.Waived, s.Error, duration(r.Run.DurationMS))
	for _, n := range c.Notes {
		p.printf("note: %s\n", legible(n))
	}
	for _, w := range c.StaleWaivers {
		p.printf("stale waiver: %s (%s)\n", legible(w.ID), legible(w.Why))
	}
}

func duration(ms float64) string {
	return time.Duration(ms * float64(time.Millisecond)).Round(100 * time.Millisecond).String()
}

func (p *printer) load(r *Report) {
	l := r.Load
	p.printf("\n%d devices, %d flows started: %d pending, %d approved, %d denied, %d expired, %d failed, %d abandoned\n",
		l.Devices.Simulated, l.Devices.Started, l.Devices.Pending, l.Devices.Approved, l.Devices.Denied, l.Devices.Expired, l.Devices.Failed, l.Devices.Abandoned)
	p.printf("%d starts and %d polls, %.0f requests a second, %.3f %% errors, in %s\n",
		l.Requests.Starts, l.Requests.Polls, l.Requests.PerSecond, 100*l.ErrorRate, duration(r.Run.DurationMS))
	tw := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "milliseconds\tcount\tmean\tp50\tp90\tp95\tp99\tp99.9\tmax\t\n")
	for _, row := range []struct {
		name string
		d    Distribution
	}{
		{"start", l.Latency.Start}, {"poll", l.Latency.Poll}, {"poll, service", l.Service.Poll},
		{"time to token", l.Latency.TimeToToken}, {"lag", l.Lag},
	} {
		if row.d.Count > 0 {
			d := row.d
			fmt.Fprintf(tw, "%s\t%d\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t\n", row.name, d.Count, d.Mean, d.P50, d.P90, d.P95, d.P99, d.P999, d.Max)
		}
	}
	if p.err == nil {
		p.err = tw.Flush()
	}
	for _, v := range l.Violations {
		kind := "violation"
		if v.Information {
			kind = "information"
		}
		p.printf("%s: %s, %d times (%s) %s\n", kind, v.Title, v.Count, v.Check, legible(v.Example))
	}
	for _, t := range l.Thresholds {
		p.printf("%-12s %s (%g) %s\n", strings.ToUpper(string(t.Verdict)), t.Expression, t.Value, legible(t.Reason))
	}
	if l.Client.Saturated {
		p.printf("saturated: %s; the figures are those of this machine as much as of the server\n", l.Client.Why)
	}
	for _, n := range l.Notes {
		p.printf("note: %s\n", legible(n))
	}
}

func (p *printer) capacity(c *Capacity) {
	p.printf("\n%d devices (%d to %d with %.0f %% confidence), %.0f polls a second\n", c.Devices, c.Low, c.High, 100*c.Confidence, c.PollsPerSecond)
	if c.FirstLimit != "" {
		p.printf("gave first: %s\n", c.FirstLimit)
	}
	if c.Saturated {
		p.printf("this machine was the limit: the server may hold more\n")
	}
	for _, n := range c.Notes {
		p.printf("note: %s\n", legible(n))
	}
}
