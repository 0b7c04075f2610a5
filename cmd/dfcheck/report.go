package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/reports"
)

const reportHint = "make one with `dfcheck conformance --report json=FILE`"

func newReport(t terminal) *cobra.Command {
	c := &cobra.Command{Use: "report", Short: "Work with reports",
		Example: "  dfcheck report show run.json\n  dfcheck report convert run.json --to html=run.html"}
	c.AddCommand(newShow(t), newConvert(t), newMatrix(t), newCompare(t), newMerge(t), newHistory(t))
	return c
}

func newShow(t terminal) *cobra.Command {
	all := false
	c := &cobra.Command{
		Use: "show REPORT.json", Short: "Print a report as the run printed it", Args: cobra.ExactArgs(1),
		Example: "  dfcheck report show run.json -v",
		RunE: func(_ *cobra.Command, args []string) error {
			r, err := reports.ReadFile(args[0])
			if err != nil {
				return usage(err, reportHint)
			}
			return reports.WriteText(t.out, r, all)
		},
	}
	c.Flags().BoolVarP(&all, "verbose", "v", false, "show every check")
	return c
}

func newConvert(t terminal) *cobra.Command {
	f := &reportFlags{}
	c := &cobra.Command{
		Use: "convert REPORT.json", Aliases: []string{"render"}, Short: "Write a report in other formats",
		Args: cobra.ExactArgs(1), Example: "  dfcheck report convert run.json --to html=run.html --to text=-",
		RunE: func(_ *cobra.Command, args []string) error {
			r, err := reports.ReadFile(args[0])
			if err != nil {
				return usage(err, reportHint)
			}
			list, err := f.destinations(r.Run.Kind)
			if err != nil {
				return usage(err, "")
			}
			var errs []error
			for _, d := range list {
				errs = append(errs, d.Write(t.out, r, nil))
			}
			return usage(errors.Join(errs...), "")
		},
	}
	c.Flags().StringArrayVar(&f.reports, "to", []string{"text=-"},
		"`FORMAT=PATH`, repeatable ("+strings.Join(reports.FormatsFor(""), ", ")+"; - is standard output)")
	f.addLocation(c.Flags(), reports.KindConformance)
	return c
}
