package main

import (
	"bytes"
	"go/scanner"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const module = "github.com/dfcheck/dfcheck/"

// mayImport has a row for every package of this module, with the packages of it
// that it may import: imports point one way. A row may wait for its package.
var mayImport = map[string][]string{
	"cmd/dfcheck": {"conformance", "conformance/approve", "conformance/checks", "conformance/discovery",
		"conformance/suite", "conformance/waiver", "load", "load/capacity", "load/digests", "load/forecast",
		"load/kubernetes", "load/limits", "load/local", "load/merge", "load/metrics", "load/profile", "load/scrape",
		"load/shard", "load/threshold", "reports", "reports/live", "reports/redact", "spec", "spec/jwt", "spec/keys",
		"spec/refserver",
		"spec/strict"},

	"conformance": {"conformance/approve", "conformance/internal/early", "conformance/traits", "conformance/waiver",
		"reports", "reports/redact", "spec", "spec/jwt", "spec/keys", "spec/strict"},
	"conformance/approve": {"spec", "spec/keys", "spec/strict"},
	"conformance/checks": {"conformance", "conformance/approve", "conformance/discovery", "conformance/traits",
		"reports", "reports/redact", "spec", "spec/jwt"},
	"conformance/discovery":      {"conformance", "conformance/approve", "reports/redact", "spec"},
	"conformance/internal/early": {},
	"conformance/suite": {"conformance", "conformance/approve", "conformance/checks", "conformance/discovery",
		"conformance/waiver", "reports", "spec", "spec/refserver"},
	"conformance/traits": {"spec"},
	"conformance/waiver": {"reports", "spec", "spec/strict"},

	"load": {"conformance/approve", "load/digests", "load/internal/wire", "load/profile", "load/threshold", "load/trend",
		"reports", "reports/redact", "spec", "spec/jwt", "spec/strict"},
	"load/bench":             {"reports"},
	"load/bench/tokenserver": {},
	"load/capacity":          {"load", "load/profile", "load/threshold", "reports"},
	"load/digests":           {},
	"load/forecast":          {"load", "load/profile", "reports"},
	"load/internal/wire":     {"spec"},
	"load/kubernetes":        {"load/merge", "reports"},
	"load/limits":            {"conformance/approve", "load", "reports", "spec"},
	"load/local":             {"load/merge", "reports"},
	"load/merge": {"load", "load/digests", "load/profile", "load/shard", "load/threshold",
		"load/trend", "reports"},
	"load/metrics":   {"reports"},
	"load/profile":   {"load/threshold", "spec", "spec/keys", "spec/strict"},
	"load/scrape":    {},
	"load/shard":     {"load", "load/digests", "reports"},
	"load/threshold": {"reports", "spec/strict"},
	"load/trend":     {"reports"},

	"reports":        {"reports/chart", "reports/redact", "reports/shift", "spec", "spec/strict"},
	"reports/chart":  {},
	"reports/live":   {"reports"},
	"reports/redact": {"spec"},
	"reports/shift":  {},

	"spec":                 {"spec/strict"},
	"spec/jwt":             {},
	"spec/keys":            {"spec/strict"},
	"spec/refserver":       {"spec", "spec/strict"},
	"spec/refserver/daily": {},
	"spec/refserver/pipes": {},
	"spec/strict":          {},
}

// mayImportGinkgo is the package that shows a run as a Ginkgo suite.
const mayImportGinkgo = "conformance/suite"

func TestImportsPointOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "../../...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		for _, problem := range misimports(strings.TrimPrefix(words[0], module), words[1:]) {
			t.Error(problem)
		}
	}
}

// misimports are the imports of a package that its row does not allow.
func misimports(from string, imports []string) (problems []string) {
	row, ok := mayImport[from]
	if !ok {
		problems = append(problems, from+" has no row in mayImport: give it one with what it may import")
	}
	for _, path := range imports {
		switch to, ours := strings.CutPrefix(path, module); {
		case ours && ok && !slices.Contains(row, to):
			problems = append(problems, from+" imports "+to)
		case strings.HasPrefix(path, "github.com/onsi/") && from != mayImportGinkgo:
			problems = append(problems, from+" imports "+path)
		}
	}
	return problems
}

// TestMisimports: the reference server is for the command line alone, packages
// inside others are held to rows of their own, and none goes without.
func TestMisimports(t *testing.T) {
	for _, test := range []struct{ from, to string }{
		{"conformance", "spec/refserver"}, {"load", "spec/refserver"}, {"reports", "spec/refserver"},
		{"spec", "spec/refserver"},
		{"spec/strict", "spec"}, {"reports/redact", "reports"}, {"conformance/approve", "conformance"},
		{"load", "load/capacity"},
		{"spec/unheard", "spec"},
	} {
		if got := misimports(test.from, []string{"fmt", module + test.to}); len(got) != 1 {
			t.Errorf("%s may import %s: %q", test.from, test.to, got)
		}
	}
}

// maxEngineFiles is how many files the engine may have, tests apart: what is an idea of
// its own becomes a package beside it.
const maxEngineFiles = 40

func TestEngineIsSmall(t *testing.T) {
	files, err := filepath.Glob("../../conformance/*.go")
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
	if n := len(files); n == 0 || n > maxEngineFiles {
		t.Errorf("conformance has %d files, and may have %d", n, maxEngineFiles)
	}
}

func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{"cmd", "conformance", "load", "spec", "reports", "testdata", "go.mod", "go.sum", "Makefile",
		"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "SECURITY.md", "bin", "dfcheck"}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(allowed, e.Name()) {
			t.Errorf("%s does not belong at the top level", e.Name())
		}
	}
}

// maxColumns is how long a line of code may be, a tab counted as one column. What
// stands in a raw string keeps its own lines.
const maxColumns = 120

// maxLines is how long a file may be, tests apart.
const maxLines = 400

// TestLinesAreShort: nobody has to scroll sideways, nor for long.
func TestLinesAreShort(t *testing.T) {
	out, err := exec.Command("git", "-C", "../..", "ls-files", "-co", "--exclude-standard", "*.go").Output()
	if err != nil {
		t.Skipf("no git to list files with: %v", err)
	}
	files := strings.Fields(string(out))
	if len(files) < 300 {
		t.Errorf("only %d files", len(files))
	}
	for _, name := range files {
		text, err := os.ReadFile("../../" + name)
		if os.IsNotExist(err) {
			continue // deleted, and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(text, []byte("\n")); n > maxLines && !strings.HasSuffix(name, "_test.go") {
			t.Errorf("%s has %d lines, and may have %d", name, n, maxLines)
		}
		for _, line := range longLines(text) {
			t.Errorf("%s:%d: longer than %d columns", name, line, maxColumns)
		}
	}
}

// longLines are the lines of a file that are too long, but for those in which a raw
// string begins, goes on or ends.
func longLines(text []byte) (long []int) {
	for i, line := range bytes.Split(text, []byte("\n")) {
		if utf8.RuneCount(line) > maxColumns {
			long = append(long, i+1)
		}
	}
	if len(long) == 0 {
		return nil
	}
	files := token.NewFileSet()
	file := files.AddFile("", -1, len(text))
	var s scanner.Scanner
	s.Init(file, text, nil, 0)
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return long
		}
		if first := file.Line(pos); tok == token.STRING && literal[0] == '`' {
			last := first + strings.Count(literal, "\n")
			long = slices.DeleteFunc(long, func(n int) bool { return first <= n && n <= last })
		}
	}
}

// TestLongLines: a raw string keeps its line out, and no other.
func TestLongLines(t *testing.T) {
	wide := strings.Repeat("x", maxColumns+1)
	text := "package p\n\n// " + wide + "\nvar a = `" + wide + "\n" + wide + "`\nvar b = \"" + wide + "\"\nvar c = 1\n"
	if got := longLines([]byte(text)); !slices.Equal(got, []int{3, 6}) {
		t.Errorf("%v", got)
	}
}
