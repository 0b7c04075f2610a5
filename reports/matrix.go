package reports

import (
	"fmt"
	"slices"
	"strings"
)

// A Matrix sets conformance reports side by side: servers across, checks down.
type Matrix struct {
	Servers []MatrixServer
	Groups  []MatrixGroup
}

// MatrixServer is one column.
type MatrixServer struct {
	Name string // as the user calls it
	// Page is the server's own HTML report, relative to the matrix; empty when
	// there is none.
	Page   string
	Report *Report
}

// MatrixGroup is the rows of one group of checks.
type MatrixGroup struct {
	Name string
	Rows []MatrixRow
	// Totals counts the group's verdicts, server by server.
	Totals []Summary
}

// MatrixRow is one check.
type MatrixRow struct {
	ID, Level, Title string
	Cells            []MatrixCell // server by server
}

// MatrixCell is what became of a check at a server. A check that the server was
// not asked has no verdict.
type MatrixCell struct {
	Check
	Exchanges []Exchange // that its findings cite
	Anchor    string     // of its evidence in the matrix; empty when it has none
	Page      string     // of its evidence elsewhere
}

// MatrixRows says which checks a matrix shows.
type MatrixRows string

const (
	MatrixAll    MatrixRows = "all"
	MatrixFound  MatrixRows = "found"  // those that some server did not pass
	MatrixGroups MatrixRows = "groups" // none, only how many of each group
)

// NewMatrix sets reports side by side, in the order they are given. Rows are in
// the order of the first report that has them, groups stay together. A report
// without a conformance section is an error, and so is a name given twice.
func NewMatrix(servers []MatrixServer, rows MatrixRows) (*Matrix, error) {
	m := &Matrix{Servers: servers}
	index := map[string]int{} // of groups
	for i, s := range servers {
		if s.Report.Conformance == nil {
			return nil, fmt.Errorf("the report of %s has no conformance section: it is of a %s run",
				s.Name, s.Report.Run.Kind)
		}
		if slices.ContainsFunc(servers[:i], func(o MatrixServer) bool { return o.Name == s.Name }) {
			return nil, fmt.Errorf("two reports are called %s; name them: NAME=REPORT.json", s.Name)
		}
		for _, c := range s.Report.Conformance.Checks {
			at, ok := index[c.Group]
			if !ok {
				at = len(m.Groups)
				index[c.Group] = at
				m.Groups = append(m.Groups, MatrixGroup{Name: c.Group, Totals: make([]Summary, len(servers))})
			}
			m.Groups[at].set(i, len(servers), m.cell(i, c))
		}
	}
	for i := range m.Groups {
		m.Groups[i].finish(rows)
	}
	return m, nil
}

// cell gathers the evidence of a verdict.
func (m *Matrix) cell(server int, c Check) MatrixCell {
	cell := MatrixCell{Check: c}
	s := m.Servers[server]
	if s.Page != "" {
		cell.Page = s.Page + "#" + c.ID
	}
	if c.Verdict == Pass || c.Verdict == Skipped {
		return cell
	}
	cell.Anchor = anchor(server, c.ID)
	for _, x := range s.Report.Conformance.Exchanges {
		if slices.ContainsFunc(c.Findings, func(f Finding) bool { return slices.Contains(f.Exchanges, x.ID) }) {
			cell.Exchanges = append(cell.Exchanges, x)
		}
	}
	return cell
}

// anchor names a cell; an id that a foreign report brings is cut down to what an
// anchor may hold.
func anchor(server int, id string) string {
	return fmt.Sprintf("s%d-%s", server+1, strings.Map(func(r rune) rune {
		if r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return -1
	}, id))
}

func (g *MatrixGroup) set(server, servers int, cell MatrixCell) {
	at := slices.IndexFunc(g.Rows, func(r MatrixRow) bool { return r.ID == cell.ID })
	if at < 0 {
		at = len(g.Rows)
		g.Rows = append(g.Rows, MatrixRow{ID: cell.ID, Level: cell.Level, Title: cell.Title,
			Cells: make([]MatrixCell, servers)})
	}
	g.Rows[at].Cells[server] = cell
}

// finish orders the rows, counts them, and leaves out what is not wanted.
func (g *MatrixGroup) finish(rows MatrixRows) {
	slices.SortStableFunc(g.Rows, func(a, b MatrixRow) int { return strings.Compare(a.ID, b.ID) })
	for i := range g.Totals {
		var checks []Check
		for _, r := range g.Rows {
			if r.Cells[i].Verdict != "" {
				checks = append(checks, r.Cells[i].Check)
			}
		}
		g.Totals[i] = Tally(checks)
	}
	switch rows {
	case MatrixFound:
		g.Rows = slices.DeleteFunc(g.Rows, func(r MatrixRow) bool {
			return !slices.ContainsFunc(r.Cells, func(c MatrixCell) bool { return c.Anchor != "" })
		})
	case MatrixGroups:
		g.Rows = nil
	}
}

// Evidence lists the cells that have something to show, server by server.
func (m *Matrix) Evidence() [][]MatrixCell {
	out := make([][]MatrixCell, len(m.Servers))
	for _, g := range m.Groups {
		for _, r := range g.Rows {
			for i, c := range r.Cells {
				if c.Anchor != "" {
					out[i] = append(out[i], c)
				}
			}
		}
	}
	return out
}

// Word is a verdict as it fits into a cell.
func (c MatrixCell) Word() string {
	switch c.Verdict {
	case "":
		return ""
	case Skipped:
		return "–"
	case Inconclusive:
		return "open"
	case Warning:
		return "warn"
	}
	return string(c.Verdict)
}

// Link is where the cell's evidence is, empty when there is nothing to see.
func (c MatrixCell) Link() string {
	if c.Anchor != "" {
		return "#" + c.Anchor
	}
	return c.Page
}

// Worst is the gravest verdict that a group has at a server, empty when it has
// none.
func (s Summary) Worst() Verdict {
	for _, v := range slices.Backward(Verdicts) {
		if s.Of(v) > 0 {
			return v
		}
	}
	return ""
}

// Ran is how many checks were not skipped.
func (s Summary) Ran() int { return s.Total() - s.Skipped }

// Found tells the verdicts that are no pass, gravest first: "2 fail, 1 warn".
func (s Summary) Found() string {
	var out []string
	for _, v := range slices.Backward(Verdicts) {
		if n := s.Of(v); n > 0 && v != Pass && v != Skipped {
			out = append(out, fmt.Sprintf("%d %s", n, MatrixCell{Check: Check{Verdict: v}}.Word()))
		}
	}
	return strings.Join(out, ", ")
}
