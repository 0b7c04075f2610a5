package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/checks"
	"github.com/dfcheck/dfcheck/reports"
)

func newJudge(t terminal) *cobra.Command {
	f := &conformanceFlags{}
	c := &cobra.Command{
		Use: "judge TRANSCRIPT", Short: "Judge a saved transcript again", Args: cobra.ExactArgs(1),
		Long: `Gives the verdicts that follow from a transcript saved with --record. Nothing is
sent: the same transcript gives the same verdicts.`,
		Example: `  dfcheck conformance --record run.jsonl
  dfcheck judge run.jsonl --report html=run.html`,
		RunE: func(_ *cobra.Command, args []string) error { return f.judge(t, args[0]) },
	}
	fs := c.Flags()
	f.flags = fs
	f.addSelection(fs)
	f.addGate(fs)
	return c
}

func (f *conformanceFlags) judge(t terminal, path string) error {
	s, err := f.settings(&conformance.Config{})
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return usage(err, "save one with `dfcheck conformance --record FILE`")
	}
	defer file.Close()
	transcript, err := conformance.Load(file)
	if err != nil {
		return usage(fmt.Errorf("%s: %w", path, err), "save one with `dfcheck conformance --record FILE`")
	}
	secrets := transcript.Redactor()
	t.secrets.keep(secrets.Text, secrets.Check)
	s.guard = secrets.Check
	results, err := f.selected(transcript)
	if err != nil {
		return usage(fmt.Errorf("%s: %w", path, err), "")
	}
	r := reportOf(reports.KindConformance)
	r.Run.Started, r.Run.ID = transcript.Header.Started, transcript.Header.Started.UTC().Format("20060102T150405Z")
	if n := len(transcript.Exchanges); n > 0 {
		r.Run.DurationMS = float64(transcript.Exchanges[n-1].Received / time.Millisecond)
	}
	r.Target = transcript.Header.Target.ReportTarget(transcript.Header.Contract, "")
	r.Conformance = conformance.Section(transcript, results, nil, s.waivers, nil)
	r.Run.Problem = transcript.Problem()
	r.Run.ExitCode = reports.ExitCode(r, reports.ExitOptions{Strict: f.strict, FailOnWarning: f.failOn == "warning"})
	err = s.guard.Over("the summary", func(w io.Writer) error {
		return reports.WriteText(w, r, f.verbose)
	})(s.words(t).out)
	if err := errors.Join(err, f.recordWaivers(t, s, r), s.write(t.out, r)); err != nil {
		return &failure{reports.ExitUntested, err, ""}
	}
	return ended(r.Run.ExitCode, results)
}

// selected judges a transcript and keeps the verdicts that were asked for.
func (f *conformanceFlags) selected(t *conformance.Transcript) ([]conformance.Result, error) {
	wanted, err := conformance.Select(checks.All(), f.run)
	if err != nil {
		return nil, err
	}
	results, err := conformance.Judge(t, checks.All())
	if err != nil {
		return nil, err
	}
	results = slices.DeleteFunc(results, func(r conformance.Result) bool {
		return !slices.ContainsFunc(wanted, func(c conformance.Check) bool { return c.ID == r.Check.ID })
	})
	if len(results) == 0 {
		return nil, errors.New("the transcript was recorded for none of the selected checks")
	}
	return results, nil
}
