package main

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dfcheck/dfcheck/spec"
)

// completed is what a shell is told for a line whose last word is being typed.
func completed(t *testing.T, line ...string) (words []string, directive string) {
	t.Helper()
	var out bytes.Buffer
	root := newRoot(terminal{in: strings.NewReader(""), out: &out, err: io.Discard})
	root.SetArgs(append([]string{cobra.ShellCompNoDescRequestCmd}, line...))
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	words = strings.Split(strings.TrimSpace(out.String()), "\n")
	last := len(words) - 1
	return words[:last], words[last]
}

func TestCompletion(t *testing.T) {
	for line, want := range map[string]string{
		"checks show DF-POLL-0":              "DF-POLL-003",
		"conformance --only PO":              "POLL",
		"conformance --only POLL,DF-SE":      "POLL,DF-SEC-001",
		"judge --skip DF-DENY-00":            "DF-DENY-001",
		"conformance --level M":              "MUST",
		"conformance --approve f":            "form",
		"conformance --spec r":               "rfc8628",
		"conformance --spec my":              "yaml",
		"conformance --report j":             "junit=",
		"report convert run.json --to ht":    "html=",
		"report matrix run.json --to m":      "markdown=",
		"report matrix run.json --rows f":    "found",
		"spec rf":                            "rfc8628",
		"spec rfc8628 --to j":                "json",
		"serve --fault code-re":              "code-reusable",
		"serve --spec ":                      "rfc8628",
		"load --profile s":                   "soak",
		"load --threshold po":                "poll",
		"load profiles show e":               "evening-peak",
		"load profiles reference groups[].p": "groups[].people.approve",
		"config reference client.":           "client.auth",
		"checks rulings R":                   "R5",
		"help report c":                      "compare",
		"waivers check ":                     "yaml",
		"report compare ":                    "json",
		"completion z":                       "zsh",
	} {
		words, directive := completed(t, strings.Split(line, " ")...)
		if !slices.Contains(words, want) {
			t.Errorf("%s: %q, %s, without %s", line, words[:min(3, len(words))], directive, want)
		}
	}
	if words, _ := completed(t, "serve", "--spec", ""); slices.Contains(words, "auto") {
		t.Error("serve has no contract auto")
	}
}

// TestCompletionsAreOfSomething: each row of the tables is of a flag or a command that
// there is, and nothing but text completes to files.
func TestCompletionsAreOfSomething(t *testing.T) {
	rows := map[string]bool{}
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		_, path, _ := strings.Cut(c.CommandPath(), " ")
		rows["argument of "+path] = true
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			rows[f.Name], rows[strings.TrimSpace(path+" "+f.Name)] = true, true
		})
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(newRoot(terminal{in: strings.NewReader(""), out: io.Discard, err: io.Discard}))
	for name := range flagValues {
		if !rows[name] {
			t.Errorf("there is no flag %s", name)
		}
	}
	for _, name := range noValues {
		if !rows[name] {
			t.Errorf("there is no flag %s", name)
		}
	}
	for path := range argumentValues {
		if !rows["argument of "+path] {
			t.Errorf("there is no command %s", path)
		}
	}
	for line, want := range map[string]string{"conformance --max-rps ": ":4", "conformance --host ": ":4",
		"version ":              ":4",
		"conformance --record ": ":0", "judge ": ":0"} {
		if _, directive := completed(t, strings.Split(line, " ")...); directive != want {
			t.Errorf("%s: %s, want %s", line, directive, want)
		}
	}
}

// TestEveryCheckIsCompleted: the catalogue has one list for all who ask.
func TestEveryCheckIsCompleted(t *testing.T) {
	if words, _ := completed(t, "checks", "show", "DF-"); len(words) != len(spec.Catalogue()) {
		t.Errorf("%d of %d checks", len(words), len(spec.Catalogue()))
	}
}
