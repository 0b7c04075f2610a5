//go:build unix

package main

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dfcheck/dfcheck/reports"
)

// A fact is a row of FACTS.md: a probe, and what the server answered.
type fact struct{ section, probe, answer string }

// TestFactsNameTheirRows: whatever a target may fail or warn about is a row of its
// FACTS.md that somebody probed by hand. The text of an expectation is
//
//	SECTION, PROBE, PROBE: ANSWER; SECTION, PROBE: ANSWER
//
// where each PROBE is a part of the name of a row in that section, and a status in
// ANSWER is that of such a row.
func TestFactsNameTheirRows(t *testing.T) {
	for _, name := range allTargets {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join("../../testdata/targets", name)
			rows := readFacts(t, filepath.Join(dir, "FACTS.md"))
			for id, e := range readExpectation(t, dir).Verdicts {
				if !e.allows(reports.Fail) && !e.allows(reports.Warning) {
					continue
				}
				for clause := range strings.SplitSeq(e.Fact, "; ") {
					if problem := unsupported(rows, clause); problem != "" {
						t.Errorf("%s: %q: %s", id, clause, problem)
					}
				}
			}
		})
	}
}

var (
	clauseShape = regexp.MustCompile(`^([A-Z][^,:]*), (.+?): (.+)$`)
	statusShape = regexp.MustCompile(`^\d{3}\b`)
)

// unsupported says what part of a clause no row supports; empty when all is.
func unsupported(rows []fact, clause string) string {
	m := clauseShape.FindStringSubmatch(clause)
	if m == nil {
		return "not of the form SECTION, PROBE: ANSWER"
	}
	status := statusShape.FindString(m[3])
	for probe := range strings.SplitSeq(m[2], ", ") {
		ofProbe := func(f fact) bool {
			return strings.HasPrefix(f.section, m[1]) && strings.Contains(f.probe, probe)
		}
		if !slices.ContainsFunc(rows, ofProbe) {
			return "no row " + probe
		}
		answers := func(f fact) bool { return ofProbe(f) && strings.Contains(f.answer, status) }
		if !slices.ContainsFunc(rows, answers) {
			return "no row " + probe + " with " + status
		}
	}
	return ""
}

func readFacts(t *testing.T, path string) (rows []fact) {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	section := ""
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		text := lines.Text()
		if name, ok := strings.CutPrefix(text, "## "); ok {
			section = name
		}
		if row, ok := strings.CutPrefix(text, "| "); ok {
			probe, answer, _ := strings.Cut(strings.TrimSuffix(row, " |"), " | ")
			rows = append(rows, fact{section, probe, answer})
		}
	}
	if lines.Err() != nil || len(rows) == 0 {
		t.Fatalf("%s: %d rows, %v", path, len(rows), lines.Err())
	}
	return rows
}
