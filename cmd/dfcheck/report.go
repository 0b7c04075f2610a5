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
	c.AddCommand(newShow(t), newConvert(t), newMatrix(t), newCompare(t))
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

func newCompare(t terminal) *cobra.Command {
	return &cobra.Command{
		Use: "compare OLD.json NEW.json", SuggestFor: []string{"diff"},
		Short: "Show what got worse, what is no longer tested, and what got better", Args: cobra.ExactArgs(2),
		Long: `Compares the verdicts of two conformance reports.

Exit codes: 0 nothing got worse, 1 a check got worse, or was judged before and
is not any more, 2 the reports cannot be compared: two contracts, another kind
of run, a run without verdicts.`,
		Example: "  dfcheck report compare main.json branch.json",
		RunE: func(_ *cobra.Command, args []string) error {
			before, err := reports.ReadFile(args[0])
			if err != nil {
				return usage(err, reportHint)
			}
			now, err := reports.ReadFile(args[1])
			if err != nil {
				return usage(err, reportHint)
			}
			compared, err := reports.Compare(before, now)
			if err != nil {
				return usage(err, "--spec chooses the contract of a run, --report json=FILE keeps its verdicts")
			}
			if err := compared.WriteText(t.out); err != nil {
				return err
			}
			if compared.Regressed() {
				return exit(reports.ExitFailed)
			}
			return nil
		},
	}
}
