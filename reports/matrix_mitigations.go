package reports

import (
	"errors"
	"io"
	"slices"
	"strings"
)

// MitigationRow is one mitigation of RFC 10027 section 6.1, server by server.
type MitigationRow struct {
	Section, Name string
	Cells         []Mitigation // without a state where the report has no inventory
}

// errNoInventory says why there is nothing to compare.
var errNoInventory = errors.New("none of the reports says which mitigations were seen: they were made by an older " +
	"dfcheck, or left out every check that shows one; run `dfcheck conformance --report json=FILE` again")

// Mitigations sets the inventories of the reports side by side. It is an error that none of
// them has one.
func (m *Matrix) Mitigations() ([]MitigationRow, error) {
	var rows []MitigationRow
	for i, s := range m.Servers {
		if s.Report.Conformance.Mitigations == nil {
			continue
		}
		for _, one := range s.Report.Conformance.Mitigations.Rows {
			at := slices.IndexFunc(rows, func(r MitigationRow) bool { return r.Section == one.Section })
			if at < 0 {
				at, rows = len(rows), append(rows, MitigationRow{one.Section, one.Name, make([]Mitigation, len(m.Servers))})
			}
			rows[at].Cells[i] = one
		}
	}
	if rows == nil {
		return nil, errNoInventory
	}
	return rows, nil
}

// stateMeaning explains the words of the table.
const stateMeaning = "seen: the checks of a mitigation passed · seen in part: some of them, or they do not show all " +
	"of it · not seen: none · not visible from outside: nothing of it shows to a test · not judged: what would show " +
	"it was skipped, or left open · –: the report has no inventory"

// WriteMitigationsMarkdown renders the inventories as a table, and what each state rests
// on under it.
func (m *Matrix) WriteMitigationsMarkdown(w io.Writer) error {
	rows, err := m.Mitigations()
	if err != nil {
		return err
	}
	p := &paper{}
	p.add("the table", func(p *printer) {
		p.printf("| RFC 10027 |")
		for _, s := range m.Servers {
			p.printf(" %s |", cell(s.Name))
		}
		p.printf("\n|---|%s\n", strings.Repeat("---|", len(m.Servers)))
		for _, r := range rows {
			p.printf("| %s %s |", cell(r.Section), cell(r.Name))
			for _, c := range r.Cells {
				p.printf(" %s |", cell(c.Word()))
			}
			p.printf("\n")
		}
		p.printf("\n%s\n", stateMeaning)
	})
	for i, s := range m.Servers {
		p.add("the evidence of "+cell(s.Name), func(p *printer) {
			p.printf("\n## %s\n\n", cell(s.Name))
			for _, r := range rows {
				if c := r.Cells[i]; c.State != "" {
					p.printf("- %s %s, %s: %s\n", cell(r.Section), cell(r.Name), cell(c.Word()), cell(c.Evidence))
				}
			}
		})
	}
	return p.write(w)
}

// Word is a state as it fits into a cell.
func (m Mitigation) Word() string {
	if m.State == "" {
		return "–"
	}
	return string(m.State)
}

// Class is the verdict whose colour the state has.
func (m Mitigation) Class() Verdict {
	return map[State]Verdict{Seen: Pass, SeenInPart: Warning, NotSeen: Fail, NotJudged: Inconclusive}[m.State]
}

// WriteMitigationsHTML renders the inventories as a page that needs nothing else.
func (m *Matrix) WriteMitigationsHTML(w io.Writer) error {
	rows, err := m.Mitigations()
	if err != nil {
		return err
	}
	return matrixTemplate.ExecuteTemplate(w, "mitigations", struct {
		*Matrix
		sheet
		Rows    []MitigationRow
		Meaning string
	}{m, matrixSheet(), rows, stateMeaning})
}
