package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
)

// worded are the fields that hold our own words for people.
var worded = []string{"Step", "step", "Reason", "reason", "Because", "Detail", "Hint", "hint"}

// readers are the functions that take a text apart.
var readers = []string{"Contains", "ContainsAny", "HasPrefix", "HasSuffix", "CutPrefix", "CutSuffix", "Cut", "Index",
	"LastIndex",
	"TrimPrefix", "TrimSuffix", "Split", "SplitN", "SplitSeq", "Fields", "FieldsSeq", "EqualFold"}

// TestWordsAreNotRead: no verdict and no message depends on how a step, a reason or a
// hint is worded. What is behind the words is a constant, a table or a type.
func TestWordsAreNotRead(t *testing.T) {
	for _, dir := range []string{"../../conformance", "../../conformance/checks", "../../conformance/suite",
		"../../reports", "."} {
		files, err := fs.Glob(os.DirFS(dir), "*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("no files in %s: %v", dir, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := fs.ReadFile(os.DirFS(dir), name)
			if err != nil {
				t.Fatal(err)
			}
			for _, where := range wordsRead(t, dir+"/"+name, text) {
				t.Errorf("%s: use a constant, a table or a type in place of the wording", where)
			}
		}
	}
}

func TestWordsRead(t *testing.T) {
	got := wordsRead(t, "x.go", []byte(`package x
func f() {
	_ = strings.Contains(x.Step, "another")
	_, _ = strings.CutPrefix(strings.ToLower(res.Reason), "needs ")
	_ = strings.Contains("a\n"+x.Step, "b") || strings.Contains(x.Body, "c") || x.Body == "d"
	_ = x.Step != "due" || x.Step == due || x.Step != ""
	switch x.Step {
	case due, "late":
	}
}`))
	want := []string{"x.go:3 reads Step", "x.go:4 reads Reason", "x.go:5 reads Step", "x.go:6 reads Step",
		"x.go:7 reads Step"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// wordsRead lists where a file takes our own words apart, or holds them against a
// text that stands only there.
func wordsRead(t *testing.T, name string, text []byte) (found []string) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		for _, of := range readBy(n) {
			ast.Inspect(of, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok && slices.Contains(worded, s.Sel.Name) {
					found = append(found, fmt.Sprintf("%s:%d reads %s", name, files.Position(s.Pos()).Line, s.Sel.Name))
				}
				return true
			})
		}
		return true
	})
	return found
}

// readBy is what a call takes apart, or a comparison holds against a literal.
func readBy(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.CallExpr:
		f, ok := n.Fun.(*ast.SelectorExpr)
		if !ok || !slices.Contains(readers, f.Sel.Name) {
			return nil
		}
		if of, ok := f.X.(*ast.Ident); ok && of.Name == "strings" {
			return n.Args
		}
	case *ast.BinaryExpr:
		if (n.Op == token.EQL || n.Op == token.NEQ) && (isText(n.X) || isText(n.Y)) {
			return []ast.Expr{n.X, n.Y}
		}
	case *ast.SwitchStmt:
		for _, c := range n.Body.List {
			if n.Tag != nil && slices.ContainsFunc(c.(*ast.CaseClause).List, isText) {
				return []ast.Expr{n.Tag}
			}
		}
	}
	return nil
}

// isText reports whether an expression is a literal that says something.
func isText(e ast.Expr) bool {
	l, ok := e.(*ast.BasicLit)
	return ok && l.Kind == token.STRING && l.Value != `""`
}
