package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/conformance/waiver"
	"github.com/dfcheck/dfcheck/reports"
)

func newWaivers(t terminal) *cobra.Command {
	form := func(text string) func(*cobra.Command, []string) error {
		return func(*cobra.Command, []string) error { _, err := io.WriteString(t.out, text); return err }
	}
	c := &cobra.Command{
		Use: "waivers", Short: "Explain the file of known failures, and check one", RunE: form(waiversForm),
		Long: waiversForm,
		Example: "  dfcheck waivers example > waivers.yaml\n  dfcheck waivers check waivers.yaml\n  dfcheck conformance " +
			"--waivers waivers.yaml",
	}
	c.AddCommand(
		&cobra.Command{
			Use: "example", Short: "Print a waiver file to start from", Example: "  dfcheck waivers example > waivers.yaml",
			Args: cobra.NoArgs, RunE: form(waiver.Example),
		},
		&cobra.Command{
			Use: "schema", Short: "Print the JSON Schema of waiver files",
			Example: "  dfcheck waivers schema > waivers.schema.json",
			Args:    cobra.NoArgs, RunE: form(waiver.Schema),
		},
		&cobra.Command{
			Use: "check FILE", Short: "Check a waiver file without a run", Example: "  dfcheck waivers check waivers.yaml",
			Long: "Reads a waiver file as a run does.\n\nExit codes: 0 good, 2 not a waiver file, 5 a waiver has expired.",
			Args: cobra.ExactArgs(1), RunE: func(_ *cobra.Command, args []string) error { return checkWaivers(t.out, args[0]) },
		},
	)
	return c
}

// waiversForm explains the file.
var waiversForm = `A waiver file lists failures that the owner of a server knows and accepts:
--waivers FILE, or waivers: in dfcheck.yaml.

  ` + strings.TrimSpace(strings.ReplaceAll(waiver.Example, "\n", "\n  ")) + `

A check that fails or warns, and is waived, is reported as WAIVED with the reason;
it does not count for the exit code. A waiver that no longer applies is stale,
because its check passed or its last day is over: exit code 5, so that the file
does not outlive its reasons. An unknown check is an error before the run.
`

const waiversHint = "`dfcheck waivers` explains the file"

// checkWaivers reads a waiver file and says what it waives. One that expired is
// stale, as in a run.
func checkWaivers(w io.Writer, path string) error {
	ws, err := waiver.Read(path)
	if err != nil {
		return usage(err, waiversHint)
	}
	noun := "waivers"
	if len(ws) == 1 {
		noun = "waiver"
	}
	fmt.Fprintf(w, "%s: %d %s\n", path, len(ws), noun)
	code := reports.ExitOK
	for _, v := range ws {
		until := ""
		switch {
		case v.Expired(time.Now()):
			code = reports.ExitStaleWaiver
			until = ", expired after " + v.Expires
		case v.Expires != "":
			until = ", until " + v.Expires
		}
		fmt.Fprintf(w, "  %s: %s%s\n", v.Check, v.Reason, until)
	}
	return exit(code)
}
