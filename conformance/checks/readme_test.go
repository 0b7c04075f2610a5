package checks

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// TestReadme: README.md is what the catalogue says, with a heading for each check that
// reports link to.
func TestReadme(t *testing.T) {
	const file = "README.md"
	want := readme()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("%s is not what the catalogue says, %v: go test ./conformance/checks -run '^TestReadme$' -update", file, err)
	}
	for _, r := range spec.Catalogue() {
		_, anchor, _ := strings.Cut(r.URL(), "/conformance/checks/README.md#")
		if !strings.Contains(want, "\n### "+strings.ToUpper(anchor)+"\n") || anchor == "" {
			t.Errorf("%s leads nowhere", r.URL())
		}
	}
}

func readme() string {
	var b strings.Builder
	b.WriteString("# The checks\n\n<!-- go test ./conformance/checks -run '^TestReadme$' -update -->\n\n" +
		"What each check requires, why, how it is tested and what to change. It is generated from\n" +
		"[spec/catalogue.yaml](../../spec/catalogue.yaml); `dfcheck checks show ID` prints the same. " +
		"How checks work is told in\n" +
		"[conformance/README.md](../README.md).\n\n| group | checks | about |\n|---|---|---|\n")
	size := map[string]int{}
	for _, r := range spec.Catalogue() {
		size[r.Group]++
	}
	for _, g := range spec.Groups() {
		fmt.Fprintf(&b, "| [%s](#%s) | %d | %s |\n", g, strings.ToLower(g), size[g], spec.GroupTitle(g))
	}
	group := ""
	for _, r := range spec.Catalogue() {
		if r.Group != group {
			group = r.Group
			fmt.Fprintf(&b, "\n## %s\n\n%s\n", group, literally(spec.GroupTitle(group)))
		}
		entry(&b, r)
	}
	return b.String()
}

// entry is all that the catalogue says of a requirement.
func entry(b *strings.Builder, r spec.Requirement) {
	fmt.Fprintf(b, "\n### %s\n\n**%s**\n\n%s, %s. For: %s. Since %s", r.ID, literally(r.Title), r.Level,
		literally(r.Source),
		strings.Join(r.Contracts, ", "), r.Since)
	if r.Provisional {
		b.WriteString(", provisional: reported and not counted")
	}
	b.WriteString(".\n")
	for _, n := range r.Needs {
		fmt.Fprintf(b, "\nNeeds %s: %s.\n", literally(n), literally(conformance.Capability(n).Enable()))
	}
	for _, p := range []struct{ name, text string }{
		{"Why", r.Rationale}, {"How", r.How}, {"Fails", r.Fails}, {"Warns", r.Warns}, {"Undecided", r.Undecided},
		{"Remedy", r.Remedy},
	} {
		if p.text != "" {
			fmt.Fprintf(b, "\n*%s:* %s\n", p.name, literally(p.text))
		}
	}
	for _, id := range r.Rulings {
		fmt.Fprintf(b, "\n*Ruling %s:* %s\n", id, literally(spec.Ruling(id)))
	}
}

// literally is a text that Markdown shows as it is, on one line.
func literally(s string) string {
	return strings.NewReplacer("<", "&lt;", "*", `\*`, "[", `\[`, "]", `\]`, "_", `\_`, "`",
		"\\`").Replace(strings.Join(strings.Fields(s), " "))
}
