package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/strict"
)

// compareFlags are the options of report compare.
type compareFlags struct {
	reports.CompareOptions
	to     []string
	failOn string
	strict bool
}

func newCompare(t terminal) *cobra.Command {
	f := &compareFlags{}
	c := &cobra.Command{
		Use: "compare OLD.json NEW.json ...", SuggestFor: []string{"diff"}, Args: cobra.MinimumNArgs(2),
		Short: "Show what got worse, what is no longer tested, and what got better",
		Long: `Compares the runs of two sides: two reports, two folders of reports, or several
of each with -- between the sides.

Conformance: a check is broken, no longer tested, fixed or newly tested. With
several runs a side its verdict is the worst, and how often it had that is said.

Load: each figure is shown with its difference and the interval in which that
lies, together with whether it is more than runs differ among themselves. That
takes five runs on each side. Take turns: five runs before and then five after
compare the hours as well as the servers. Runs of two targets, profiles, seeds or
machines are not comparable, unless --across says that this is meant.

Exit codes: 0 nothing got worse, 1 something got worse, or was tested before and
is not any more (not with --fail-on never), 2 the reports cannot be compared,
4 --strict and too few runs to tell.`,
		Example: `  dfcheck report compare main.json branch.json
  dfcheck report compare old/ new/ --to markdown=-
  dfcheck report compare --to html=compare.html main-*.json -- branch-*.json
  dfcheck report compare blue/ green/ --across target`,
		RunE: func(c *cobra.Command, args []string) error { return f.compare(t, args, c.ArgsLenAtDash()) },
	}
	fs := c.Flags()
	addTablePlaces(fs, &f.to)
	fs.StringVar(&f.failOn, "fail-on", "regression", "what makes exit code 1: regression or never")
	fs.BoolVar(&f.strict, "strict", false, "exit 4 when there are too few runs to tell")
	fs.StringSliceVar(&f.Across, "across", nil,
		"compare load runs although these differ: "+strings.Join(reports.Acrosses(), ", "))
	f.Tolerance = reports.DefaultTolerance
	fs.Var(&percent{&f.Tolerance}, "tolerance", "by how much a figure of a load run may differ and be no worse")
	return c
}

// percent is a flag that takes a share as people write it: 2%.
type percent struct{ to *float64 }

func (p *percent) Set(text string) error {
	v, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(text), "%"), 64)
	if err != nil || !strings.HasSuffix(strings.TrimSpace(text), "%") || !(v >= 0 && v <= 100) {
		return errors.New("it takes " + p.takes())
	}
	*p.to = v / 100
	return nil
}

func (p *percent) takes() string { return "a share from 0% to 100%, such as 2%" }
func (p *percent) Type() string  { return "share" }

func (p *percent) String() string {
	if p.to == nil {
		return ""
	}
	return strconv.FormatFloat(100**p.to, 'g', 3, 64) + "%"
}

func (f *compareFlags) compare(t terminal, args []string, dash int) error {
	to, err := tablePlaces(f.to, "a comparison", "text", "markdown", "html")
	if f.failOn != "regression" && f.failOn != "never" {
		err = errors.Join(err, fmt.Errorf("--fail-on is %q; it is regression or never", f.failOn))
	}
	for _, word := range f.Across {
		if !slices.Contains(reports.Acrosses(), word) {
			err = errors.Join(err, fmt.Errorf("--across %s: the nearest is %q (%s)", word,
				strict.Nearest(word, reports.Acrosses()), strings.Join(reports.Acrosses(), ", ")))
		}
	}
	if err != nil {
		return usage(err, "`dfcheck report compare --help` shows an example")
	}
	old, now, err := sides(args, dash)
	if err != nil {
		return err
	}
	compared, err := reports.Compare(old, now, f.CompareOptions)
	if err != nil {
		return notComparable(err)
	}
	if err := writeTables(t, to, compared); err != nil {
		return err
	}
	switch {
	case f.failOn == "regression" && compared.Regressed():
		return exit(reports.ExitFailed)
	case f.strict && compared.Undecided():
		return exit(reports.ExitUndecided)
	}
	return nil
}

// notComparable says what can be done.
func notComparable(err error) error {
	hint := "--spec chooses the contract of a run, --report json=FILE keeps its verdicts"
	if differ, ok := errors.AsType[*reports.IncomparableError](err); ok {
		hint = fmt.Sprintf("--across %s compares them all the same", differ.What)
	} else if _, ok := errors.AsType[*reports.RepeatedError](err); ok {
		hint = "leave one of the files out"
	}
	return usage(err, hint)
}

// sides reads the reports before and behind the --, or the one and the other of two.
func sides(args []string, dash int) (old, now []*reports.Report, err error) {
	if dash < 0 {
		if dash = 1; len(args) != 2 {
			return nil, nil, usage(fmt.Errorf("%d reports, and nothing says which are the old ones", len(args)),
				"put -- between the sides: dfcheck report compare OLD.json ... -- NEW.json ...")
		}
	}
	if dash == 0 || dash == len(args) {
		return nil, nil, usage(errors.New("there are reports on one side of the -- alone"),
			"dfcheck report compare OLD.json ... -- NEW.json ...")
	}
	if i := slices.IndexFunc(args[dash:], func(a string) bool { return strings.HasPrefix(a, "--") }); i >= 0 {
		return nil, nil, usage(fmt.Errorf("%s stands behind the --, where only reports do", args[dash+i]),
			"put flags before the reports")
	}
	if old, err = readReports(args[:dash]); err == nil {
		now, err = readReports(args[dash:])
	}
	return old, now, usage(err, reportHint)
}

// readReports reads files, and of folders all that is called .json.
func readReports(paths []string) (out []*reports.Report, err error) {
	for _, path := range paths {
		files, err := reportFiles(path)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			r, err := reports.ReadFile(file)
			if err != nil {
				return nil, err
			}
			out = append(out, r)
		}
	}
	return out, nil
}

// reportFiles are a file, or those of a folder that are called .json, in their order.
func reportFiles(path string) (files []string, err error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".json") && !e.IsDir() {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	if err == nil && files == nil {
		err = fmt.Errorf("there is no report (*.json) in the folder %s", path)
	}
	return files, err
}
