package main

import (
	"context"

	"github.com/spf13/cobra"
)

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
	root.AddCommand(newConformance(t), newLoad(t), newLimits(t), newInit(t), newConfig(t), newDoctor(t), newServe(t),
		newApprove(t), newChecks(t), newSpec(t), newJudge(t), newReport(t), newWaivers(t), newVersion(t), newMan())
	root.SetHelpCommand(strictHelp())
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd("completion") // both now, so that they are held to the same rules
	strictWords(root)
	addCompletions(root)
	return root
}
