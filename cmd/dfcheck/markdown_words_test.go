package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestDocumentedCommands: what stands in backquotes and begins with dfcheck, and the
// example of every command, names commands and flags that are there.
func TestDocumentedCommands(t *testing.T) {
	found := 0
	hold := func(where, command string) {
		found++
		if problem := unknownIn(command); problem != "" {
			t.Errorf("%s: %s: %s", where, command, problem)
		}
	}
	for file, text := range documents(t) {
		for _, m := range backquoted.FindAllStringSubmatch(withoutBlocks(text), -1) {
			if command := strings.Join(strings.Fields(m[1]), " "); strings.HasPrefix(command, "dfcheck ") {
				hold(file, command)
			}
		}
	}
	every(newRoot(terminal{}), func(c *cobra.Command) {
		for line := range strings.Lines(c.Example) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "dfcheck ") {
				hold(c.CommandPath(), line)
			}
		}
	})
	if found < 150 {
		t.Errorf("%d commands were found; are they still read?", found)
	}
}

// flagIn is a flag among the words of a command line.
var flagIn = regexp.MustCompile(`(?:^|\s)--([a-z][a-z0-9-]*)`)

// unknownIn says which word or flag of a command line dfcheck does not know; "" for none.
func unknownIn(command string) string {
	command, _, _ = strings.Cut(command, " | ")
	command, _, _ = strings.Cut(command, " > ")
	words := strings.Fields(strings.ReplaceAll(command, "'", ""))[1:]
	if len(words) == 0 || strings.Trim(words[0], "….") == "" {
		return ""
	}
	c, rest, err := newRoot(terminal{}).Find(words)
	if err != nil || !c.HasParent() && !strings.HasPrefix(words[0], "--") {
		return "there is no such command"
	}
	if c.HasSubCommands() && c.Args == nil && len(rest) > 0 && regexp.MustCompile(`^[a-z]+$`).MatchString(rest[0]) {
		return "there is no command " + rest[0]
	}
	c.InitDefaultHelpFlag()
	c.InitDefaultVersionFlag()
	for _, m := range flagIn.FindAllStringSubmatch(strings.Join(words, " "), -1) {
		if c.Flags().Lookup(m[1]) == nil && c.InheritedFlags().Lookup(m[1]) == nil {
			return "there is no flag --" + m[1]
		}
	}
	return ""
}

func TestUnknownIn(t *testing.T) {
	for command, want := range map[string]string{
		"dfcheck doctor --host …": "", "dfcheck": "", "dfcheck doktor": "there is no such command",
		"dfcheck doctor --hots x":         "there is no flag --hots",
		"dfcheck load plan --devices 5M":  "",
		"dfcheck load capacity --speed 1": "there is no flag --speed",
	} {
		if got := unknownIn(command + " "); command != "dfcheck" && got != want {
			t.Errorf("%q: %q, want %q", command, got, want)
		}
	}
}

// TestDocumentedSource: each line of a block of Go stands somewhere in the repository, an
// example or the comment of a package included.
func TestDocumentedSource(t *testing.T) {
	var sources strings.Builder
	for _, path := range goFiles(t) {
		text, err := os.ReadFile("../../" + path)
		if err != nil {
			continue // removed, and not yet committed
		}
		sources.WriteString(normal(string(text)))
	}
	seen := 0
	for file, text := range documents(t) {
		for _, b := range blocks(file, text) {
			if b.kind != "go" || strings.Contains(b.text, "…") {
				continue
			}
			seen++
			for line := range strings.Lines(b.text) {
				line, _, _ := strings.Cut(line, "// ")
				if !strings.Contains(sources.String(), normal(line)) {
					t.Errorf("%s: the line %q is in no file of the repository", b, strings.TrimSpace(line))
				}
			}
		}
	}
	if seen < 2 {
		t.Errorf("%d blocks of Go were found; are they still read?", seen)
	}
}

var spaceOrPackage = regexp.MustCompile(`\s+|\bconformance\.`)

// normal is source without spaces and the name of the package that the examples use.
func normal(source string) string { return spaceOrPackage.ReplaceAllString(source, "") }

// goFiles are the Go files of the repository.
func goFiles(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("git", "-C", "../..", "ls-files", "-co", "--exclude-standard", "*.go").Output()
	if err != nil {
		t.Skipf("not a clone: %v", err)
	}
	return strings.Fields(string(out))
}
