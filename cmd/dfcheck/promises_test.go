package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// TestPromises: every test, variant, fault and script that conformance/README.md
// names as what holds a promise exists.
func TestPromises(t *testing.T) {
	readme, err := os.ReadFile("../../conformance/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(readme), "## What holds each promise")
	if !found {
		t.Fatal("conformance/README.md has no table of what holds each promise")
	}
	known := append(testNames(t), servers()...)
	named := 0
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 {
			continue
		}
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[3], -1) {
			named++
			if !slices.Contains(known, m[1]) {
				t.Errorf("%q names %s, which is neither a test, a variant, a fault nor a script", strings.TrimSpace(cells[2]), m[1])
			}
		}
	}
	if named < 100 {
		t.Errorf("the table names %d things; is it still read?", named)
	}
}

// TestReadmeCountsTheChecks: the README says about how many there are, so that it
// need not change with every new check.
func TestReadmeCountsTheChecks(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`more than (\d+) checks`).FindSubmatch(readme)
	if m == nil {
		t.Fatal("README.md does not say how many checks there are")
	}
	said, _ := strconv.Atoi(string(m[1]))
	if n := len(spec.Catalogue()); n <= said || n > said+20 {
		t.Errorf("README.md says more than %d checks; there are %d", said, n)
	}
}

// testNames are the test functions and the scripts of the project.
func testNames(t *testing.T) []string {
	var names []string
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)`)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || d.IsDir():
			return err
		case strings.HasSuffix(path, ".txtar"):
			names = append(names, d.Name())
		case strings.HasSuffix(path, "_test.go"):
			source, err := os.ReadFile(path)
			for _, m := range declared.FindAllStringSubmatch(string(source), -1) {
				names = append(names, m[1])
			}
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func servers() []string {
	var names []string
	for _, f := range slices.Concat(refserver.Variants(), refserver.AllFaults()) {
		names = append(names, f.Name)
	}
	return names
}
