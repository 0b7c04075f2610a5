package main

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/dfcheck/dfcheck/testdata/hostile"
)

var update = flag.Bool("update", false, "write the table of hostile servers in CONTRIBUTING.md")

const contributing = "../../CONTRIBUTING.md"

// The marks around the table.
const (
	hostileBegin = "<!-- hostile: go test ./cmd/dfcheck -run TestHostileLong -update -->\n"
	hostileEnd   = "<!-- /hostile -->\n"
)

// A hostileTable has the exit code of each command by behaviour.
type hostileTable map[string]map[string]string

func (h hostileTable) set(behaviour, command, code string) {
	if h[behaviour] == nil {
		h[behaviour] = map[string]string{}
	}
	h[behaviour][command] = code
}

func readHostileTable(t *testing.T) hostileTable {
	t.Helper()
	h := hostileTable{}
	_, text := hostileText(t)
	for line := range strings.Lines(text) {
		cells := strings.Split(line, "|")
		if len(cells) != len(hostileCommands)+4 || !strings.HasPrefix(line, "| `") {
			continue
		}
		for i, c := range hostileCommands {
			h.set(strings.Trim(cells[1], " `"), c.name, strings.TrimSpace(cells[i+3]))
		}
	}
	return h
}

// hostileText is CONTRIBUTING.md, and the table in it.
func hostileText(t *testing.T) (whole, table string) {
	t.Helper()
	text, err := os.ReadFile(contributing)
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(text), hostileBegin)
	table, _, ok2 := strings.Cut(after, hostileEnd)
	if !ok || !ok2 {
		t.Fatalf("%s has no table between %s and %s", contributing, hostileBegin, hostileEnd)
	}
	return string(text), table
}

// String is the table in Markdown.
func (h hostileTable) String() string {
	var b strings.Builder
	b.WriteString("\n| behaviour | it |")
	for _, c := range hostileCommands {
		b.WriteString(" " + c.name + " |")
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(hostileCommands)) + "\n")
	for _, behaviour := range hostile.All() {
		b.WriteString("| `" + behaviour.Name + "` | " + behaviour.About + " |")
		for _, c := range hostileCommands {
			b.WriteString(" " + h[behaviour.Name][c.name] + " |")
		}
		b.WriteString("\n")
	}
	return b.String() + "\n"
}

func (h hostileTable) write(t *testing.T) {
	whole, _ := hostileText(t)
	before, after, _ := strings.Cut(whole, hostileBegin)
	_, after, _ = strings.Cut(after, hostileEnd)
	if err := os.WriteFile(contributing, []byte(before+hostileBegin+h.String()+hostileEnd+after), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestHostileTable: the table has every behaviour, and a code in every cell.
func TestHostileTable(t *testing.T) {
	h := readHostileTable(t)
	if _, table := hostileText(t); table != h.String() {
		t.Errorf("the table in %s is not that of the behaviours; go test ./cmd/dfcheck -run TestHostileLong -update",
			contributing)
	}
	names := []string{}
	for _, b := range hostile.All() {
		if slices.Contains(names, b.Name) {
			t.Errorf("two behaviours are %s", b.Name)
		}
		names = append(names, b.Name)
		for _, c := range hostileCommands {
			if h[b.Name][c.name] == "" {
				t.Errorf("%s, %s: no exit code in the table", b.Name, c.name)
			}
		}
	}
}
