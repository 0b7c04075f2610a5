package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
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
