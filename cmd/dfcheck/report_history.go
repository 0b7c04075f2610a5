package main

import (
	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/reports"
)

func newHistory(t terminal) *cobra.Command {
	var to []string
	all := false
	c := &cobra.Command{
		Use: "history REPORT.json ...", SuggestFor: []string{"trend", "log"}, Args: cobra.MinimumNArgs(1),
		Short: "Show since when each check is as it is, and which are flaky",
		Long: `Puts conformance reports of one server beside each other, in the order of their
runs: what each check is now, since when, and whether it is flaky. A folder stands
for the reports in it.

A check is flaky when it passed and failed with one commit (run.ci.commit of the
reports, as CI tells it), when it changed three times, or, where commits are not
known, when it changed for a single run. What broke and was mended is not.`,
		Example: `  dfcheck report history nightly/*.json
  dfcheck report history nightly/ -v --to markdown=- --to html=history.html`,
		RunE: func(_ *cobra.Command, args []string) error {
			places, err := tablePlaces(to, "a history", "text", "markdown", "html")
			if err != nil {
				return usage(err, "`dfcheck report history --help` shows an example")
			}
			runs, err := readReports(args)
			if err != nil {
				return usage(err, reportHint)
			}
			h, err := reports.NewHistory(runs)
			if err != nil {
				return usage(err, "load runs are compared by `dfcheck report compare`")
			}
			return writeTables(t, places, reports.HistoryView{History: h, All: all})
		},
	}
	fs := c.Flags()
	addTablePlaces(fs, &to)
	fs.BoolVarP(&all, "verbose", "v", false, "show every check")
	return c
}
