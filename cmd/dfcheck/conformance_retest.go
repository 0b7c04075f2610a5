package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/checks"
	"github.com/dfcheck/dfcheck/reports"
)

// retests is how often a check that failed is run again.
const retests = 3

// readRetest takes the checks that failed in a report for the selection, and its server
// where none is named: the embedded one would pass them all.
func (f *conformanceFlags) readRetest(c *conformance.Config) (of *reports.Report, err error) {
	if of, err = reports.ReadFile(f.retest); err != nil {
		return nil, usage(err, reportHint)
	}
	if of.Conformance == nil {
		return nil, usage(fmt.Errorf("%s has no verdicts", f.retest), reportHint)
	}
	for flag, given := range map[string]bool{"--only": f.run.Only != nil, "--group": f.groups != nil,
		"--skip":  f.run.Skip != nil,
		"--level": f.run.Level != "", "--record": f.record != ""} {
		if given {
			return nil, usage(fmt.Errorf("--retest and %s do not go together: the report says which checks are run, "+
				"each %d times", flag, retests), "`dfcheck conformance --only` runs checks once")
		}
	}
	for _, k := range of.Conformance.Checks {
		warned := f.failOn == "warning" && k.Verdict == reports.Warning
		if k.Verdict == reports.Fail || k.Verdict == reports.Error || warned {
			f.run.Only = append(f.run.Only, k.ID)
		}
	}
	if c.Host == "" && of.Target.ChosenBy != "embedded" {
		c.Host = of.Target.Host
		for _, from := range []struct {
			key  *string
			said string
		}{
			{&c.Spec, of.Target.Spec}, {&c.Client.ID, of.Target.ClientID}, {&c.Issuer, of.Target.Issuer},
			{&c.Endpoints.DeviceAuthorization, of.Target.DeviceAuthorizationEndpoint},
			{&c.Endpoints.Token, of.Target.TokenEndpoint},
		} {
			if *from.key == "" {
				*from.key = from.said
			}
		}
	}
	return of, nil
}

// conformAgain runs what failed before several times and says what became of it.
func (f *conformanceFlags) conformAgain(ctx context.Context, t terminal, s settings, r *reports.Report,
	target *conformance.Target, of *reports.Report) error {
	var sections []*reports.Conformance
	for n := 1; n <= retests && ctx.Err() == nil; n++ {
		section, err := f.conformOnce(ctx, t, s, r, target, n)
		if err != nil {
			return err
		}
		sections = append(sections, section)
	}
	if len(sections) == 0 {
		return &failure{reports.ExitInterrupted, errors.New("interrupted"), ""}
	}
	if a, b := of.Target.Host, r.Target.Host; a != b && of.Target.ChosenBy != "embedded" {
		t.note("the report is of %s, and this run of %s", a, b)
	}
	section, list := reports.Retest(sections)
	about := fmt.Sprintf("retest of what failed in the run %s, each check %d times", of.Run.ID, retests)
	section.Notes = append([]string{about}, section.Notes...)
	r.Conformance = section
	r.Run.DurationMS = float64(time.Since(r.Run.Started).Milliseconds())
	r.Run.Interrupted = ctx.Err() != nil
	// What failed and cannot be judged now was not mended.
	r.Run.ExitCode = reports.ExitCode(r, reports.ExitOptions{Strict: true, FailOnWarning: f.failOn == "warning"})
	err := s.guard.Over("the summary", func(w io.Writer) error {
		for _, k := range list {
			fmt.Fprintln(w, k)
		}
		return reports.WriteSummary(w, r)
	})(s.words(t).out)
	if err := errors.Join(err, f.recordWaivers(t, s, r), s.write(t.out, r)); err != nil {
		return &failure{reports.ExitUntested, err, ""}
	}
	if r.Run.ExitCode == reports.ExitUsage {
		return emptySelection(errors.New("none of the checks that failed could be judged again"))
	}
	return exit(r.Run.ExitCode)
}

// conformOnce is one of the runs.
func (f *conformanceFlags) conformOnce(ctx context.Context, t terminal, s settings, r *reports.Report,
	target *conformance.Target, n int) (*reports.Conformance, error) {
	p := t.progress()
	shown := p.follow(firstAnswers)
	run, err := conformance.Prepare(ctx, target, checks.All(), f.run)
	shown()
	if err != nil {
		return nil, s.untested(t, r, target.Host, showTried(t, f.whyUnprepared(ctx, err)))
	}
	defer run.Close()
	if n == 1 {
		f.announce(t, run, r.Target.Approver)
	}
	if err := run.Plan().NothingRuns(); err != nil {
		return nil, emptySelection(err)
	}
	of := fmt.Sprintf("run %d of %d", n, retests)
	f.watched.begin(run, of)
	run.OnJudged(f.watched.judged)
	shown = p.follow(func() status {
		now := conformanceStatus(run.Progress())
		return status{append([]row{{"retest", []item{plain("%s", of)}}}, now.rows...), of + ", " + now.line}
	})
	results := run.Conform(ctx)
	shown()
	r.Run.Problem = run.Transcript().Problem()
	var reveal func(string) string
	if f.run.ShowSecrets {
		reveal = run.Reveal
	}
	return conformance.Section(run.Transcript(), results, run.Plan(), s.waivers, reveal), nil
}
