package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/conformance/checks"
	"github.com/dfcheck/dfcheck/reports"
)

// doctorFlags are the options of doctor.
type doctorFlags struct {
	targetFlags
	maxWait time.Duration
}

func newDoctor(t terminal) *cobra.Command {
	f := &doctorFlags{}
	c := &cobra.Command{
		Use: "doctor", Short: "Find out whether a server can be checked, and why not", Args: cobra.NoArgs,
		Long: `Does what every run starts with, and nothing else: finds the endpoints, sends one
device authorization request, polls once. The approver approves one more device
and denies another, each until the device has heard of it. What goes wrong is
shown with the exact request, the answer, and what to change.

Exit codes: 0 it can be checked, 2 usage or configuration, 3 it cannot.`,
		Example: `  dfcheck doctor --host https://auth.example.com --client-id tv-app
  dfcheck doctor --config dfcheck.yaml`,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.examine(cmd.Context(), t) },
	}
	f.add(c.Flags())
	c.Flags().Var(duration(&f.maxWait), "max-wait",
		fmt.Sprintf("longest time that a run would wait for a code to expire (default %s)", conformance.DefaultMaxWait))
	return c
}

func (f *doctorFlags) examine(ctx context.Context, t terminal) error {
	c, err := f.read(t)
	if err != nil {
		return err
	}
	if f.maxWait == 0 {
		f.maxWait = time.Duration(c.MaxWait)
	}
	target, stop, err := f.target(ctx, t, c)
	if err != nil {
		return printAnswers(t, err)
	}
	defer stop()
	printLook(t.out, target)
	run, err := conformance.Prepare(ctx, target, checks.All(), conformance.Options{MaxWait: f.maxWait,
		AllDecisions: c.Approve.All})
	if err != nil {
		return printAnswers(t, (&conformanceFlags{}).whyUnprepared(ctx, err))
	}
	printFound(t.out, run)
	if err := f.tryApprover(ctx, t, c, target); err != nil {
		return err
	}
	fmt.Fprintln(t.out, "ready      `dfcheck conformance` can run")
	return nil
}

// tryApprover walks one approval and one denial to the end: a run with an approver
// that cannot would find out as much, at its own end.
func (f *doctorFlags) tryApprover(ctx context.Context, t terminal, c *conformance.Config,
	target *conformance.Target) error {
	kind := cmp.Or(c.Approve.Kind, "reference")
	if target.Approver == nil {
		fmt.Fprintln(t.out, "approver   none: tokens, denials and the verification page cannot be tested (--approve prompt "+
			"asks you)")
		return nil
	}
	if person, asks := target.Approver.(approve.Person); asks {
		if !strings.HasPrefix(strings.ToLower(t.asker()("approve one device and deny another now, to try it?", "yes")), "y") {
			fmt.Fprintln(t.out, "approver   prompt: not tried")
			return nil
		}
		person.Expect(2)
	}
	for _, d := range []approve.Decision{approve.Approve, approve.Deny} {
		got, err := decideOnce(ctx, target, d)
		switch {
		case ctx.Err() != nil:
			return &failure{reports.ExitInterrupted, errors.New("interrupted"), ""}
		case d == approve.Deny && errors.Is(err, approve.ErrUnsupported):
			fmt.Fprintf(t.out, "           it cannot deny: denials cannot be tested (deny: in the approve section of "+
				"dfcheck.yaml)\n")
		case errors.Is(err, approve.ErrSkipped), errors.Is(err, approve.ErrStopped):
			fmt.Fprintf(t.out, "approver   %s: %s was not tried\n", kind, d)
		case err != nil:
			return cannotDecide(d, err)
		default:
			fmt.Fprintf(t.out, "approver   %s: %s: the device's next poll got %s\n", kind, d, reports.Legible(got))
		}
	}
	return nil
}

// decideOnce lets the approver decide on a device that was started for it, and
// returns what the device got then.
func decideOnce(ctx context.Context, target *conformance.Target, d approve.Decision) (got string, err error) {
	if person, asks := target.Approver.(approve.Person); asks {
		if err := person.Ready(ctx); err != nil {
			return "", err
		}
	}
	r, err := conformance.TryApprover(ctx, target)
	if err != nil {
		return "", err
	}
	defer r.Close()
	v := r.Verification
	v.Host, v.ClientID = target.Host, target.Client.ID
	if err := target.Approver.Decide(ctx, v, d); err != nil {
		return "", err
	}
	return r.Ends(ctx, d)
}

// cannotDecide is the error of an approver that did not bring a decision about.
func cannotDecide(d approve.Decision, err error) error {
	if p, ok := errors.AsType[*conformance.PreflightError](err); ok {
		return &failure{reports.ExitUntested, p, p.Hint}
	}
	hint, see := "`dfcheck approve` shows every page on the way", conformance.ApproverFails
	if d == approve.Deny {
		hint = "`dfcheck approve --deny` shows every page on the way; without deny: in dfcheck.yaml " +
			"the checks of denials are skipped"
	}
	if errors.Is(err, approve.ErrSignIn) {
		hint, see = signInHint, conformance.SignInFails
	}
	err = fmt.Errorf("the approver does not work: it could not %s: %w", d, err)
	return &failure{reports.ExitUntested, explained{err, see}, hint}
}

// printAnswers shows what was sent before a failure and what came back; the error
// itself and its hint are printed behind it.
func printAnswers(t terminal, err error) error {
	p, ok := errors.AsType[*conformance.PreflightError](err)
	if !ok {
		return err
	}
	printTried(t.out, p.Tried)
	if p.Exchange != nil {
		fmt.Fprintf(t.out, "request    %s\n", reports.Legible(p.Exchange.Curl()))
		answer(t.out, p.Exchange)
	}
	if fail, ok := errors.AsType[*failure](err); ok && p.Hint == conformance.DoctorHint {
		fail.hint = "the answer above says why; the server's own log may say more"
	}
	return err
}

// shownBody is how much of a body is shown, in characters and lines.
const (
	shownBody  = 600
	shownLines = 12
)

// answer shows what came back.
func answer(w io.Writer, x *conformance.Exchange) {
	if x.Response == nil {
		fmt.Fprintf(w, "answer     none: %s\n", reports.Legible(x.Error))
		return
	}
	fmt.Fprintf(w, "answer     %s %d %s\n", x.Response.Proto, x.Status(), http.StatusText(x.Status()))
	for _, name := range []string{"Content-Type", "Location", "Www-Authenticate", "Retry-After", "Server"} {
		if v := x.Response.Header.Get(name); v != "" {
			fmt.Fprintf(w, "           %s: %s\n", name, reports.Legible(v))
		}
	}
	body := []rune(x.Response.Body)
	lines := strings.Split(reports.Legible(string(body[:min(len(body), shownBody)])), "\n")
	for _, line := range lines[:min(len(lines), shownLines)] {
		if strings.TrimSpace(line) != "" {
			fmt.Fprintf(w, "           %s\n", line)
		}
	}
	if len(body) > shownBody || len(lines) > shownLines {
		fmt.Fprintf(w, "           … (%d bytes)\n", x.Response.Length)
	}
}

// printFound prints what a device authorization request and a poll showed, and what a run could check.
func printFound(w io.Writer, run *conformance.Run) {
	target := run.Target
	seen := run.Transcript().Exchanges
	for _, x := range seen {
		fmt.Fprintf(w, "%-10s %s as %s: %s\n", x.Op, target.Client.ID, encodingName(x), reports.Legible(x.Says()))
	}
	if interval := target.Timing; interval.HasInterval {
		fmt.Fprintf(w, "interval   %s\n", interval.Interval)
	} else {
		fmt.Fprintf(w, "interval   %s, because none is announced\n", interval.Interval)
	}
	fmt.Fprintf(w, "lifetime   %s\n", target.Timing.Lifetime)
	if target.Client.Key != nil {
		a := target.Assertor(&target.Client)
		fmt.Fprintf(w, "assertion  for %s (aud), signed by %s\n", reports.Legible(a.Audience), a.Key.Algorithm)
	}
	if shown := target.Shown(); shown != "" {
		fmt.Fprintf(w, "shows      the certificate of %s\n", reports.Legible(shown))
	}
	if d := demanded(target); d != "" {
		fmt.Fprintf(w, "pkce       %s\n", d)
	}
	if m := target.MissingCredentials(); m != "" {
		fmt.Fprintf(w, "client     %s\n", m)
	}
	for _, h := range conformance.Habits(seen) {
		keep := ""
		if h.Setting != "" {
			keep = "; if that is intended, set lenient: {" + h.Setting + "}"
		}
		fmt.Fprintf(w, "deviation  %s%s\n", reports.Legible(h.What), keep)
	}
	plan := run.Plan()
	fmt.Fprintf(w, "plan       %d of %d checks, about %d requests, %d decisions, %s\n", plan.Count(), len(plan.Checks),
		plan.Requests, plan.Decisions, plan.Critical.Round(time.Second))
	if plan.Attended > 0 {
		fmt.Fprintf(w, "           %s\n", attendance(plan))
	}
	left, how := map[string]int{}, map[string]string{}
	for _, c := range plan.Checks {
		if c.Verdict != "" {
			left[c.Reason]++
			if c.Enable != "" {
				how[c.Reason] = " (" + c.Enable + ")"
			}
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(left)) {
		fmt.Fprintf(w, "           %d left out: %s%s\n", left[reason], reason, how[reason])
	}
}

func encodingName(x *conformance.Exchange) string {
	_, name, _ := strings.Cut(string(x.Request.Encoding), "/")
	if name == "x-www-form-urlencoded" {
		return "form"
	}
	return name
}
