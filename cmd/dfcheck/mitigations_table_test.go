//go:build unix

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// TestTableOfMitigations: the README's inventory has a column for each target server and a
// row for each mitigation of RFC 10027, and says what the facts about that server allow.
func TestTableOfMitigations(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n### Their mitigations\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var names, rows []string
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		i := slices.IndexFunc(spec.Mitigations(), func(m spec.Mitigation) bool { return cells[0] == m.Section+" "+m.Name })
		switch {
		case cells[0] == "RFC 10027":
			names = cells[1:]
		case i >= 0:
			m := spec.Mitigations()[i]
			rows = append(rows, m.Section)
			for k, cell := range cells[1:] {
				if allowed := statesOf(t, names[k], m); !slices.Contains(allowed, reports.State(cell)) {
					t.Errorf("%s, %s: %q, and the facts allow %q", names[k], cells[0], cell, allowed)
				}
			}
		}
	}
	if all := slices.Sorted(slices.Values(allTargets)); !slices.Equal(names, all) || len(rows) != len(spec.Mitigations()) {
		t.Errorf("the table has the servers %q, of %q, and the rows %q", names, all, rows)
	}
}

// statesOf are what the facts about a server let a run say of a mitigation.
func statesOf(t *testing.T, name string, m spec.Mitigation) (out []reports.State) {
	if m.Hidden != "" {
		return []reports.State{reports.NotVisible}
	}
	want := readExpectation(t, filepath.Join("../../testdata/targets", name))
	passes, found, idle, all := 0, 0, 0, len(m.Checks)
	onlyPass, onlyFound := 0, 0
	for _, id := range m.Checks {
		e, told := want.Verdicts[id]
		pass := !told || e.allows(reports.Pass)
		finds := e.allows(reports.Fail) || e.allows(reports.Warning)
		rests := !told || e.allows(reports.Skipped) || e.allows(reports.Inconclusive)
		for n, is := range map[*int]bool{&passes: pass, &found: finds, &idle: rests, &onlyPass: pass && !finds && !rests,
			&onlyFound: finds && !pass && !rests} {
			if is {
				*n++
			}
		}
	}
	for state, may := range map[reports.State]bool{
		reports.Seen:       m.Rest == "" && passes > 0 && onlyFound == 0,
		reports.SeenInPart: passes > 0 && (m.Rest != "" || onlyPass < all),
		reports.NotSeen:    found > 0 && onlyPass == 0,
		reports.NotJudged:  idle == all,
	} {
		if may {
			out = append(out, state)
		}
	}
	return out
}
