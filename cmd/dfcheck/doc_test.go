package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestPackageComments: the comment of a package of several files stands in doc.go
// and nowhere else, and the files that its map names are there.
func TestPackageComments(t *testing.T) {
	named := regexp.MustCompile(`\b\w+\.go\b`)
	for dir := range mayImport {
		files, err := filepath.Glob(filepath.Join("../..", dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		var several, comments []string
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			several = append(several, path)
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if f.Doc == nil {
				continue
			}
			comments = append(comments, filepath.Base(path))
			for _, name := range named.FindAllString(f.Doc.Text(), -1) {
				if _, err := os.Stat(filepath.Join("../..", dir, name)); err != nil {
					t.Errorf("%s: the package comment names %s, which is not there", dir, name)
				}
			}
		}
		if strings.HasPrefix(dir, "load/bench") {
			continue // commands for Linux alone, whose comment stands in main.go
		}
		if got := strings.Join(comments, ", "); len(several) > 1 && got != "doc.go" {
			t.Errorf("%s: the package comment stands in %q, not in doc.go", dir, got)
		}
	}
}

// TestContributing: the files, packages and tests that CONTRIBUTING.md names exist.
func TestContributing(t *testing.T) {
	text, err := os.ReadFile("../../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := testNames(t)
	for _, name := range regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(string(text), -1) {
		if !slices.Contains(tests, name) {
			t.Errorf("%s is no test", name)
		}
	}
	paths := regexp.MustCompile(`(?m)(?:\./|\x60|^)((?:cmd|conformance|load|reports|spec|testdata)\b[\w./*]*)`).FindAllStringSubmatch(string(text), -1)
	for _, m := range paths {
		path := strings.TrimSuffix(m[1], "/...")
		if found, err := filepath.Glob(filepath.Join("../..", path)); err != nil || len(found) == 0 {
			t.Errorf("%s is not there", path)
		}
	}
	if len(paths) < 30 {
		t.Errorf("%d paths were found; are they still read?", len(paths))
	}
}

// TestLinks: what a Markdown file links to inside the repository exists.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:\s]+)[^):\s]*\)`)
	found := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		// not ours; golden
		case d.IsDir() && (d.Name() == "node_modules" || strings.HasSuffix(filepath.ToSlash(path), "reports/testdata")):
			return filepath.SkipDir
		case filepath.Ext(path) != ".md":
			return nil
		}
		text, err := os.ReadFile(path)
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			found++
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", path, m[1])
			}
		}
		return err
	})
	if err != nil || found < 10 {
		t.Errorf("%d links were found, %v", found, err)
	}
}
