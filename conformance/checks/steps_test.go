package checks

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"strings"
	"testing"
)

// TestJudgesNameStepsThatAreSent: a step or a label that a judge asks the evidence
// for stands somewhere else, too: where a scenario sends it. Rewording one of the two
// alone would leave the judge with nothing.
func TestJudgesNameStepsThatAreSent(t *testing.T) {
	asked, sent := map[string]token.Position{}, map[string]bool{"": true}
	for _, dir := range []string{".", ".."} {
		files := token.NewFileSet()
		names, err := fs.Glob(os.DirFS(dir), "*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") || name == "asked.go" { // common words, sent or not
				continue
			}
			file, err := parser.ParseFile(files, dir+"/"+name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			texts(file, func(text string, pos token.Pos, byJudge bool) {
				if byJudge {
					asked[text] = files.Position(pos)
				} else {
					sent[text] = true
				}
			})
		}
	}
	if len(asked) < 50 {
		t.Errorf("only %d steps are asked for", len(asked))
	}
	for text, where := range asked {
		if !sent[text] {
			t.Errorf("%s: no scenario has the step %s", where, text)
		}
	}
}

// texts calls f with every literal of a file, and whether it is what a judge asks the
// evidence for.
func texts(file *ast.File, f func(text string, pos token.Pos, byJudge bool)) {
	asks := map[string]bool{"Of": true, "One": true, "Polls": true, "Decision": true, "Decisions": true}
	byJudge, worded := map[*ast.BasicLit]bool{}, map[*ast.BasicLit]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok && asks[s.Sel.Name] {
				for _, arg := range n.Args {
					if l, ok := arg.(*ast.BasicLit); ok {
						byJudge[l] = true
					}
				}
			}
		case *ast.CompositeLit:
			if name, ok := n.Type.(*ast.Ident); ok && name.Name == "Words" {
				for _, e := range n.Elts {
					if l, ok := e.(*ast.KeyValueExpr).Key.(*ast.BasicLit); ok {
						worded[l] = true
					}
				}
			}
		case *ast.BasicLit:
			if n.Kind == token.STRING && !worded[n] {
				f(strings.Trim(n.Value, `"`), n.Pos(), byJudge[n])
			}
		}
		return true
	})
}

// TestWordsAreOfStepsThatAreSent: a scenario has words for no step that nobody sends.
func TestWordsAreOfStepsThatAreSent(t *testing.T) {
	sent := map[string]bool{}
	files := token.NewFileSet()
	names, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, "_test.go") {
			texts(file, func(text string, _ token.Pos, byJudge bool) { sent[text] = sent[text] || !byJudge })
		}
	}
	n := 0
	for _, c := range All() {
		for _, s := range c.Scenarios() {
			for step := range s.Words {
				if n++; !sent[step] && s != acceptedTypes { // whose steps are made of what is accepted
					t.Errorf("%q has words for the step %q, which nobody sends", s.Name, step)
				}
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d steps have words", n)
	}
}
