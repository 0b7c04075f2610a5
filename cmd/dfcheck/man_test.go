package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/reports"
)

// TestManual: each command has a page, of the day of the commit, and the tables of its
// description stay tables.
func TestManual(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "man1")
	root := newRoot(terminal{in: strings.NewReader(""), out: io.Discard, err: io.Discard})
	if err := writeManual(root, dir, reports.Tool{Version: "v1.2.3", Date: "2026-11-27T10:00:00Z"}); err != nil {
		t.Fatal(err)
	}
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Hidden {
			return
		}
		name := strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
		page, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		}
		for _, want := range []string{`"Nov 2026"`, `"dfcheck v1.2.3"`, ".SH SYNOPSIS"} {
			if !strings.Contains(string(page), want) {
				t.Errorf("%s lacks %s", name, want)
			}
		}
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				visit(sub)
			}
		}
	}
	visit(root)
	page, _ := os.ReadFile(filepath.Join(dir, "dfcheck-approve.1")) // an empty one lacks it
	if !strings.Contains(string(page), "\n  exec       runs a command: ") {
		t.Errorf("the table of approvers is filled:\n%s", page)
	}
}
