package reports

import (
	"fmt"
	"html"
	"io"
	"slices"
	"strings"
)

// maxMarkdown bounds the rendering, in bytes: what is longer than 1 MiB is shown
// nowhere, and several may stand in one summary of a CI job.
const maxMarkdown = 900_000

// A paper takes pieces of Markdown as long as there is room, and remembers those
// that did not fit.
type paper struct {
	text strings.Builder
	left []string // out
}

// add appends a piece as a whole, or notes that it was left out.
func (p *paper) add(what string, write func(*printer)) {
	var b strings.Builder
	write(&printer{w: &b})
	if p.text.Len()+b.Len() > maxMarkdown {
		p.left = append(p.left, what)
		return
	}
	p.text.WriteString(b.String())
}

// fold appends a piece that is shown when it is asked for.
func (p *paper) fold(what, summary string, write func(*printer)) {
	p.add(what, func(p *printer) {
		p.printf("\n<details><summary>%s</summary>\n", cell(summary))
		write(p)
		p.printf("\n</details>\n")
	})
}

// write writes what had room, and says what had not.
func (p *paper) write(w io.Writer) error {
	if len(p.left) > 0 {
		fmt.Fprintf(&p.text, "\nLeft out, as a summary of a CI job takes no more: %s. "+
			"The JSON and the HTML report have it.\n", exchangeList(p.left))
	}
	_, err := io.WriteString(w, p.text.String())
	return err
}

// writeMarkdown renders a report for pull requests and wikis: what matters most
// first, the evidence folded, and no more than such places take.
func writeMarkdown(w io.Writer, r *Report) error {
	p := &paper{}
	p.add("the verdict", r.markdownHead)
	if r.Conformance != nil {
		p.add("the table of what was found", r.markdownFound)
	}
	for _, s := range r.sections() {
		details := slices.DeleteFunc(slices.Clone(s), func(b block) bool { return !b.detail || b.empty() })
		notes := slices.DeleteFunc(s, func(b block) bool { return b.detail })
		p.add("the summary", func(p *printer) { p.markdownBlocks(notes) })
		if len(details) > 0 {
			p.fold("further figures", "More figures", func(p *printer) { p.markdownBlocks(details) })
		}
	}
	if r.Conformance != nil {
		r.markdownChecks(p)
	}
	if r.Load != nil {
		r.markdownViolations(p)
	}
	p.fold("what the run was", "About the run", func(p *printer) { p.markdownBlocks([]block{r.headBlock()}) })
	return p.write(w)
}

func (r *Report) markdownHead(p *printer) {
	p.printf("# dfcheck %s: %s\n\n", r.Run.Kind, cell(r.Target.Host))
	p.printf("%s · contract %s · exit code %d%s\n", r.Run.Started.UTC().Format("2006-01-02 15:04 MST"),
		cell(r.Target.Spec), r.Run.ExitCode, after(": ", exitMeaning[r.Run.ExitCode]))
	if pr := r.Run.Problem; pr != nil {
		p.printf("\n**Could not finish:** %s\n", cell(pr.Message))
		if pr.Hint != "" {
			p.printf("\n%s\n", cell(pr.Hint))
		}
		if pr.Curl != "" {
			p.code(legible(pr.Curl))
		}
	}
}

// markdownFound is how many checks have which verdict, and a line for each that
// did not pass.
func (r *Report) markdownFound(p *printer) {
	c := r.Conformance
	var head, counts []string
	for _, v := range []Verdict{Pass, Fail, Warning, Inconclusive, Skipped, Waived, Error} {
		head, counts = append(head, string(v)), append(counts, fmt.Sprint(c.Summary.Of(v)))
	}
	p.markdownTable([][]string{head, counts})
	if r.Run.ExitCode == ExitUndecided {
		p.printf("\n**Not judged, and demanded by --strict:**\n\n")
		for _, u := range c.Unjudged() {
			p.printf("- %s: %s\n", cell(u.Why), strings.Join(u.Checks, ", "))
		}
	}
	p.printf("\n")
	first := true
	for _, k := range c.Checks {
		if k.Verdict == Pass || k.Verdict == Skipped {
			continue
		}
		if first {
			p.printf("| check | level | verdict | what |\n|---|---|---|---|\n")
			first = false
		}
		p.printf("| %s | %s | **%s** | %s%s |\n", k.linked(), cell(k.Level), cell(string(k.Verdict)), cell(k.Title),
			markdownFindings(k))
	}
}

// linked is the id of a check, with a link to what it is about.
func (c Check) linked() string {
	if url := c.url(); url != "" {
		return "[" + c.ID + "](" + url + ")"
	}
	return c.ID
}

// markdownChecks are the findings with their exchanges, check by check, and then
// the checks that need nobody's attention.
func (r *Report) markdownChecks(p *paper) {
	var rest [][]string
	for _, k := range r.Conformance.Checks {
		if k.Verdict == Pass || k.Verdict == Skipped {
			rest = append(rest, []string{k.ID, string(k.Verdict), k.Title, strings.Trim(k.Reason+"; "+k.Power, "; "), k.about()})
			continue
		}
		p.fold("the exchanges of "+k.ID, strings.ToUpper(string(k.Verdict))+" "+k.ID+" "+k.Title, func(p *printer) {
			p.code(strings.TrimSpace(legible(k.reason()) + "\n" + r.findings(k)))
		})
	}
	if len(rest) > 0 {
		p.fold("the checks that passed or were skipped", "Passed and skipped", func(p *printer) {
			p.markdownTable(append([][]string{{"check", "verdict", "what", "why", "about"}}, rest...))
		})
	}
}

// markdownViolations are the exchanges that a load run cites.
func (r *Report) markdownViolations(p *paper) {
	for _, v := range r.Load.Violations {
		r.markdownExchanges(p, v.Title, v.Exchanges)
	}
	for _, e := range r.Load.Errors {
		r.markdownExchanges(p, e.Kind, []string{e.Exchange})
	}
}

func (r *Report) markdownExchanges(p *paper, of string, ids []string) {
	cited := r.cited(ids)
	if len(cited) == 0 {
		return
	}
	p.fold("the exchanges of "+cell(of), "Exchanges: "+of, func(p *printer) {
		p.code(evidenceOf(cited))
	})
}

// evidenceOf are exchanges as people read them, one after the other.
func evidenceOf(list []Exchange) string {
	var out []string
	for _, x := range list {
		out = append(out, strings.Join(x.evidence(), "\n"))
	}
	return strings.Join(out, "\n\n")
}

// code prints a text as it is: escaped, so that it is text also where the rest of the
// file is not read as Markdown.
func (p *printer) code(text string) { p.printf("\n<pre>\n%s\n</pre>\n", html.EscapeString(text)) }

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
func cell(s string) string { return markup.Replace(short(legible(s), 400)) }

var markup = strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;", ">", "&gt;", "&", "&amp;", "`", "'",
	"[", `\[`, "]", `\]`, "*", `\*`, "_", `\_`, "~", `\~`, `\`, `\\`)
