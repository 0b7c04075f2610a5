package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/reports"
)

func newReport(t terminal) *cobra.Command {
	c := &cobra.Command{Use: "report", Short: "Work with reports", Example: "  dfcheck report render run.json --to html=run.html"}
	var to []string
	render := &cobra.Command{
		Use: "render REPORT.json", Short: "Render a report in other formats", Args: cobra.ExactArgs(1),
		Example: "  dfcheck report render run.json --to html=run.html --to text=-",
		RunE: func(_ *cobra.Command, args []string) error {
			r, err := reports.ReadFile(args[0])
			if err != nil {
				return usage(err, "make one with `dfcheck conformance --report json=FILE`")
			}
			var errs []error
			for _, text := range to {
				d, err := reports.ParseDestination(text)
				if err == nil {
					err = d.Write(t.out, r, nil)
				}
				errs = append(errs, err)
			}
			return usage(errors.Join(errs...), "")
		},
	}
	render.Flags().StringArrayVar(&to, "to", []string{"text=-"}, "FORMAT=PATH, repeatable")
	c.AddCommand(render, newMatrix(t), newCompare(t))
	return c
}

func newCompare(t terminal) *cobra.Command {
	return &cobra.Command{
		Use: "compare OLD.json NEW.json", SuggestFor: []string{"diff"}, Short: "Show what got worse, what is no longer tested, and what got better", Args: cobra.ExactArgs(2),
		Long: `Compares the verdicts of two conformance reports.

Exit codes: 0 nothing got worse, 1 a check got worse, or was judged before and
is not any more, 2 the reports cannot be compared: two contracts, another kind
of run, a run without verdicts.`,
		Example: "  dfcheck report compare main.json branch.json",
		RunE: func(_ *cobra.Command, args []string) error {
			before, err := reports.ReadFile(args[0])
			if err != nil {
				return usage(err, "make one with `dfcheck conformance --report json=FILE`")
			}
			now, err := reports.ReadFile(args[1])
			if err != nil {
				return usage(err, "make one with `dfcheck conformance --report json=FILE`")
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
