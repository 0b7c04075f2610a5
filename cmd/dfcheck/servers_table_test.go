//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dfcheck/dfcheck/reports"
)

// TestTableOfServers: the README's table of servers has a column for each folder of
// testdata/targets, and says what the facts about that server allow.
func TestTableOfServers(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Seven servers\n")
	section, _, _ = strings.Cut(section, "\n## ")
	dirs, err := filepath.Glob("../../testdata/targets/*/expected.yaml")
	if err != nil || len(dirs) != len(allTargets) || len(dirs) != 7 {
		t.Fatalf("%d targets, %d of them tested, %v", len(dirs), len(allTargets), err)
	}
	var names []string
	rows := 0
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case cells[0] == "check":
			names = cells[1:]
		case strings.HasPrefix(cells[0], "**"):
			rows++
			for i, cell := range cells[1:] {
				if problem := cellOfServer(t, names[i], strings.Trim(cells[0], "*"), cell); problem != "" {
					t.Errorf("%s, %s: %s", names[i], cells[0], problem)
				}
			}
		}
	}
	all := slices.Sorted(slices.Values(allTargets))
	if !slices.Equal(names, all) || rows < 15 {
		t.Errorf("the table has the servers %q, of %q, and %d groups", names, all, rows)
	}
}

// cellOfServer says what is wrong with a cell such as "11 of 16, 3 fail, 2 warn".
func cellOfServer(t *testing.T, name, group, cell string) string {
	want := readExpectation(t, filepath.Join("../../testdata/targets", name))
	found := map[string]int{}
	for _, m := range regexp.MustCompile(`(\d+) (fail|warn|open)`).FindAllStringSubmatch(cell, -1) {
		found[m[2]], _ = strconv.Atoi(m[1])
	}
	for word, v := range map[string]reports.Verdict{"fail": reports.Fail, "warn": reports.Warning} {
		must, may := 0, 0
		for id, e := range want.Verdicts {
			if strings.HasPrefix(id, "DF-"+group+"-") && e.allows(v) {
				may++
				if e.Verdict == string(v) {
					must++
				}
			}
		}
		for id := range want.Unsupported {
			if strings.HasPrefix(id, "DF-"+group+"-") && v == reports.Warning {
				may++
			}
		}
		if n := found[word]; n > may || n < must-found["open"] {
			return fmt.Sprintf("%q; the facts call for %d to %d %s", cell, must, may, word)
		}
	}
	return ""
}
