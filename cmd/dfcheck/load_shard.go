package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/load/digests"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/load/shard"
	"github.com/dfcheck/dfcheck/reports"
)

// shardFlags make a load run one shard of several.
type shardFlags struct {
	index, startAt, ready string
	startTimeout, flush   time.Duration
	keepGoing             bool
}

// flushEvery is how often a shard writes its files, unless it is told otherwise.
const flushEvery = 10 * time.Second

func (f *shardFlags) add(fs *pflag.FlagSet) {
	f.startTimeout, f.flush = shard.DefaultTimeout, flushEvery
	fs.StringVar(&f.index, "shard", "", "carry out one part of the crowd: `I/N`, such as 0/4 for the first of four "+
		"(default: "+shard.IndexVariable+" and "+shard.CountVariable+" of the environment)")
	fs.StringVar(&f.startAt, "start-at", "", "start instant of all shards: a `TIME`, or a file that will hold it")
	fs.Var(duration(&f.startTimeout), "start-timeout", "how long the file of --start-at is waited for")
	fs.StringVar(&f.ready, "ready", "", "`FILE` to make when this shard waits for its start")
	fs.Var(duration(&f.flush), "flush", "how often a shard writes its files and its progress")
	fs.BoolVar(&f.keepGoing, "keep-going", false, "let a shard go on when the whole run cannot meet a threshold any more")
}

// part of the crowd that flags or environment name; ok is false for the whole.
func (f *shardFlags) part() (p load.Part, ok bool, err error) {
	if f.index == "" {
		return shard.FromEnvironment(os.Getenv)
	}
	p, err = shard.Parse(f.index)
	return p, err == nil, err
}

// alone refuses flags of shards in a run that is none.
func (f *shardFlags) alone(fs *pflag.FlagSet) error {
	var errs []error
	for _, name := range []string{"start-at", "start-timeout", "ready", "flush", "keep-going"} {
		if fs.Changed(name) {
			errs = append(errs, fmt.Errorf("--%s is of a shard, and neither --shard nor %s names one", name,
				shard.IndexVariable))
		}
	}
	return errors.Join(errs...)
}

// folder is where the files of a shard go.
func (f *loadFlags) folder() (string, error) {
	if len(f.reports) == 1 {
		if format, path, ok := strings.Cut(f.reports[0], "="); ok && format == "json" && path != "-" {
			if info, err := os.Stat(path); strings.HasSuffix(path, "/") || err == nil && info.IsDir() {
				return path, nil
			}
		}
	}
	return "", errors.New("a shard writes to one folder for all shards: --report json=DIR/ and no other; " +
		"`dfcheck report merge DIR` makes the other formats")
}

// shardRun is a shard on its way from the flags to its exit code.
type shardRun struct {
	f      *loadFlags
	t      terminal
	part   load.Part
	when   shard.When
	files  *shard.Files
	report *reports.Report
	guard  reports.Guard
	scrape func(context.Context) (map[string]float64, error) // nil where another shard does, or none

	mu    sync.Mutex
	key   digests.Key
	clock shard.Clock
	wrote error // of the last flush
}

// shard carries out one part of the crowd.
func (f *loadFlags) loadShard(ctx context.Context, cmd *cobra.Command, t terminal, part load.Part) error {
	f.shards = part.Count
	c, err := f.read(t)
	if err != nil {
		return err
	}
	p, err := f.crowd(cmd)
	dir, derr := f.folder()
	when, werr := shard.ParseWhen(f.sharding.startAt)
	sources, serr := sourceAddresses(f.sources)
	switch {
	case f.sharding.startAt == "":
		werr = errors.New("shards start together: --start-at TIME, or a file that will hold it")
	case c.Host == "":
		werr = errors.New("a shard needs --host: without it each would load an embedded server of its own")
	case f.watch.live != "":
		werr = errors.New("--live is of a run in one process: a shard sees its part alone; --metrics is of each")
	case f.results != "":
		werr = errors.New("--results is of a run in one process")
	}
	if err := errors.Join(err, derr, werr, serr, f.watch.check(f.allowHosts)); err != nil {
		return usage(err, "`dfcheck load run --local --shards N` starts shards on this machine")
	}
	run := &shardRun{f: f, t: t, part: part, when: when, report: f.emptyReport(reports.KindLoad)}
	run.when.Timeout, run.when.Seed = f.sharding.startTimeout, p.WithDefaults().Seed
	if run.files, err = shard.NewFiles(dir, os.Getenv(shard.AttemptVariable), part); err != nil {
		return usage(err, "")
	}
	target, stop, err := f.loadTarget(ctx, t, c, run.report)
	if err != nil {
		return stoppedBefore(ctx, err)
	}
	defer stop()
	run.guard, target.Sources = target.Secrets.Check, sources
	t.note("shard %d of %d: %d of the %d devices of profile %s", part.Index, part.Count, part.Of(p.WithDefaults().Devices),
		p.WithDefaults().Devices, p.WithDefaults().Name)
	if part.Index == 0 { // the others would ask for the same
		if run.scrape, err = scraper(ctx, f.scrape); err != nil {
			return err
		}
	}
	w, err := f.watch.open(t, *run.report, run.guard)
	if err != nil {
		return err
	}
	defer w.close()
	return run.load(ctx, target, p, w, cmd.Flags().Changed("max-rate"))
}

// load carries the shard out and gives its end an exit code.
func (run *shardRun) load(ctx context.Context, target load.Target, p *profile.Profile, w *loadWatch,
	limited bool) error {
	o := load.Options{Watch: w.begin, Scrape: run.scrape, Shard: &load.Sharding{Part: run.part,
		Every:     run.f.sharding.flush,
		KeepGoing: run.f.sharding.keepGoing,
		Ready:     func(ctx context.Context) (load.Start, error) { return run.ready(ctx, target) },
		Flush:     func(l *reports.Load, seen []byte) { run.flush(ctx, l, seen) }}}
	if limited {
		o.MaxRate = run.f.maxRate
	}
	l, err := load.Run(ctx, target, p, o)
	if run.f.sharding.ready != "" {
		os.Remove(run.f.sharding.ready)
	}
	if late, ok := errors.AsType[*shard.Late](err); ok {
		return run.late(p, late)
	}
	if _, ok := errors.AsType[*shard.NoStart](err); ok {
		return &failure{reports.ExitUntested, err, "--start-timeout allows more time"}
	}
	if err != nil {
		return stoppedBefore(ctx, notLoaded(ctx, err))
	}
	w.final.Store(l)
	if run.wrote != nil {
		return &failure{reports.ExitUntested, run.wrote, "this shard counts as it was when its files were last written"}
	}
	if l.Shard.Why != "" {
		run.t.note("%s", reports.Legible(l.Shard.Why))
	}
	return exit(run.report.Run.ExitCode)
}

// stoppedBefore is the end of a shard before its start: by a signal it is harmless,
// and another may take its place.
func stoppedBefore(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return &failure{reports.ExitStopped, errors.New("stopped before the start: nothing was sent"), ""}
}

// ready waits for the start, and meanwhile compares the clocks.
func (run *shardRun) ready(ctx context.Context, target load.Target) (load.Start, error) {
	if path := run.f.sharding.ready; path != "" {
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			return load.Start{}, &shard.NoStart{Problem: fmt.Sprintf("cannot make the file of --ready: %v", err)}
		}
	}
	run.t.note("shard %d is ready and waits for the start", run.part.Index)
	asking, stop := context.WithCancel(ctx)
	var clock shard.Clock
	var measured sync.WaitGroup
	measured.Go(func() { clock.Measure(asking, askTarget(target)) })
	start, err := run.when.Wait(ctx)
	stop()
	measured.Wait()
	run.mu.Lock()
	defer run.mu.Unlock()
	run.key, run.clock = start.Key, clock
	return start, err
}

// askTarget asks the target's host for its time.
func askTarget(target load.Target) func(context.Context) (time.Time, error) {
	at, err := url.Parse(target.StartURL)
	if err != nil {
		return func(context.Context) (time.Time, error) { return time.Time{}, err }
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: target.TLS.Clone(),
		Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return shard.AskDate(client, at.Scheme+"://"+at.Host+"/")
}

// flush writes what the shard has measured so far.
func (run *shardRun) flush(ctx context.Context, l *reports.Load, seen []byte) {
	run.mu.Lock()
	defer run.mu.Unlock()
	r := run.report
	by, exact := run.clock.Ahead()
	ms := float64(time.Millisecond)
	l.Shard.Attempt, l.Shard.ClockOffsetMS, l.Shard.ClockErrorMS = run.files.Attempt, float64(by)/ms, float64(exact)/ms
	r.Load = l
	r.Run.DurationMS = float64(time.Since(r.Run.Started).Milliseconds())
	r.Run.Interrupted = ctx.Err() != nil
	if l.Stopped != nil {
		r.Run.Problem = &reports.Problem{Kind: reports.ProblemDied, Message: l.Stopped.String()}
	}
	r.Run.ExitCode = reports.ExitCode(r, reports.ExitOptions{})
	run.wrote = run.files.Write(r, run.guard, run.key, seen)
	if run.wrote != nil {
		run.t.note("%v; trying again in %s", run.wrote, run.f.sharding.flush)
	}
	_ = shard.WriteLine(rendered(run.t.out), r, run.guard) // nobody may be listening
}

// late writes down that the shard came too late.
func (run *shardRun) late(p *profile.Profile, late *shard.Late) error {
	q := p.WithDefaults()
	own, crowd := load.Digest(q, run.part), load.Digest(q, load.Part{Index: 0, Count: 1})
	run.report.Load = &reports.Load{Profile: q.Map(), Violations: []reports.Violation{}, Timeline: []reports.Second{},
		Thresholds: []reports.Threshold{}, Shard: reports.Shard{Index: run.part.Index, Count: run.part.Count, Late: true,
			Why: late.Error(), Digest: own, CrowdDigest: crowd, StartAt: &late.At, Attempt: run.files.Attempt,
			Devices: uint64(run.part.Of(q.Devices))}}
	run.report.Run.ExitCode = reports.ExitLate
	err := (reports.Destination{Format: "json", Path: run.files.Report()}).Write(io.Discard, run.report, run.guard)
	return &failure{reports.ExitLate, errors.Join(late, err),
		"let the start instant lie later than the slowest shard needs to get ready"}
}

func newLoadReady(t terminal) *cobra.Command {
	return &cobra.Command{
		Use: "ready FILE", Short: "Report whether a shard is ready, for a readiness probe", Args: cobra.ExactArgs(1),
		Long: `Exits with 0 when the file is there that "dfcheck load --ready FILE" makes, and with 1
when it is not: a readiness probe for an image without a shell.`,
		Example: "  dfcheck load ready /tmp/ready",
		RunE: func(_ *cobra.Command, args []string) error {
			if _, err := os.Stat(args[0]); err != nil {
				return &failure{reports.ExitFailed, fmt.Errorf("not ready: %s is not there", args[0]), ""}
			}
			return nil
		},
	}
}
