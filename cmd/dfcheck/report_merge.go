package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/load/merge"
	"github.com/dfcheck/dfcheck/reports"
)

// mergeFlags are the options of report merge.
type mergeFlags struct {
	reportFlags
	shards int
}

func newMerge(t terminal) *cobra.Command {
	f := &mergeFlags{}
	c := &cobra.Command{
		Use: "merge DIR", Short: "Make one report of those of the shards of a load run", Args: cobra.ExactArgs(1),
		Long: `Merges what the shards of a load run wrote into a folder (dfcheck load --shard). Counts
are added and histograms merged bucket by bucket, so that the figures are those of
one process; thresholds are judged on the whole. The shards' digests show codes and
tokens that two shards got. A shard is complete, partial (it ended early), late for
the start instant, missing, or duplicate (two processes sent its load).

Exit codes: 0 all shards are complete and nothing failed, 1 a threshold was missed or
the protocol broken, 2 a file cannot be read or is of another run, 3 a threshold could
not be judged, 4 a shard is not complete and nothing failed: no verdict.`,
		Example: `  dfcheck report merge results --shards 4
  dfcheck report merge results --shards 4 --report json=merged.json --report html=merged.html`,
		RunE: func(_ *cobra.Command, args []string) error { return f.merge(t, args[0]) },
	}
	fs := c.Flags()
	fs.Var(count(&f.shards), "shards", "number of shards that the run had")
	f.addReports(fs, reports.KindLoad)
	return c
}

func (f *mergeFlags) merge(t terminal, dir string) error {
	list, err := f.destinations(reports.KindLoad)
	if f.shards == 0 {
		err = errors.Join(err, errors.New("--shards is missing: a shard of which there is no file counts as well"))
	}
	if err != nil {
		return usage(err, "`dfcheck report merge --help` shows an example")
	}
	r, err := merge.Folder(dir, f.shards)
	if err != nil {
		return usage(fmt.Errorf("cannot merge: %w", err), "leave the files of one run in the folder, and no others")
	}
	return printMerged(t, r, list)
}

// printMerged prints a merged report and writes its files.
func printMerged(t terminal, r *reports.Report, list []reports.Destination) error {
	err := reports.WriteText(t.out, r, false)
	for _, d := range list {
		err = errors.Join(err, d.Write(t.out, r, nil))
	}
	if err != nil {
		return &failure{reports.ExitUntested, err, ""}
	}
	return exit(r.Run.ExitCode)
}
