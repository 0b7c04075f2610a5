package main

import (
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/dfcheck/dfcheck/reports"
)

// newMan writes the manual pages that packages hold. It is for those who build them.
func newMan() *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write the manual pages", Hidden: true, Args: cobra.ExactArgs(1),
		Example: "  dfcheck man share/man/man1",
		RunE: func(c *cobra.Command, args []string) error {
			return usage(writeManual(c.Root(), args[0], builtTool()), "")
		},
	}
}

// writeManual writes a page for each command into a folder that it makes.
func writeManual(root *cobra.Command, dir string, tool reports.Tool) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	header := &doc.GenManHeader{Section: "1", Source: "dfcheck " + tool.Version, Manual: "dfcheck"}
	if day, err := time.Parse(time.RFC3339, tool.Date); err == nil {
		header.Date = &day
	}
	fenced(root)
	return doc.GenManTree(root, header, dir)
}

// fenced keeps the tables in the descriptions of c and all commands below it: their
// text is Markdown for the generator, which would fill indented lines.
func fenced(c *cobra.Command) {
	c.DisableAutoGenTag = true
	var out []string
	inside := false
	for line := range strings.SplitSeq(c.Long, "\n") {
		if indented := strings.HasPrefix(line, "  "); indented != inside {
			out = append(out, "```")
			inside = indented
		}
		out = append(out, line)
	}
	if inside {
		out = append(out, "```")
	}
	c.Long = strings.Join(out, "\n")
	for _, sub := range c.Commands() {
		fenced(sub)
	}
}
