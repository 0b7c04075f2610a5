package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/checks"
	"github.com/dfcheck/dfcheck/conformance/suite"
	"github.com/dfcheck/dfcheck/conformance/waiver"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// conformanceFlags are the options of a conformance run.
type conformanceFlags struct {
	targetFlags
	reportFlags
	run        conformance.Options
	groups     []string
	record     string
	waivers    string
	retest     string // report of which the failures are run again
	live       liveFlag
	watched    *conformanceWatch
	newWaivers waiverFlags
	verbose    bool
	strict     bool
	failOn     string
	unshown    error // what the guard kept from the console
}

func newConformance(t terminal) *cobra.Command {
	f := &conformanceFlags{}
	c := &cobra.Command{
		Use: "conformance", Short: "Check a device-flow server against the standards", Args: cobra.NoArgs,
		Long: `Checks a device-flow server and says what is wrong with it, with the exchanges
that show it. Without --host it checks the embedded reference server.

--retest runs what failed in a report again, on the server of that report where
none is named: 0 says that all of it is fixed, 1 that something still fails or is
flaky, 4 that a MUST or DOC check could not be judged again.

Exit codes: 0 nothing that was judged failed, 1 the server failed a check,
2 usage or configuration, or none of the selected checks can run, 3 could not
test, 4 --strict and a MUST or DOC check was not judged, 5 a waiver is stale,
130 interrupted. The README says what each proves.`,
		Example: `  dfcheck conformance
  dfcheck conformance --host https://auth.example.com --client-id tv-app --approve prompt
  dfcheck conformance --config dfcheck.yaml --report junit=out.xml --report html=out.html
  dfcheck conformance --only POLL,DF-TOKEN-001 -v
  dfcheck conformance --live 8629                         the report's page while the run goes on
  dfcheck conformance --retest run.json                   fixed, still failing, or flaky?
  dfcheck conformance --write-waivers waivers.yaml        today's failures, waived for 30 days`,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.conform(cmd.Context(), t) },
	}
	fs := c.Flags()
	f.add(fs)
	f.addSelection(fs)
	fs.Var(duration(&f.run.MaxWait), "max-wait",
		fmt.Sprintf("longest time to wait for one code, such as for it to expire (default %s)", conformance.DefaultMaxWait))
	f.run.MaxRPS, f.run.Concurrency = conformance.DefaultMaxRPS, conformance.DefaultConcurrency
	fs.Var(number(&f.run.MaxRPS, "50"), "max-rps", "maximum requests per second")
	fs.Var(count(&f.run.MaxStarts), "max-starts",
		fmt.Sprintf("maximum device authorization requests (default %d, with --thorough %d)",
			conformance.DefaultMaxStarts, conformance.ThoroughMaxStarts))
	fs.Var(count(&f.run.Concurrency), "concurrency", "maximum requests in flight")
	fs.BoolVar(&f.run.Thorough, "thorough", false,
		"run races long enough for faults that show in 2 % of rounds, and poll with 30 devices side by side (minutes, and "+
			"about three times the requests)")
	fs.BoolVar(&f.run.Abuse, "abuse", false, "also attack the server's limits: floods, oversized requests, guessing")
	fs.BoolVar(&f.run.AllDecisions, "all", false, fmt.Sprintf("with --approve prompt: ask for every decision, not only "+
		"for the %d that show the most", conformance.MaxDecisions))
	fs.BoolVar(&f.run.ShowSecrets, "show-secrets", false, "show codes and tokens in curl lines")
	fs.StringVar(&f.record, "record", "", "save the transcript for dfcheck judge")
	fs.StringVar(&f.retest, "retest", "",
		fmt.Sprintf("run again what failed in `REPORT` (JSON), each check %d times", retests))
	f.live.add(fs)
	f.addGate(fs)
	return c
}

// addSelection adds the flags that choose checks.
func (f *conformanceFlags) addSelection(fs *pflag.FlagSet) {
	fs.StringSliceVar(&f.run.Only, "only", nil,
		"only these checks or groups (DF-POLL-003, POLL; dfcheck checks groups lists them)")
	fs.StringSliceVar(&f.groups, "group", nil, "only these groups, as --only has them (CONSENT)")
	fs.StringSliceVar(&f.run.Skip, "skip", nil, "all but these checks or groups")
	fs.StringVar(&f.run.Set, "requirements", "",
		"only checks of this requirement `SET`, such as 2026.1, so that a new release adds none (default: all)")
	fs.StringVar(&f.run.Level, "level", "", "only checks of a level: MUST, SHOULD, MAY or DOC")
}

// addGate adds the flags that say what is shown and what the exit code counts.
func (f *conformanceFlags) addGate(fs *pflag.FlagSet) {
	f.addReports(fs, reports.KindConformance)
	fs.StringVar(&f.waivers, "waivers", "", "file of known failures (dfcheck waivers explains it)")
	f.newWaivers.add(fs)
	fs.BoolVarP(&f.verbose, "verbose", "v", false, "show every check")
	fs.BoolVar(&f.strict, "strict", false,
		"exit 4 when a MUST or DOC check of the contract was not judged, skipped ones included")
	fs.StringVar(&f.failOn, "fail-on", "fail", "least serious verdict that makes exit code 1: fail or warning")
}

// settings is what a run needs beyond its target, read before anything is sent.
type settings struct {
	destinations []reports.Destination
	waivers      []waiver.Waiver
	guard        reports.Guard // nil where no secret is known
}

func (f *conformanceFlags) settings(c *conformance.Config) (settings, error) {
	var s settings
	var errs []error
	var err error
	s.destinations, err = f.destinations(reports.KindConformance)
	errs = append(errs, err)
	if f.record != "" {
		errs = append(errs, reports.Destination{Format: "json", Path: f.record}.Check())
	}
	errs = append(errs, f.newWaivers.check(), f.live.check())
	if f.live != "" && f.run.ShowSecrets {
		errs = append(errs, errors.New("--live and --show-secrets do not go together: no secret is served"))
	}
	if f.failOn != "fail" && f.failOn != "warning" {
		errs = append(errs, fmt.Errorf("--fail-on is %q; it is fail or warning", f.failOn))
	}
	if f.waivers == "" {
		f.waivers = c.Waivers
	}
	hint := "`dfcheck conformance --help` lists the flags, `dfcheck checks` the checks"
	if f.waivers != "" {
		if s.waivers, err = waiver.Read(f.waivers); err != nil {
			hint = waiversHint
		}
		errs = append(errs, err)
	}
	for _, d := range s.destinations {
		if f.pictures == "" && d.Path != "-" {
			f.pictures = filepath.Dir(d.Path)
		}
	}
	f.run = c.Options(f.run)
	f.run.Only = append(f.run.Only, f.groups...)
	if level := strings.ToUpper(f.run.Level); f.strict && (level == "SHOULD" || level == "MAY") {
		errs = append(errs, fmt.Errorf("--strict demands MUST and DOC checks, and --level %s selects none of them",
			f.run.Level))
	}
	_, err = conformance.Select(checks.All(), f.run)
	errs = append(errs, err)
	return s, usage(errors.Join(errs...), hint)
}

// conform carries out a run from flags to exit code.
func (f *conformanceFlags) conform(ctx context.Context, t terminal) error {
	c, err := f.read(t)
	if err != nil {
		return err
	}
	var of *reports.Report
	if f.retest != "" {
		if of, err = f.readRetest(c); err != nil {
			return err
		}
		if f.run.Only == nil {
			fmt.Fprintf(t.out, "nothing failed in %s\n", f.retest)
			return nil
		}
	}
	s, err := f.settings(c)
	if err != nil {
		return err
	}
	r := f.emptyReport(reports.KindConformance)
	target, stop, err := f.target(ctx, t, c)
	if err != nil {
		return s.untested(t, r, c.Host, showTried(t, err))
	}
	defer stop()
	if !f.run.ShowSecrets {
		s.guard = target.Guard
	}
	r.Target = target.ReportTarget(target.Contract.Name, c.Approve.Kind)
	if f.watched, err = f.watchConformance(t, r, s, target); err != nil {
		return err
	}
	if of != nil {
		return f.watched.end(r, f.conformAgain(ctx, t, s, r, target, of))
	}
	return f.watched.end(r, f.conformTarget(ctx, t, s, r, target))
}

// conformTarget carries out a run on a target that was found.
func (f *conformanceFlags) conformTarget(ctx context.Context, t terminal, s settings, r *reports.Report,
	target *conformance.Target) error {
	p := t.progress()
	shown := p.follow(firstAnswers)
	run, err := conformance.Prepare(ctx, target, checks.All(), f.run)
	shown()
	approver := r.Target.Approver
	r.Target = target.ReportTarget(target.Contract.Name, approver)
	if err != nil {
		return s.untested(t, r, target.Host, showTried(t, f.whyUnprepared(ctx, err)))
	}
	defer run.Close()
	f.announce(t, run, approver)
	if err := run.Plan().NothingRuns(); err != nil {
		return emptySelection(err)
	}
	f.watched.begin(run, "")
	end := f.printJudged(s, t, p, run)
	shown = p.follow(func() status { return conformanceStatus(run.Progress()) })
	results := suite.Conform(ctx, run)
	shown()
	f.unshown = errors.Join(f.unshown, end())
	return f.finish(ctx, t, s, r, run, results)
}

// whyUnprepared gives the errors of Prepare their exit codes.
func (f *conformanceFlags) whyUnprepared(ctx context.Context, err error) error {
	if p, ok := errors.AsType[*conformance.PreflightError](err); ok {
		return &failure{reports.ExitUntested, p, p.Hint}
	}
	if ctx.Err() != nil {
		return &failure{reports.ExitInterrupted, errors.New("interrupted"), ""}
	}
	return usage(err, "`dfcheck checks` lists the checks")
}

// untested writes the reports of a run that could not begin.
func (s settings) untested(t terminal, r *reports.Report, host string, err error) error {
	fail, ok := errors.AsType[*failure](err)
	if !ok || fail.code == reports.ExitUsage {
		return err
	}
	r.Run.DurationMS = float64(time.Since(r.Run.Started).Milliseconds())
	r.Run.ExitCode = fail.code
	r.Run.Interrupted = fail.code == reports.ExitInterrupted
	if !r.Run.Interrupted {
		r.Run.Problem = &reports.Problem{Kind: reports.ProblemPreflight, Message: fail.Error(), Hint: fail.hint}
		if p, ok := errors.AsType[*conformance.PreflightError](err); ok && p.Exchange != nil {
			r.Run.Problem.Curl = p.Exchange.Curl()
		}
	}
	if r.Target.Host == "" {
		r.Target.Host = host
	}
	if werr := s.write(t.out, r); werr != nil {
		return werr
	}
	return err
}

// words is where the run is told in words: to standard output, unless a report goes
// there, which is then all that does.
func (s settings) words(t terminal) terminal {
	if slices.ContainsFunc(s.destinations, func(d reports.Destination) bool { return d.Path == "-" }) {
		t.out = t.err
	}
	t.out = rendered(t.out)
	return t
}

func (s settings) write(stdout io.Writer, r *reports.Report) error {
	var errs []error
	for _, d := range s.destinations {
		errs = append(errs, d.Write(rendered(stdout), r, s.guard))
	}
	if err := errors.Join(errs...); err != nil {
		return &failure{reports.ExitUntested, err, ""}
	}
	return nil
}

// announce tells what will be done before it is done: by which rules, by whose
// decisions, and what is left out.
func (f *conformanceFlags) announce(t terminal, run *conformance.Run, kind string) {
	p := run.Plan()
	t.note("%s", rules(run.Target))
	t.note("%s", deciders(run.Target, kind))
	t.note("%s", untested(p))
	if contract := run.Target.Contract; contract.Family == spec.Document {
		for _, line := range contract.Describe().Lines() {
			t.note("  %s", line)
		}
	}
	for _, said := range []string{demanded(run.Target), run.Target.MissingCredentials()} {
		if said != "" {
			t.note("%s", said)
		}
	}
	t.note("plan: %d of %d checks, about %d requests (at most %d device authorizations, %d decisions), at most %g a "+
		"second; critical path %s",
		p.Count(), len(p.Checks), p.Requests, p.Starts, p.Decisions, f.run.MaxRPS, p.Critical.Round(time.Second/10))
	if rounds := run.Rounds(); rounds != "" {
		t.note("plan: %s", rounds)
	}
	if p.Attended > 0 {
		t.note("plan: %s", attendance(p))
	}
	if !f.verbose {
		return
	}
	if look := run.Target.Look; look != nil {
		printTried(t.err, look.Tried)
	}
	for _, c := range p.Checks {
		if c.Verdict != "" {
			t.note("  %s %s: %s", c.ID, c.Verdict, c.Reason)
		}
	}
}

// attendance says what a person is asked for.
func attendance(p *conformance.Plan) string {
	minutes := "a minute"
	if n := int(p.Attended.Round(time.Minute).Minutes()); n > 1 {
		minutes = fmt.Sprintf("%d minutes", n)
	}
	return fmt.Sprintf("the person is asked for %d decisions, about %s", p.Decisions, minutes)
}

// printJudged prints every verdict that is worth a line as soon as it is known.
// What it returns prints the rest, when all are known.
func (f *conformanceFlags) printJudged(s settings, t terminal, p *progress, run *conformance.Run) (end func() error) {
	lines := reports.NewLines(s.guard.Writer("a finding", s.words(t).out), f.verbose)
	run.OnJudged(func(res conformance.Result) {
		f.watched.judged(res)
		c := waiver.Apply(conformance.ReportCheck(run.Transcript(), res), s.waivers, time.Now())
		t.screen.show(func() {
			if lines.Shows(c) {
				p.clear()
			}
			f.unshown = errors.Join(f.unshown, lines.Print(c))
		})
	})
	return lines.Close
}

// finish makes the report of a run, writes it, and finds the exit code.
func (f *conformanceFlags) finish(ctx context.Context, t terminal, s settings, r *reports.Report, run *conformance.Run,
	results []conformance.Result) error {
	transcript := run.Transcript()
	var reveal func(string) string
	if f.run.ShowSecrets {
		reveal = run.Reveal
	}
	r.Conformance = conformance.Section(transcript, results, run.Plan(), s.waivers, reveal)
	r.Run.DurationMS = float64(time.Since(r.Run.Started).Milliseconds())
	r.Run.Interrupted = ctx.Err() != nil
	r.Run.Problem = transcript.Problem()
	r.Run.ExitCode = reports.ExitCode(r, reports.ExitOptions{Strict: f.strict, FailOnWarning: f.failOn == "warning"})
	err := s.guard.Over("the summary", func(w io.Writer) error { return reports.WriteSummary(w, r) })(s.words(t).out)
	if f.record != "" { // no curl line stands in it that a secret could be shown in
		record := reports.Guard(run.Target.Guard).Over("the transcript", transcript.Save)
		err = errors.Join(err, reports.WriteFile(f.record, record))
	}
	if err := errors.Join(f.unshown, err, f.recordWaivers(t, s, r), s.write(t.out, r)); err != nil {
		return &failure{reports.ExitUntested, err, ""}
	}
	if r.Run.Interrupted {
		t.note("dfcheck: interrupted; what was judged so far is in the reports")
	}
	return ended(r.Run.ExitCode, results)
}

// ended is how a judged run ends: with its exit code, and a word where nothing of
// the selection was judged.
func ended(code int, results []conformance.Result) error {
	if code == reports.ExitUsage {
		return emptySelection(conformance.NothingJudged(results))
	}
	return exit(code)
}

// emptySelection is the error of a selection of which nothing can be judged.
func emptySelection(err error) error {
	hint := ""
	if empty, ok := errors.AsType[*conformance.EmptyError](err); ok {
		hint = empty.Hint()
	}
	return usage(err, hint)
}
