package reports

import (
	"fmt"
	"io"
	"strings"
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
	}
	p.sections(r, false)
	return p.err
}

// writeText renders all of a report as text, to be kept: every check with all its
// findings, and the exchanges that are cited.
func writeText(w io.Writer, r *Report) error {
	p := &printer{w: w}
	p.blocks([]block{r.headBlock()}, true)
	if c := r.Conformance; c != nil {
		p.printf("\n")
		for _, k := range c.Checks {
			p.printf("%s", checkText(k, true))
		}
	}
	p.sections(r, true)
	for _, x := range r.exchanges() {
		p.printf("\n%s\n", strings.Join(x.evidence(), "\n"))
	}
	return p.err
}

// about is what a check is, and how long it took.
func (c Check) about() string {
	var parts []string
	for _, part := range []string{c.Level, c.Source, duration(c.DurationMS)} {
		if part != "" && part != "0s" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

// sections prints what a report says after its list of checks.
func (p *printer) sections(r *Report, details bool) {
	for _, s := range r.sections() {
		p.printf("\n")
		p.blocks(s, details)
	}
	if pr := r.Run.Problem; pr != nil {
		p.printf("could not finish: %s\n", legible(pr.Message))
		if pr.Hint != "" {
			p.printf("hint: %s\n", legible(pr.Hint))
		}
		if pr.Curl != "" && details {
			p.printf("%s\n", legible(pr.Curl))
		}
	}
}

// WriteSummary renders what WriteText says after its list of checks.
func WriteSummary(w io.Writer, r *Report) error {
	p := &printer{w: w}
	p.sections(r, false)
	return p.err
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
func CheckText(c Check) string { return checkText(c, false) }

// checkText is a check with its first findings, or in full.
func checkText(c Check, full bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-12s %-15s %s\n", strings.ToUpper(string(c.Verdict)), c.ID, c.Title)
	about, findings := "", maxFindings
	if full {
		about, findings = c.about(), len(c.Findings)
	}
	for _, line := range []string{about, c.reason(), c.Power} {
		if line != "" {
			fmt.Fprintf(&b, "             %s\n", legible(line))
		}
	}
	for i, f := range c.Findings {
		if i == findings {
			fmt.Fprintf(&b, "             and %d more\n", len(c.Findings)-i)
			break
		}
		actual := legible(f.Actual)
		if !full {
			actual = short(actual, 200)
		}
		actual += bracketed(f.Seen())
		if f.Expected == "" {
			fmt.Fprintf(&b, "%12s %s\n", legible(string(f.Verdict)), actual)
			continue
		}
		fmt.Fprintf(&b, "%12s expected %s\n             got      %s\n", legible(string(f.Verdict)), legible(f.Expected),
			actual)
	}
	return b.String()
}

// reason is why a check has its verdict, where no finding says it.
func (c Check) reason() string {
	if len(c.Findings) == 0 || c.Verdict == Waived {
		return c.Reason
	}
	return ""
}

// bracketed is where a finding was seen, at the end of its line.
func bracketed(seen string) string {
	if seen == "" {
		return ""
	}
	return "  [" + seen + "]"
}

func duration(ms float64) string {
	return time.Duration(ms * float64(time.Millisecond)).Round(100 * time.Millisecond).String()
}
