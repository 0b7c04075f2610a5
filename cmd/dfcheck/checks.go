package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/checks"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/strict"
)

func newChecks(t terminal) *cobra.Command {
	asJSON := false
	list := func(*cobra.Command, []string) error {
		if asJSON {
			return printJSON(t.out, listed(spec.Catalogue()))
		}
		for _, r := range spec.Catalogue() {
			fmt.Fprintf(t.out, "%-15s %-6s %s\n", r.ID, r.Level, r.Title)
		}
		return nil
	}
	c := &cobra.Command{
		Use: "checks", Short: "List and explain the checks", Args: cobra.NoArgs, RunE: list,
		Example: "  dfcheck checks\n  dfcheck checks show DF-POLL-003\n  dfcheck checks matrix",
	}
	listToo := &cobra.Command{Use: "list", Short: "List the checks", Args: cobra.NoArgs, RunE: list,
		Example: "  dfcheck checks list | grep POLL\n  dfcheck checks list --json"}
	groups := &cobra.Command{Use: "groups", Short: "List the groups, for --only and --skip", Args: cobra.NoArgs,
		Example: "  dfcheck checks groups", RunE: func(*cobra.Command, []string) error { return listGroups(t.out, asJSON) }}
	for _, c := range []*cobra.Command{c, listToo, groups} {
		c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	}
	c.AddCommand(listToo, groups, newCoverage(t), newShowCheck(t),
		&cobra.Command{
			Use: "rulings [ID]...", Short: "Print what was decided where the texts leave room, and the conventions of " +
				"all checks",
			Example: "  dfcheck checks rulings\n  dfcheck checks rulings R5 C14 L2", Args: cobra.ArbitraryArgs,
			RunE: func(_ *cobra.Command, ids []string) error { return printRulings(t.out, ids) },
		},
		&cobra.Command{
			Use: "matrix", Short: "Print which fault of the reference server trips which check",
			Example: "  dfcheck checks matrix | grep DF-POLL",
			Args:    cobra.NoArgs,
			RunE:    func(*cobra.Command, []string) error { fmt.Fprint(t.out, checks.Matrix()); return nil },
		})
	return c
}

func newShowCheck(t terminal) *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use: "show ID", Short: "Explain a check", Example: "  dfcheck checks show DF-POLL-003", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			r, err := spec.Lookup(args[0])
			if err != nil {
				return usage(err, "`dfcheck checks` lists them")
			}
			if asJSON {
				return printJSON(t.out, listed([]spec.Requirement{r})[0])
			}
			fmt.Fprint(t.out, explain(r))
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// listGroups prints the groups with their size and what they are about.
func listGroups(w io.Writer, asJSON bool) error {
	size := map[string]int{}
	for _, r := range spec.Catalogue() {
		size[r.Group]++
	}
	if asJSON {
		groups := []listedGroup{}
		for _, g := range spec.Groups() {
			groups = append(groups, listedGroup{g, spec.GroupTitle(g), size[g]})
		}
		return printJSON(w, groups)
	}
	for _, g := range spec.Groups() {
		if _, err := fmt.Fprintln(w, groupLine(g, size[g])); err != nil {
			return err
		}
	}
	return nil
}

func groupLine(group string, checks int) string {
	what := "checks"
	if checks == 1 {
		what = "check "
	}
	return fmt.Sprintf("%-9s %2d %s  %s", group, checks, what, spec.GroupTitle(group))
}

// printRulings prints the rulings and conventions with these ids, all without any.
func printRulings(w io.Writer, ids []string) error {
	all := slices.Concat(spec.Rulings(), spec.Conventions())
	if len(ids) == 0 {
		ids = all
	}
	for _, id := range ids {
		id = strings.ToUpper(id)
		if !slices.Contains(all, id) {
			return usage(fmt.Errorf("unknown ruling or convention %q; the nearest is %q", id, strict.Nearest(id, all)),
				"`dfcheck checks rulings` lists them")
		}
		if _, err := fmt.Fprintf(w, "%s\n%s\n", id, wrap(spec.Ruling(id)+spec.Convention(id), 78)); err != nil {
			return err
		}
	}
	return nil
}

// explain is all that the catalogue says of a requirement.
func explain(r spec.Requirement) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n%s, %s\ncontracts: %s\n", r.ID, r.Title, r.Level, r.Source, strings.Join(r.Contracts, ", "))
	fmt.Fprintf(&b, "requirements: since %s\n", sinceOf(r))
	if len(r.Needs) > 0 {
		fmt.Fprintf(&b, "needs: %s\n", strings.Join(r.Needs, ", "))
	}
	for _, n := range r.Needs {
		fmt.Fprintf(&b, "  %s: %s\n", n, conformance.Capability(n).Enable())
	}
	for _, p := range []struct{ name, text string }{
		{"Why", r.Rationale}, {"How", r.How}, {"Fails", r.Fails}, {"Warns", r.Warns}, {"Undecided", r.Undecided},
		{"Remedy", r.Remedy},
	} {
		if p.text != "" {
			fmt.Fprintf(&b, "\n%s\n%s\n", p.name, wrap(p.text, 78))
		}
	}
	b.WriteString(sentencesOf(r.ID))
	for _, id := range r.Rulings {
		fmt.Fprintf(&b, "\nRuling %s\n%s\n", id, wrap(spec.Ruling(id), 78))
	}
	fmt.Fprintf(&b, "\n%s\n", r.URL())
	return b.String()
}

// sinceOf is the set with which a check came, and whether it counts yet.
func sinceOf(r spec.Requirement) string {
	if r.Provisional {
		return r.Since + "; provisional: reported, and not counted before the next minor release"
	}
	return r.Since
}

// wrap breaks a text into lines, indented by two.
func wrap(text string, width int) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		if column > 0 && column+1+len(word) > width {
			b.WriteByte('\n')
			column = 0
		}
		if column == 0 {
			b.WriteString("  ")
			column = 2
		} else {
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}
