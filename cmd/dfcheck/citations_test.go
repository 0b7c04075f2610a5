package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dfcheck/dfcheck/spec"
)

var (
	citation = regexp.MustCompile(`(?i)\b(?:rule|convention|ruling)s? ([CR]\d+(?:(?:, | and |, and | or )[CR]\d+)*)`)
	cited    = regexp.MustCompile(`[CR]\d+`)
	lane     = regexp.MustCompile(`\((L\d)\)`)
	newLine  = regexp.MustCompile(`\s*\n\s*(?://|#|\*|>)?\s*`)
)

// citations are the rulings, conventions and lanes that a text names as such.
func citations(text string) (ids []string) {
	text = newLine.ReplaceAllString(text, " ")
	for _, m := range citation.FindAllStringSubmatch(text, -1) {
		ids = append(ids, cited.FindAllString(m[1], -1)...)
	}
	for _, m := range lane.FindAllStringSubmatch(text, -1) {
		ids = append(ids, m[1])
	}
	return ids
}

// TestCitations: what comments and texts cite is in spec/rulings.yaml or
// spec/conventions.yaml.
func TestCitations(t *testing.T) {
	files, err := exec.Command("git", "-C", "../..", "ls-files", "-co", "--exclude-standard", "*.go", "*.md",
		"*.yaml").Output()
	if err != nil {
		t.Skipf("not a clone: %v", err)
	}
	known := slices.Concat(spec.Rulings(), spec.Conventions())
	seen := 0
	for name := range strings.FieldsSeq(string(files)) {
		if filepath.Base(name) == "citations_test.go" {
			continue
		}
		data, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			continue // removed, and not yet committed
		}
		for _, id := range citations(string(data)) {
			seen++
			if !slices.Contains(known, id) {
				t.Errorf("%s cites %s: it is neither a ruling (spec/rulings.yaml) nor a convention (spec/conventions.yaml)", name,
					id)
			}
		}
	}
	if seen < 50 {
		t.Errorf("%d citations were found; are they still read?", seen)
	}
}

func TestCitationsAreFound(t *testing.T) {
	for text, want := range map[string]string{
		"no more (rule C1); here":                       "C1",
		"understands (rules C13, C20).":                 "C13 C20",
		"as before (rulings R5, R6 and R21)":            "R5 R6 R21",
		"// answers (ruling\n// R99). Whether":          "R99",
		"Interval // timed by the interval (L1)":        "L1",
		"class C1 addresses, L2 caches and RFC 8628 R1": "",
	} {
		if got := strings.Join(citations(text), " "); got != want {
			t.Errorf("%q cites %q, want %q", text, got, want)
		}
	}
}
