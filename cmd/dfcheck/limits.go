package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/load/limits"
	"github.com/dfcheck/dfcheck/reports"
)

// limitsFlags are the options of a search for limiters.
type limitsFlags struct {
	loadFlags
	search limits.Search
	source string
}

func newLimits(t terminal) *cobra.Command {
	f := &limitsFlags{loadFlags: loadFlags{deciders: typists},
		search: limits.Search{Rate: 100, Tries: 300, MaxWait: time.Minute}}
	c := &cobra.Command{
		Use: "limits", Short: "Find a server's rate limiters, and how many devices they leave room for",
		Args: cobra.NoArgs,
		Long: `Sends polls, polls with unknown device codes and device authorization requests, each
kind faster and faster until it is refused, and watches how the server recovers. For
each limiter it tells what it counts by (address, client, device code), its rate, its
burst, what Retry-After says, and whether it recovers evenly or in windows. From that
follows how many polite devices one public address can have: those that keep the
polling interval, and start another flow when their code has expired.

Where an approver is configured that enters codes without deciding, 60 unknown user
codes are typed as well, each in a session of its own, and as many in one session:
that may lock the account of the approver for a while.

A tight limiter hides one behind it. Where polls are limited by device code, those of
30 devices in turn are tried too; of other kinds no more is said than was met.

What a limiter counts by is found out with a second client (--second-client-id) and
a second address of this machine (--source; for a server on this machine 127.0.0.2 is
taken where it can be). A limiter that needs longer than --max-wait to recover is
found, and its rate is not. The most that a search can cost is told before it begins.

A host that is not this machine needs --allow-host. A server that stops answering ends
the search with exit code 3.`,
		Example: `  dfcheck limits --host https://auth.example.com --allow-host auth.example.com --client-id tv-app
  dfcheck limits --host http://localhost:8628 --rate 50 --tries 200 --report json=limits.json`,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.find(cmd.Context(), t) },
	}
	fs := c.Flags()
	f.add(fs)
	fs.StringArrayVar(&f.allowHosts, "allow-host", nil, "`HOST` that may be searched besides this machine")
	fs.StringVar(&f.source, "source", "", "second `ADDRESS` of this machine, to compare limits by address")
	fs.Var(count(&f.search.Rate), "rate", "maximum requests per second")
	fs.Var(count(&f.search.Tries), "tries", "requests of a kind that are sent in a row before none is said to limit them")
	fs.Var(duration(&f.search.MaxWait), "max-wait", "how long a limiter is given to serve again")
	f.addReports(fs, reports.KindLimits)
	return c
}

func (f *limitsFlags) find(ctx context.Context, t terminal) error {
	c, err := f.read(t)
	if err != nil {
		return err
	}
	s, derr := f.settings(reports.KindLimits)
	source, serr := sourceAddress(f.source)
	if err := errors.Join(derr, serr, f.search.Check()); err != nil {
		return usage(err, "`dfcheck limits --help` lists the flags")
	}
	r := f.emptyReport(reports.KindLimits)
	target, stop, err := f.loadTarget(ctx, t, c, r)
	if err != nil {
		return s.untested(t, r, c.Host, err)
	}
	defer stop()
	s.guard = target.Secrets.Check
	f.search.Target, f.search.Second = target, secondClient(target, c)
	if source == (netip.Addr{}) {
		source = spareAddress(target)
	}
	if source.IsValid() {
		f.search.Source = limits.From(source)
	}
	requests, starts, longest := f.search.Cost()
	t.note("this costs at most %d requests, %d of them device authorization requests, %d a second, and %s; "+
		"without limiters, or with quick ones, a fraction", requests, starts, f.search.Rate, longest.Round(time.Second))
	f.search.Progress = func(line string) { t.note("%s", line) }
	out, err := f.search.Run(ctx)
	if out == nil {
		return s.untested(t, r, target.Host, notLoaded(ctx, err))
	}
	r.Limits = out
	if err != nil && ctx.Err() == nil {
		r.Run.Problem = &reports.Problem{Kind: reports.ProblemDied, Message: target.Secrets.Text(err.Error()),
			Hint: "what was found by then is above"}
	}
	return s.finish(ctx, t, r)
}

// typists says whether user codes are typed, and by whom.
func typists(target *conformance.Target, kind string) string {
	named := cmp.Or(kind, "the one of the program")
	switch {
	case target.Approver == nil:
		return "approver: none, so no user codes are typed (approve: {kind: form} in dfcheck.yaml, with steps)"
	case !limits.CanType(target.Approver):
		return fmt.Sprintf("approver: %s, which does not enter codes without deciding, and quickly; so no user codes are "+
			"typed", named)
	}
	return fmt.Sprintf("approver: %s, which types unknown user codes and decides nothing", named)
}

// spareAddress is a second address from which a server on this machine can be
// reached, where the system has one.
func spareAddress(target load.Target) netip.Addr {
	u, err := url.Parse(target.TokenURL)
	if err != nil {
		return netip.Addr{}
	}
	at, err := netip.ParseAddr(u.Hostname())
	if u.Hostname() != "localhost" && (err != nil || !at.IsLoopback() || !at.Is4()) {
		return netip.Addr{}
	}
	spare, err := sourceAddress("127.0.0.2")
	if err != nil {
		return netip.Addr{}
	}
	return spare
}

// secondClient is the target with its other client, nil where none is configured.
func secondClient(target load.Target, c *conformance.Config) *load.Target {
	if target.Embedded {
		target.ClientID = "dfcheck-other"
		return &target
	}
	configured, err := c.Target()
	if err != nil || configured.Second == nil {
		return nil
	}
	second := configured.Second
	target.ClientID, target.Secret, target.Auth, target.Assert = second.ID, second.Secret, second.Auth, nil
	target.TLS = configured.TLSOf(second)
	return &target
}
