package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/load/kubernetes"
	"github.com/dfcheck/dfcheck/reports"
)

// newLoadFiles is how a pod hands out the files of the shards: the image has no
// other program that could.
func newLoadFiles(t terminal) *cobra.Command {
	hold := false
	c := &cobra.Command{
		Use: "files [DIR]", Short: "Write the files of a folder as an archive (tar, gzip)", Hidden: true,
		Args: cobra.MaximumNArgs(1),
		Long: `Writes the files of a folder to standard output, as an archive. With --hold it waits
until it is stopped, so that a pod is there in which the archive can be made.`,
		Example: "  dfcheck load files /results/dfcheck > results.tar.gz\n  dfcheck load files --hold",
		RunE:    func(cmd *cobra.Command, args []string) error { return handOut(cmd.Context(), t, hold, args) },
	}
	c.Flags().BoolVar(&hold, "hold", false, "wait until it is stopped")
	return c
}

func handOut(ctx context.Context, t terminal, hold bool, args []string) error {
	switch {
	case hold == (len(args) == 1):
		return usage(errors.New("load files takes a folder, or --hold"), "")
	case hold:
		<-ctx.Done()
		return nil
	}
	if err := kubernetes.Pack(t.out, args[0]); err != nil {
		return &failure{reports.ExitUntested, err, ""}
	}
	return nil
}
