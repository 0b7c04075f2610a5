package reports

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// A block is a piece of a section as all formats of text show it: entries, then a
// table. What stands in it may be a server's: formats make it legible.
type block struct {
	title   string // empty for what follows from the section's title
	entries []entry
	table   [][]string // its head first
	// detail is set for what a console leaves out, and the formats that are kept
	// have.
	detail bool
}

// An entry is a sentence, or what a label stands for.
type entry struct {
	label string
	width int // of the label's column; 0 puts a colon after the label
	text  string
}

// empty reports whether there is nothing to show.
func (b block) empty() bool { return len(b.entries) == 0 && len(b.table) < 2 }

// add appends a sentence.
func (b *block) add(format string, args ...any) { b.label("", format, args...) }

// label appends a sentence under a label.
func (b *block) label(label, format string, args ...any) {
	b.entries = append(b.entries, entry{label: label, text: strings.TrimRight(fmt.Sprintf(format, args...), " ")})
}

// notes appends a note for each text.
func (b *block) notes(texts []string) {
	for _, n := range texts {
		b.label("note", "%s", n)
	}
}

func (e entry) String() string {
	switch {
	case e.label == "":
		return e.text
	case e.width > 0:
		return fmt.Sprintf("%-*s %s", e.width, e.label, e.text)
	}
	return e.label + ": " + e.text
}

// blocks prints a section on a terminal, without its details, or all of it.
func (p *printer) blocks(list []block, details bool) {
	for _, b := range list {
		if b.detail && !details || b.empty() {
			continue
		}
		if b.title != "" {
			p.printf("\n%s\n", legible(b.title))
		}
		for _, f := range b.entries {
			p.printf("%s\n", legible(f.String()))
		}
		p.columns(b.table)
	}
}

// inLine is how long a text of the last column may be that is aligned as figures are.
const inLine = 40

// columns prints a table, its columns aligned to the right, but for a last one of
// sentences.
func (p *printer) columns(table [][]string) {
	if len(table) < 2 {
		return
	}
	tw := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', tabwriter.AlignRight)
	before, end := "", "\t\n"
	if slices.ContainsFunc(table, func(row []string) bool { return len(row[len(row)-1]) > inLine }) {
		before, end = "  ", "\n"
	}
	for _, row := range table {
		for _, c := range row[:len(row)-1] {
			fmt.Fprintf(tw, "%s\t", oneLine(legible(c)))
		}
		fmt.Fprint(tw, before, oneLine(legible(row[len(row)-1])), end)
	}
	if p.err == nil {
		p.err = tw.Flush()
	}
}

// oneLine keeps a text from ending a row or a column.
func oneLine(s string) string { return strings.NewReplacer("\n", " ", "\t", " ").Replace(s) }

// markdownBlocks prints a section as Markdown.
func (p *printer) markdownBlocks(list []block) {
	for _, b := range list {
		if b.empty() {
			continue
		}
		if b.title != "" {
			p.printf("\n**%s**\n", cell(b.title))
		}
		if len(b.entries) > 0 {
			p.printf("\n")
		}
		for _, f := range b.entries {
			p.printf("- ")
			if f.label != "" {
				p.printf("`%s`: ", strings.ReplaceAll(oneLine(legible(f.label)), "`", "'"))
			}
			p.printf("%s\n", cell(strings.TrimSpace(f.text)))
		}
		p.markdownTable(b.table)
	}
}

func (p *printer) markdownTable(table [][]string) {
	if len(table) < 2 {
		return
	}
	p.printf("\n")
	for i, row := range table {
		for _, c := range row {
			p.printf("| %s ", cell(c))
		}
		p.printf("|\n")
		if i == 0 {
			p.printf("%s|\n", strings.Repeat("|---", len(row)))
		}
	}
}

// text is blocks as a text, with their details.
func blockText(list []block) string {
	var b strings.Builder
	p := &printer{w: &b}
	p.blocks(list, true)
	return strings.TrimSpace(b.String())
}
