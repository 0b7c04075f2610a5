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
	root := newRoot(t)
	root.SetArgs(args)
	return t.report(root.ExecuteContext(ctx))
}

func newRoot(t terminal) *cobra.Command {
	root := &cobra.Command{
		Use:   "dfcheck",
		Short: "Check and load OAuth 2.0 device-flow servers",
		Long: `dfcheck finds out whether a device-flow server (RFC 8628) is right, and how
many devices it carries.`,
		Example: `  dfcheck conformance                              the embedded server, no set-up
  dfcheck conformance --host https://auth.example.com --client-id tv-app
  dfcheck load --devices 5000 --ramp 5s --duration 30s`,
		SilenceErrors: true, SilenceUsage: true,
	}
	root.SetIn(t.in)
	root.SetOut(t.out)
	root.SetErr(t.err)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage(err, fmt.Sprintf("`%s --help` lists the flags", c.CommandPath()))
	})
	root.AddCommand(newConformance(t), newLoad(t), newInit(t), newDoctor(t), newServe(t), newApprove(t), newChecks(t), newJudge(t), newReport(t), newVersion(t))
	return root
}

func newVersion(t terminal) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Example: "  dfcheck version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintf(t.out, "dfcheck %s, report %s\n", buildVersion(), reports.Schema)
			return nil
		},
	}
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
