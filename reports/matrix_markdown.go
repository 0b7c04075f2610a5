package reports

import (
	"fmt"
	"io"
	"strings"
)

// WriteMarkdown renders the matrix for pull requests and wikis: the table, and
// under it the findings that its cells lead to. With page, the matrix as HTML
// relative to this file, cells lead there instead and nothing stands under the
// table.
func (m *Matrix) WriteMarkdown(w io.Writer, page string) error {
	p := &paper{}
	p.add("the table", func(p *printer) {
		m.markdownHead(p)
		for _, g := range m.Groups {
			m.markdownGroup(p, g, page)
		}
		p.printf("\npass: conforms · fail: does not · warn: harmless or deliberate deviation · open: not decided · " +
			"waived: known and accepted · –: does not apply\n")
	})
	if page == "" {
		m.markdownEvidence(p)
	}
	return p.write(w)
}

func (m *Matrix) markdownHead(p *printer) {
	p.printf("| check |")
	for _, s := range m.Servers {
		if s.Page != "" {
			p.printf(" [%s](%s) |", cell(s.Name), target(s.Page))
		} else {
			p.printf(" %s |", cell(s.Name))
		}
	}
	p.printf("\n|---|%s\n", strings.Repeat("---|", len(m.Servers)))
}

func (m *Matrix) markdownGroup(p *printer, g MatrixGroup, page string) {
	if len(g.Rows) == 0 && g.quiet() {
		return
	}
	p.printf("| **%s** |", cell(g.Name))
	for _, t := range g.Totals {
		if t.Ran() == 0 {
			p.printf(" – |")
			continue
		}
		p.printf(" %d of %d%s |", t.Pass, t.Ran(), after(", ", t.Found()))
	}
	p.printf("\n")
	for _, r := range g.Rows {
		p.printf("| %s %s |", cell(r.ID), cell(r.Title))
		for _, c := range r.Cells {
			p.printf(" %s |", c.markdown(page))
		}
		p.printf("\n")
	}
}

// quiet tells that no server was asked anything of the group.
func (g MatrixGroup) quiet() bool {
	for _, t := range g.Totals {
		if t.Total() > 0 {
			return false
		}
	}
	return true
}

func (c MatrixCell) markdown(page string) string {
	word := cell(c.Word())
	if c.Verdict == Fail || c.Verdict == Error {
		word = "**" + word + "**"
	}
	link := c.Link()
	if c.Anchor != "" && page != "" {
		link = page + link
	}
	if link == "" {
		return word
	}
	return "[" + word + "](" + target(link) + ")"
}

// markdownEvidence is what the cells lead to: first the findings of all servers, then
// the exchanges that show them, as far as there is room.
func (m *Matrix) markdownEvidence(p *paper) {
	for i, cells := range m.Evidence() {
		if len(cells) == 0 {
			continue
		}
		name := m.Servers[i].Name
		p.add("the findings of "+cell(name), func(p *printer) {
			p.printf("\n## %s\n", cell(name))
			for _, c := range cells {
				c.markdownFindings(p)
			}
		})
	}
	for i, cells := range m.Evidence() {
		for _, c := range cells {
			if len(c.Exchanges) > 0 {
				what := fmt.Sprintf("the exchanges of %s at %s", cell(c.ID), cell(m.Servers[i].Name))
				p.fold(what, c.ID+" at "+m.Servers[i].Name, func(p *printer) { p.code(evidenceOf(c.Exchanges)) })
			}
		}
	}
}

func (c MatrixCell) markdownFindings(p *printer) {
	p.printf("\n<a id=\"%s\"></a>**%s** %s: %s\n", target(c.Anchor), cell(c.Word()), cell(c.ID), cell(c.Title))
	if len(c.Findings) == 0 || c.Verdict == Waived {
		p.printf("- %s\n", cell(c.Reason))
	}
	for _, f := range c.Findings {
		p.printf("- %s%s %s\n", marked(c.Verdict, f), cell(f.Sentence()), cell(f.Seen()))
	}
}

// marked sets a finding apart that weighs less than its check.
func marked(check Verdict, f Finding) string {
	if f.Verdict == "" || f.Verdict == check {
		return ""
	}
	return cell(string(f.Verdict)) + ": "
}

func after(separator, s string) string {
	if s == "" {
		return ""
	}
	return separator + s
}

// target makes a path or an anchor fit between the brackets of a link, where it
// can neither end the link nor name a scheme.
func target(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_./#", c) >= 0:
			b.WriteByte(c)
		default:
			const digits = "0123456789ABCDEF"
			b.WriteString("%" + string(digits[c>>4]) + string(digits[c&15]))
		}
	}
	return b.String()
}
