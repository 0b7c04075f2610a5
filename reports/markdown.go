package reports

import (
	"fmt"
	"io"
	"strings"
)

// writeMarkdown renders a report for pull requests and wikis.
func writeMarkdown(w io.Writer, r *Report) error {
	p := &printer{w: w}
	p.printf("# dfcheck %s: %s\n\n", r.Run.Kind, cell(r.Target.Host))
	p.printf("%s · contract %s · exit code %d\n\n", r.Run.Started.UTC().Format("2006-01-02 15:04 MST"),
		cell(r.Target.Spec), r.Run.ExitCode)
	if pr := r.Run.Problem; pr != nil {
		p.printf("**Could not finish:** %s\n\n", cell(pr.Message))
	}
	if c := r.Conformance; c != nil {
		p.printf("| pass | fail | warning | inconclusive | skipped | waived | error |\n|---|---|---|---|---|---|---|\n")
		s := c.Summary
		p.printf("| %d | %d | %d | %d | %d | %d | %d |\n\n", s.Pass, s.Fail, s.Warning, s.Inconclusive, s.Skipped,
			s.Waived, s.Error)
		if r.Run.ExitCode == ExitUndecided {
			p.printf("**Not judged, and demanded by --strict:**\n\n")
			for _, u := range c.Unjudged() {
				p.printf("- %s: %s\n", cell(u.Why), strings.Join(u.Checks, ", "))
			}
			p.printf("\n")
		}
		p.printf("| check | level | verdict | what |\n|---|---|---|---|\n")
		for _, k := range c.Checks {
			if k.Verdict != Pass && k.Verdict != Skipped {
				p.printf("| %s | %s | **%s** | %s%s |\n", k.ID, k.Level, k.Verdict, cell(k.Title), markdownFindings(k))
			}
		}
		p.printf("\n")
		for _, pw := range c.powers() {
			p.printf("- %s (%s)\n", cell(pw.text), strings.Join(pw.checks, ", "))
		}
	}
	if l := r.Load; l != nil {
		p.printf("| requests/s | errors | poll p50 | poll p99 | lag p99 |\n|---|---|---|---|---|\n"+
			"| %.0f | %.3f %% | %.1f ms | %.1f ms | %.1f ms |\n",
			l.Requests.PerSecond, 100*l.ErrorRate, l.Latency.Poll.P50, l.Latency.Poll.P99, l.Lag.P99)
		for _, t := range l.Thresholds {
			p.printf("\n- **%s** `%s` (%s) %s", t.Verdict, t.Expression, t.Measured(), cell(t.Reason))
		}
		if text := l.Offered.String(); text != "" {
			p.printf("\n- %s", cell(text))
		}
		for _, e := range l.Errors {
			p.printf("\n- `%s`: %s", e.Kind, cell(e.String()))
		}
		for _, v := range l.Violations {
			p.printf("\n- %s: %d", cell(v.Title), v.Count)
		}
		if l.Client.Saturated {
			p.printf("\n- saturated: %s; "+
				"the load generator was a bottleneck, so the figures do not describe the server alone",
				cell(l.Client.Why))
		}
		for _, n := range l.Notes {
			p.printf("\n- %s", cell(n))
		}
		p.printf("\n")
	}
	if r.Capacity != nil || r.Plan != nil { // indented, so that nothing in it is markup
		p.printf("    %s\n", strings.ReplaceAll(section(r), "\n", "\n    "))
	}
	return p.err
}

// markdownFindings are the lines below a check's title: its first findings, each
// under its verdict, or its reason where there are none.
func markdownFindings(c Check) string {
	if len(c.Findings) == 0 || c.Verdict == Waived {
		return "<br>" + cell(c.Reason)
	}
	var b strings.Builder
	for i, f := range c.Findings {
		if i == maxFindings {
			fmt.Fprintf(&b, "<br>and %d more", len(c.Findings)-i)
			break
		}
		times := ""
		if f.Count > 1 {
			times = fmt.Sprintf(" (%d times)", f.Count)
		}
		fmt.Fprintf(&b, "<br>%s%s%s", marked(c.Verdict, f), cell(f.Sentence()), times)
	}
	return b.String()
}

// cell makes a text fit into a table of Markdown, where it can neither break
// the table nor add markup.
func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "<", "&lt;", ">", "&gt;", "`", "'", "[", "\\[", "]", "\\]", "*",
		"\\*", "_", "\\_").Replace(short(legible(s), 400))
}
