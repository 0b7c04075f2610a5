package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports"
)

// approveFlags are the options of trying an approver alone.
type approveFlags struct {
	targetFlags
	v           approve.Verification
	deny, enter bool
	second      bool
}

func newApprove(t terminal) *cobra.Command {
	f := &approveFlags{}
	c := &cobra.Command{
		Use: "approve", Short: "Try out the configured approver", Args: cobra.NoArgs,
		Long: `Carries out one decision with the approver of the configuration, and shows each
page of a form or browser recipe with its title and URL, so that a recipe can be
written step by step. Without --user-code it requests a code itself, and
polls once afterwards to see whether the decision arrived.

The approvers (approve: in dfcheck.yaml, or --approve KIND):
  prompt     asks you, with the verification URI, the user code and a QR code
  form       goes through the server's pages. steps:, approve: and deny: are lists of
             steps; a step has open, fill, press, expect, in this order
  browser    does the same in Chromium, for pages that need JavaScript
  http       sends a request: approve: {method: POST, url: "{host}/decide",
             json: {user_code: "{user_code}", action: approve}}; deny: likewise.
             2xx: accepted; 401: not signed in; any other 4xx: refused by the server
  exec       runs a command: approve: ["./approve.sh", "{host}", "{user_code}"];
             its exit code: 0 accepted, 1 refused by the server, 2 not supported; the
             last line that it prints is the reason
  reference  decides at the reference server's own endpoint (dfcheck serve --decisions)

Exit codes: 0 decided, 1 the server refused, 2 usage or configuration, 3 the
approver is broken or the server out of reach, 130 interrupted.`,
		Example: `  dfcheck approve --config dfcheck.yaml
  dfcheck approve --config dfcheck.yaml --deny
  dfcheck approve --config dfcheck.yaml --user-code WDJB-MJHT --verification-uri https://auth.example.com/device`,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.try(cmd.Context(), t) },
	}
	fs := c.Flags()
	f.add(fs)
	fs.StringVar(&f.v.UserCode, "user-code", "", "user code that a device shows (default: dfcheck requests one)")
	fs.StringVar(&f.v.VerificationURI, "verification-uri", "",
		"verification URI that the device shows, for recipes with {verification_uri}")
	fs.StringVar(&f.v.VerificationURIComplete, "verification-uri-complete", "",
		"verification URI with the user code in it, for recipes with {verification_uri_complete}")
	fs.BoolVar(&f.deny, "deny", false, "deny instead of approving")
	fs.BoolVar(&f.enter, "enter", false, "enter the code and stop before the decision")
	fs.BoolVar(&f.second, "second-user", false, "decide as the second user")
	return c
}

func (f *approveFlags) try(ctx context.Context, t terminal) error {
	c, err := f.read(t)
	if err != nil {
		return err
	}
	decision := approve.Approve
	if f.deny {
		decision = approve.Deny
	}
	target, rehearsal, stop, err := f.subject(ctx, t, c)
	if err != nil {
		return err
	}
	defer stop()
	v := f.v
	if rehearsal != nil {
		defer rehearsal.Close()
		v = rehearsal.Verification
		t.note("requested a code: user code %s, verification URI %s", approve.Clean(v.UserCode),
			approve.Clean(v.VerificationURI))
	}
	v.Host, v.ClientID = target.Host, target.Client.ID
	if f.second {
		v.User = "second"
	}
	if err := f.outcome(ctx, f.act(ctx, target.Approver, v, decision)); err != nil {
		return err
	}
	if f.enter {
		fmt.Fprintln(t.out, "the user code is entered, and nothing is decided")
		return nil
	}
	return f.arrival(ctx, t, rehearsal, decision)
}

// subject is the target with its approver, and a device of its own when no code
// is given.
func (f *approveFlags) subject(ctx context.Context, t terminal, c *conformance.Config) (*conformance.Target,
	*conformance.ApproverTrial, func(), error) {
	f.pictures = "."
	f.trace = func(s approve.PageSeen) { showPage(t.out, s) }
	if f.v.UserCode != "" {
		if c.Host == "" {
			return nil, nil, nil, usage(errors.New("--user-code needs the server that issued the code"),
				"name it with --host or --config; without --user-code dfcheck requests a code itself")
		}
		target, err := c.Target()
		if err != nil {
			return nil, nil, nil, configError(err)
		}
		target.Secrets().Show(f.v.UserCode)
		t.secrets.keep(target.Redact, target.Guard)
		err = f.givePowers(t, c, target)
		return target, nil, closer(target.Approver), err
	}
	target, stop, err := f.target(ctx, t, c)
	if err != nil {
		return nil, nil, nil, err
	}
	if target.Approver == nil {
		stop()
		return nil, nil, nil, noApprover()
	}
	r, err := conformance.TryApprover(ctx, target)
	if err != nil {
		stop()
		if p, ok := errors.AsType[*conformance.PreflightError](err); ok {
			err = &failure{reports.ExitUntested, p, p.Hint}
		} else {
			err = &failure{reports.ExitInterrupted, errors.New("interrupted"), ""}
		}
		return nil, nil, nil, err
	}
	return target, r, stop, nil
}

func noApprover() error {
	return usage(errors.New("the configuration has no approver"),
		"give it an approve section, or choose one with --approve: "+strings.Join(approve.Kinds[1:], ", "))
}

// givePowers makes the approver of a target that is not spoken to.
func (f *approveFlags) givePowers(t terminal, c *conformance.Config, target *conformance.Target) (err error) {
	if target.Approver, err = f.newApprover(t, c, target); err != nil {
		return err
	}
	if target.Approver == nil {
		return noApprover()
	}
	return nil
}

func (f *approveFlags) act(ctx context.Context, a approve.Approver, v approve.Verification, d approve.Decision) error {
	if !f.enter {
		return a.Decide(ctx, v, d)
	}
	e, ok := a.(approve.Enterer)
	if !ok {
		return approve.ErrUnsupported
	}
	return e.Enter(ctx, v)
}

// outcome gives the approver's errors their exit codes.
func (f *approveFlags) outcome(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return &failure{reports.ExitInterrupted, errors.New("interrupted"), ""}
	case errors.Is(err, approve.ErrSignIn):
		return &failure{reports.ExitUntested, explained{err, conformance.SignInFails}, signInHint}
	case errors.Is(err, approve.ErrRefused):
		return &failure{reports.ExitFailed, err, "check that the user code is spelled right and has not expired"}
	case errors.Is(err, approve.ErrSkipped), errors.Is(err, approve.ErrStopped):
		return &failure{reports.ExitUntested, err, ""}
	case errors.Is(err, approve.ErrUnsupported):
		return usage(err, "the approve section has no steps for this: a decision, a second user, or a code apart from "+
			"the decision")
	}
	return &failure{reports.ExitUntested, explained{err, conformance.ApproverFails},
		"change the approve section and try again; `dfcheck approve --help` describes it"}
}

// signInHint says where the values come from that the server did not accept.
const signInHint = "check approve.user in dfcheck.yaml, and the environment variables that its values name; " +
	"{password} in a step stands for its password: key"

// arrival tells what the decision did to the device.
func (f *approveFlags) arrival(ctx context.Context, t terminal, r *conformance.ApproverTrial,
	d approve.Decision) error {
	done := map[approve.Decision]string{approve.Approve: "approved", approve.Deny: "denied"}[d]
	if r == nil {
		fmt.Fprintln(t.out, done)
		return nil
	}
	got, err := r.Ends(ctx, d)
	switch {
	case ctx.Err() != nil:
		return &failure{reports.ExitInterrupted, errors.New("interrupted"), ""}
	case err != nil:
		return &failure{reports.ExitUntested, err, "the last step should expect what the page says once the decision is made"}
	}
	fmt.Fprintf(t.out, "%s: the device's next poll got %s\n", done, reports.Legible(got))
	return nil
}

// showPage prints a page of the way and the step that led to it.
func showPage(w io.Writer, s approve.PageSeen) {
	status := "   "
	if s.Status != 0 {
		status = fmt.Sprint(s.Status)
	}
	fmt.Fprintf(w, "%s\n  %s %q %s\n", s.Step, status, s.Title, s.URL)
}
