package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A block is a fenced part of a Markdown file.
type block struct {
	file   string // from the root of the repository
	line   int
	kind   string // the first word of its info string
	notRun string // the reason, a word that CONTRIBUTING.md explains
	text   string
}

func (b block) String() string { return fmt.Sprintf("%s:%d", b.file, b.line) }

// A step is a command of a block, and what it prints where the block says so.
type step struct {
	command string
	prints  []string
}

// generatedOrGolden are documents that other tests write or hold as they are.
var generatedOrGolden = regexp.MustCompile(`(^|/)(node_modules|bin)/|^reports/testdata/|/FACTS\.md$|^CHANGELOG\.md$`)

// documents are the Markdown files that people read, by their names.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (generatedOrGolden.MatchString(path+"/") || path != "." && strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".md" || generatedOrGolden.MatchString(path):
			return nil
		}
		text, err := fs.ReadFile(root, path)
		texts[path] = string(text)
		return err
	})
	if err != nil || len(texts) < 12 {
		t.Fatalf("%d documents, %v", len(texts), err)
	}
	return texts
}

var fence = regexp.MustCompile("^( *)```(.*)$")

// blocks are the fenced parts of a document.
func blocks(file, text string) (all []block) {
	var open *block
	indent := ""
	for i, line := range strings.Split(text, "\n") {
		m := fence.FindStringSubmatch(line)
		switch {
		case m != nil && open == nil:
			kind, rest, _ := strings.Cut(m[2], " ")
			open, indent = &block{file: file, line: i + 1, kind: kind, notRun: strings.TrimPrefix(rest, "not-run=")}, m[1]
		case m != nil:
			all = append(all, *open)
			open = nil
		case open != nil:
			open.text += strings.TrimPrefix(line, indent) + "\n"
		}
	}
	return all
}

// steps are the commands of a block. In a console they stand behind "$ ", and what
// they print below them.
func (b block) steps() (all []step) {
	continued := false
	for line := range strings.Lines(b.text) {
		line = strings.TrimSuffix(line, "\n")
		command, prompted := strings.CutPrefix(line, "$ ")
		switch {
		case continued:
			all[len(all)-1].command += "\n" + line
		case b.kind == "console" && !prompted && len(all) > 0:
			last := &all[len(all)-1]
			last.prints = append(last.prints, line)
			continue
		case strings.TrimSpace(command) != "":
			all = append(all, step{command: command})
		}
		continued = strings.HasSuffix(line, `\`)
	}
	return all
}

// notRun are the words by which a block says why it is not run, and what they mean:
// the table in CONTRIBUTING.md.
func notRun(t *testing.T) map[string]string {
	t.Helper()
	reasons := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `not-run=([a-z]+)` \\| (.+) \\|$").
		FindAllStringSubmatch(documents(t)["CONTRIBUTING.md"], -1) {
		reasons[m[1]] = m[2]
	}
	if n := len(reasons); n == 0 || n > 4 {
		t.Errorf("CONTRIBUTING.md gives %d reasons for not running a block; it should have few", n)
	}
	return reasons
}

// maxNotRun is how many blocks may say that they are not run.
const maxNotRun = 17

// TestBlocks: every block says what it is, and the few commands that are not run say why.
func TestBlocks(t *testing.T) {
	reasons, count, ran := notRun(t), 0, 0
	used := map[string]bool{}
	for file, text := range documents(t) {
		for _, b := range blocks(file, text) {
			switch {
			case !slices.Contains([]string{"sh", "console", "yaml", "go", "text"}, b.kind):
				t.Errorf("%s is %q; it is sh, console, yaml, go or text", b, b.kind)
			case b.notRun == "" && (b.kind == "sh" || b.kind == "console"):
				ran += len(b.steps())
			case b.kind == "text" && regexp.MustCompile(`(?m)^(\$ |dfcheck |go |make )`).MatchString(b.text):
				t.Errorf("%s has commands, and says that it is text", b)
			case b.notRun != "" && reasons[b.notRun] == "":
				t.Errorf("%s is not run for the reason %q, which CONTRIBUTING.md does not give", b, b.notRun)
			case b.notRun != "":
				count++
				used[b.notRun] = true
				t.Logf("%s is not run: %s", b, reasons[b.notRun])
			}
		}
		for _, m := range regexp.MustCompile(`(?m)^ {4,}(dfcheck|go|make|kubectl) .*$`).FindAllString(withoutBlocks(text), -1) {
			t.Errorf("%s: the command %q stands outside of a fenced block, where nobody runs it", file, strings.TrimSpace(m))
		}
	}
	for word := range reasons {
		if !used[word] {
			t.Errorf("no block is not-run=%s", word)
		}
	}
	if count > maxNotRun || ran < 50 {
		t.Errorf("%d blocks are not run, at most %d should be; %d commands are", count, maxNotRun, ran)
	}
}

// withoutBlocks is a document without its fenced parts.
func withoutBlocks(text string) string {
	var b strings.Builder
	inside := false
	for line := range strings.Lines(text) {
		if fence.MatchString(strings.TrimSuffix(line, "\n")) {
			inside = !inside
		} else if !inside {
			b.WriteString(line)
		}
	}
	return b.String()
}

// TestSteps: comments, continued lines and output are told apart.
func TestSteps(t *testing.T) {
	text := "a\n  ```console\n  $ one \\\n    two\n  out\n\n  $ three\n  ```\n```sh not-run=release\nfour\n```\n"
	got := blocks("x.md", text)
	want := []block{{"x.md", 2, "console", "", "$ one \\\n  two\nout\n\n$ three\n"},
		{"x.md", 9, "sh", "release", "four\n"}}
	if !slices.Equal(got, want) {
		t.Fatalf("%q", got)
	}
	steps := fmt.Sprintf("%q", got[0].steps())
	if steps != `[{"one \\\n  two" ["out" ""]} {"three" []}]` {
		t.Error(steps)
	}
}

var (
	documentedTest = regexp.MustCompile(`\bgo test ((?:[^#\n])*)`)
	documentedMake = regexp.MustCompile(`\bmake ([a-z][a-z0-9-]*)`)
)

// TestDocumentedTests: the commands that run the tests are not run by a test, but
// their packages, the tests that they choose and the targets of make are there.
func TestDocumentedTests(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	names := testNames(t)
	found := 0
	for file, text := range documents(t) {
		for _, m := range documentedMake.FindAllStringSubmatch(commandsIn(text), -1) {
			found++
			if !regexp.MustCompile(`(?m)^` + m[1] + `:`).Match(makefile) {
				t.Errorf("%s: make has no target %s", file, m[1])
			}
		}
		for _, m := range documentedTest.FindAllStringSubmatch(commandsIn(text), -1) {
			found++
			if problem := noSuchTest(m[1], names); problem != "" {
				t.Errorf("%s: go test %s: %s", file, m[1], problem)
			}
		}
	}
	if found < 30 {
		t.Errorf("%d commands were found; are they still read?", found)
	}
}

// commandsIn are the blocks of a document and what stands in its backquotes.
func commandsIn(text string) string {
	var b strings.Builder
	for _, block := range blocks("", text) {
		b.WriteString(block.text)
	}
	for _, m := range backquoted.FindAllStringSubmatch(withoutBlocks(text), -1) {
		b.WriteString(strings.Join(strings.Fields(m[1]), " ") + "\n")
	}
	return b.String()
}

var backquoted = regexp.MustCompile("`([^`]+)`")

// noSuchTest says what the arguments of go test name that is not there; "" for nothing.
func noSuchTest(args string, names []string) string {
	words := strings.Fields(strings.ReplaceAll(args, "'", ""))
	for i, w := range words {
		if dir, ok := strings.CutPrefix(w, "./"); ok {
			if _, err := os.Stat(filepath.Join("../..", strings.TrimSuffix(dir, "..."))); err != nil {
				return "there is no folder " + w
			}
		}
		if w != "-run" || i+1 == len(words) || words[i+1] == "^$" {
			continue
		}
		for part := range strings.SplitSeq(words[i+1], "|") {
			top, _, _ := strings.Cut(part, "/")
			chosen, err := regexp.Compile(top)
			if err != nil || !slices.ContainsFunc(names, chosen.MatchString) {
				return "no test is chosen by " + part
			}
		}
	}
	return ""
}

func TestNoSuchTest(t *testing.T) {
	names := []string{"TestHostile", "TestKillMatrix"}
	for args, want := range map[string]string{
		"./cmd/dfcheck -run 'TestHostile$'":           "",
		"./cmd/... -run TestKillMatrix/faults/NAME$'": "",
		"./cmd/dfchek":                   "there is no folder ./cmd/dfchek",
		"./spec -run 'TestHostile|Nope'": "no test is chosen by Nope",
		"-run '^$' -bench Poll ./spec":   "",
	} {
		if got := noSuchTest(args, names); got != want {
			t.Errorf("%q: %q, want %q", args, got, want)
		}
	}
}
