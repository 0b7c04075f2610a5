package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/reports"
)

func newVersion(t terminal) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Example: "  dfcheck version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(t.out, versionLine())
			return err
		},
	}
}

// versionLine is what --version prints: the version, the commit and its day where the
// build knows them, what it was built with and for, and the schema of its reports.
func versionLine() string {
	tool := builtTool()
	line := "dfcheck " + tool.Version
	day, _, _ := strings.Cut(tool.Date, "T")
	if from := strings.Join(strings.Fields(tool.Commit+" "+day), " "); from != "" {
		line += " (commit " + from + ")"
	}
	return fmt.Sprintf("%s, %s %s/%s, report %s", line, runtime.Version(), runtime.GOOS, runtime.GOARCH, reports.Schema)
}

// builtTool is what the Go toolchain wrote into the program. No flag of a build adds
// to it, so that a release, `go install` and a checkout tell alike what they are.
func builtTool() reports.Tool {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return toolOf(info)
}

// toolOf is the program that has the information.
func toolOf(info *debug.BuildInfo) reports.Tool {
	known := map[string]string{}
	for _, s := range info.Settings {
		known[s.Key] = s.Value
	}
	tool := reports.Tool{Name: "dfcheck", Version: cmp.Or(info.Main.Version, "(devel)"), Date: known["vcs.time"]}
	commit := known["vcs.revision"]
	if tool.Commit = commit[:min(len(commit), 12)]; commit != "" && known["vcs.modified"] == "true" {
		tool.Commit += ", modified"
	}
	return tool
}

// reportOf is an empty report of this program.
func reportOf(kind reports.Kind) *reports.Report {
	tool := builtTool()
	r := reports.New(kind, tool.Version)
	r.Tool = tool
	return r
}
