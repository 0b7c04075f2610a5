package main

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/reports"
)

// version is set when a release is built.
var version = "dev"

// execute runs a command line and returns the exit code.
func execute(ctx context.Context, args []string, t terminal) int {
	t.screen, t.secrets = &screen{}, &secrecy{}
	t.out = &stream{"standard output", t.out, t.secrets}
	t.err = &stream{"standard error", t.err, t.secrets}
	root := newRoot(t)
	root.SetArgs(args)
	return t.report(t.secrets.refused(root.ExecuteContext(ctx)))
}

func newRoot(t terminal) *cobra.Command {
	root := &cobra.Command{
		Use:   "dfcheck",
		Short: "Check and load OAuth 2.0 device-flow servers",
		Long: `dfcheck finds out whether a device-flow server conforms to RFC 8628, and how many
devices it supports.`,
		Example: `  dfcheck conformance                              the embedded server, no set-up
  dfcheck conformance --host https://auth.example.com --client-id tv-app
  dfcheck load --devices 5000 --ramp 5s --duration 30s`,
		SilenceErrors: true, SilenceUsage: true,
	}
	root.SetIn(t.in)
	root.SetOut(t.out)
	root.SetErr(t.err)
	root.Version = versionLine()
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.PersistentPreRunE = noBlankFlags
	root.AddCommand(newConformance(t), newLoad(t), newInit(t), newConfig(t), newDoctor(t), newServe(t), newApprove(t), newChecks(t), newSpec(t), newJudge(t),
		newReport(t), newWaivers(t), newVersion(t))
	root.SetHelpCommand(strictHelp())
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd("completion") // both now, so that they are held to the same rules
	strictWords(root)
	return root
}

func newVersion(t terminal) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Example: "  dfcheck version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(t.out, versionLine())
			return err
		},
	}
}

// versionLine is what --version prints: the version, the commit it was built from
// where the build knows it, and the schema of its reports.
func versionLine() string {
	line := "dfcheck " + buildVersion()
	if commit := buildCommit(); commit != "" {
		line += " (commit " + commit + ")"
	}
	return line + ", report " + reports.Schema
}

// buildCommit is the commit that the program was built from, empty when it is
// unknown.
func buildCommit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return commitOf(info.Settings)
}

// commitOf is the commit among the settings of a build, empty when it is unknown.
func commitOf(settings []debug.BuildSetting) string {
	known := map[string]string{}
	for _, s := range settings {
		known[s.Key] = s.Value
	}
	commit := known["vcs.revision"]
	if commit != "" {
		commit = commit[:min(len(commit), 12)]
	}
	if commit != "" && known["vcs.modified"] == "true" {
		commit += ", modified"
	}
	return commit
}

// buildVersion is the release, or what the Go toolchain knows of the build.
func buildVersion() string {
	if version != "dev" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return version
}
