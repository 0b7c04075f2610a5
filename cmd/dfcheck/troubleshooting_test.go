package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dfcheck/dfcheck/conformance"
)

const troubleshooting = "../../conformance/TROUBLESHOOTING.md"

// TestTroubleshooting: every problem that doctor can name is on the page, with its hint
// as it is printed, under the heading that the error leads to.
func TestTroubleshooting(t *testing.T) {
	text, err := os.ReadFile(troubleshooting)
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	hints := regexp.MustCompile(`(?m)^\s*dfcheck: hint: (.*)$`).FindAllStringSubmatch(page, -1)
	w := wordsOfProblems(t)
	for _, hint := range w.hints {
		like := likePrinted(hint)
		if !slices.ContainsFunc(hints, func(m []string) bool { return like.MatchString(m[1]) }) {
			t.Errorf("the page does not show the hint %q", hint)
		}
	}
	for _, symptom := range w.symptoms {
		_, section, found := strings.Cut(page, "\n### "+headingOf(page, symptom)+"\n")
		section, _, _ = strings.Cut(section, "\n##")
		if url := "dfcheck: more: " + conformance.Symptom(symptom).URL() + "\n"; !found || !strings.Contains(section, url) {
			t.Errorf("the page has no section %q in which %q is printed", symptom, url)
		}
	}
	for _, name := range w.silent {
		t.Errorf("%s gives a hint and no symptom to see", name)
	}
	if len(w.hints) < 18 || len(w.symptoms) < 15 {
		t.Errorf("%d hints and %d symptoms were found; are they still read?", len(w.hints), len(w.symptoms))
	}
}

// headingOf is the heading that an anchor leads to.
func headingOf(page, anchor string) string {
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(page, -1) {
		if strings.ReplaceAll(strings.ToLower(m[1]), " ", "-") == anchor {
			return m[1]
		}
	}
	return "(none)"
}

// likePrinted is a pattern for what a format prints.
func likePrinted(format string) *regexp.Regexp {
	parts := regexp.MustCompile(`%[a-z]|…$`).Split(format, -1)
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(`^` + strings.Join(parts, `.+`) + `.*$`)
}

// problemWords are the texts of the errors that keep a run from beginning.
type problemWords struct{ hints, symptoms, silent []string }

// wordsOfProblems reads them from the source: what is assigned to a Hint or hint, or
// returned by a function that makes one, and the constants of the type Symptom.
func wordsOfProblems(t *testing.T) (w problemWords) {
	t.Helper()
	engine, err := filepath.Glob("../../conformance/*.go")
	if err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob("../../conformance/discovery/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range slices.Concat([]string{"doctor.go"}, engine, found) {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			w.read(path, d)
		}
	}
	return w
}

func (w *problemWords) read(path string, d ast.Decl) {
	f, isFunc := d.(*ast.FuncDecl)
	name := path
	if isFunc {
		name = f.Name.Name
		if f.Recv != nil && strings.HasSuffix(name, "Hint") {
			return // of other errors
		}
	}
	before, sees := len(w.hints), strings.HasSuffix(name, "Hint")
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			of, _ := n.Type.(*ast.Ident)
			for i, v := range n.Values {
				if of != nil && of.Name == "Symptom" {
					w.symptoms = append(w.symptoms, textOf(v))
				} else if strings.HasSuffix(n.Names[i].Name, "Hint") {
					w.add(v)
					sees = true
				}
			}
		case *ast.CompositeLit:
			for _, e := range n.Elts {
				if pair, ok := e.(*ast.KeyValueExpr); ok && lastName(n.Type) == "PreflightError" {
					switch lastName(pair.Key) {
					case "Hint":
						w.add(pair.Value)
					case "See":
						sees = true
					}
				}
			}
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				to := lastName(left)
				if (to == "Hint" || to == "hint") && len(n.Rhs) == len(n.Lhs) {
					w.add(n.Rhs[i])
				}
				sees = sees || to == "See" || to == "see"
			}
		case *ast.ReturnStmt:
			if strings.HasSuffix(name, "Hint") {
				w.add(n.Results[0])
			}
		}
		return true
	})
	if len(w.hints) > before && !sees && name != "printAnswers" { // which words another's hint for doctor
		w.silent = append(w.silent, name)
	}
}

// add keeps the text of an expression, where it is one.
func (w *problemWords) add(e ast.Expr) {
	if text := textOf(e); text != "" {
		w.hints = append(w.hints, text)
	}
}

// lastName is the field or variable that is assigned to.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// textOf is the text of a literal, of a sum of them, or of the format of a Sprintf.
func textOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return text
	case *ast.BinaryExpr:
		return textOf(e.X) + textOf(e.Y)
	case *ast.CallExpr:
		if lastName(e.Fun) == "Sprintf" {
			return textOf(e.Args[0])
		}
	}
	return ""
}
