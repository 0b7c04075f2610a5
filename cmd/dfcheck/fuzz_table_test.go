package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestFuzzTable: the table of fuzz targets in CONTRIBUTING.md has all that there are, and
// no others.
func TestFuzzTable(t *testing.T) {
	var there []string // package and target
	declared := regexp.MustCompile(`(?m)^func (Fuzz\w+)\(f \*testing\.F\)`)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		dir, _ := filepath.Rel("../..", filepath.Dir(path))
		for _, m := range declared.FindAllSubmatch(source, -1) {
			there = append(there, filepath.ToSlash(dir)+" "+string(m[1]))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(contributing)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	row := regexp.MustCompile("(?m)^\\| .* \\| `(Fuzz\\w+)` \\| `([\\w/]+)` \\|$")
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		told = append(told, m[2]+" "+m[1])
	}
	slices.Sort(there)
	slices.Sort(told)
	for _, name := range there {
		if !slices.Contains(told, name) {
			t.Errorf("%s has no row", name)
		}
	}
	for _, name := range told {
		if !slices.Contains(there, name) {
			t.Errorf("there is no %s", name)
		}
	}
	if len(slices.Compact(slices.Clone(told))) != len(told) {
		t.Errorf("a row is there twice: %q", told)
	}
}
