package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/load/local"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// loadRunFlags are the options of a load run in shards.
type loadRunFlags struct {
	loadFlags
	cluster   clusterFlags
	local     bool
	dir       string
	keepGoing bool
}

func newLoadRun(t terminal) *cobra.Command {
	f := &loadRunFlags{}
	c := &cobra.Command{
		Use: "run", Short: "Load a server from several processes at once", Args: cobra.NoArgs,
		Long: `Divides a crowd over shards, which start at one instant, and makes one report of
theirs: the same crowd as "dfcheck load" with the same seed, whatever their number.

With --local the shards are processes of this machine: on one with many cores that
is how all of them are used. With --kubernetes they are pods of a Job in the cluster
of kubectl's current context, of an image of dfcheck that --image names: what is
created is said before and deleted afterwards.

Ctrl-C stops all and reports what there was. A shard that is lost, or a threshold
that the whole cannot meet any more, stops all as well, unless --keep-going is given.
Exit codes are those of "dfcheck load", and 4 when a
shard is not complete and nothing failed.`,
		Example: `  dfcheck load run --local --shards 4 --devices 200000 --ramp 1m --duration 5m
  dfcheck load run --local --shards 2 --profile evening-peak --host https://load.example.com --allow-host load.example.com --report html=load.html
  dfcheck load run --kubernetes --shards 8 --image registry.example.com/dfcheck:v1 --profile evening-peak --host https://load.example.com --allow-host load.example.com`,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.divide(cmd.Context(), cmd, t) },
	}
	fs := c.Flags()
	f.addCrowd(fs)
	f.addReports(fs, reports.KindLoad)
	f.cluster.add(fs)
	f.addScrape(fs)
	fs.BoolVar(&f.local, "local", false, "run the shards as processes of this machine")
	fs.Var(count(&f.shards), "shards", "number of shards (default with --local: one for each processor)")
	fs.StringVar(&f.dir, "dir", "", "keep the files of the shards in `FOLDER`, which is empty or not there")
	fs.BoolVar(&f.keepGoing, "keep-going", false, "go on when a shard is lost, or a threshold out of reach")
	return c
}

// divide carries a run out in shards.
func (f *loadRunFlags) divide(ctx context.Context, cmd *cobra.Command, t terminal) error {
	if f.cluster.on {
		return f.runKubernetes(ctx, cmd, t)
	}
	if !f.local {
		return usage(errors.New("load run needs to know where: --local or --kubernetes"),
			"`dfcheck load run --help` explains it")
	}
	f.shards = cmp.Or(f.shards, runtime.GOMAXPROCS(0))
	c, err := f.read(t)
	if err != nil {
		return err
	}
	p, err := f.crowd(cmd)
	list, derr := f.destinations(reports.KindLoad)
	if err := errors.Join(err, derr); err != nil {
		return usage(err, "`dfcheck load run --help` lists the flags, `dfcheck load profiles` the profiles")
	}
	if _, err := scraper(ctx, f.scrape); err != nil { // before a shard finds out
		return err
	}
	return f.runLocal(ctx, cmd, t, c, p.WithDefaults(), list)
}

// runLocal runs the shards on this machine.
func (f *loadRunFlags) runLocal(ctx context.Context, cmd *cobra.Command, t terminal, c *conformance.Config,
	p *profile.Profile, list []reports.Destination) error {
	self, err := os.Executable()
	if err != nil {
		return &failure{reports.ExitUntested, err, ""}
	}
	dir, remove, err := f.folderOfRun()
	if err != nil {
		return usage(err, "")
	}
	defer remove()
	args := passedOn(cmd.Flags(), "local", "shards", "dir", "keep-going", "report")
	if c.Host == "" {
		more, stop, err := embeddedForShards(t, c)
		if err != nil {
			return err
		}
		defer stop()
		args = append(args, more...)
	}
	t.note("profile %s: %d devices in %d shards, %s by %s over %s", p.Name, p.Devices, f.shards, p.Duration,
		p.Arrivals.Kind, p.Arrivals.Over)
	line := t.progress()
	crew := &local.Crew{Program: self, Args: args, Shards: f.shards, Dir: dir, Flush: localFlush, KeepGoing: f.keepGoing,
		Progress: func(l *reports.Load) { line.say(shardStatus(l, time.Duration(p.Duration))) },
		Note:     func(text string) { line.clear(); t.note("%s", text) }}
	r, err := crew.Run(ctx)
	line.clear()
	if err != nil {
		return notDivided(ctx, err)
	}
	if r.Run.Interrupted = ctx.Err() != nil; r.Run.Interrupted {
		r.Run.ExitCode = reports.ExitInterrupted
	}
	if f.dir != "" {
		t.note("the files of the shards are in %s; `dfcheck report merge %s --shards %d` merges them again", crew.Results(),
			crew.Results(), f.shards)
	}
	return printMerged(t, r, list)
}

// localFlush is how often shards of this machine say how far they are.
const localFlush = 2 * time.Second

// folderOfRun is where the shards write: a folder that is kept, or one for the time
// of the run.
func (f *loadRunFlags) folderOfRun() (dir string, remove func(), err error) {
	if f.dir == "" {
		dir, err = os.MkdirTemp("", "dfcheck-shards-")
		return dir, func() { os.RemoveAll(dir) }, err
	}
	entries, err := os.ReadDir(f.dir)
	if len(entries) > 0 {
		return "", nil, fmt.Errorf("--dir %s is not empty: files of another run would be merged with those of this one",
			f.dir)
	}
	if errors.Is(err, os.ErrNotExist) {
		err = os.MkdirAll(f.dir, 0o755)
	}
	return f.dir, func() {}, err
}

// passedOn are the flags that were given, as arguments for each shard.
func passedOn(fs *pflag.FlagSet, but ...string) (args []string) {
	fs.Visit(func(f *pflag.Flag) {
		if slices.Contains(but, f.Name) {
			return
		}
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, v := range values {
			args = append(args, "--"+f.Name+"="+v)
		}
	})
	return args
}

// embeddedForShards starts the embedded server, and returns the flags that lead the
// shards to it.
func embeddedForShards(t terminal, c *conformance.Config) (args []string, stop func(), err error) {
	if err := serverless(c); err != nil {
		return nil, nil, err
	}
	contract := cmp.Or(auto(c.Spec), "documented-v1")
	base, stop, err := serve("127.0.0.1:0", refserver.Config{Contract: contract, Decisions: true,
		TokenLifetime: 30 * time.Second, Forget: 30 * time.Second}, nil, nil)
	if err != nil {
		return nil, nil, &failure{reports.ExitUntested, err, ""}
	}
	t.note("loading the embedded server at %s (name another with --host)", base)
	return []string{"--host=" + base, "--spec=" + contract, "--client-id=dfcheck",
		"--approve=" + cmp.Or(c.Approve.Kind, "reference")}, stop, nil
}

// notDivided is why a run in shards did not begin.
func notDivided(ctx context.Context, err error) error {
	if n, ok := errors.AsType[*local.NotReady](err); ok && ctx.Err() == nil {
		code := n.Code
		if code <= 0 {
			code = reports.ExitUntested
		}
		return &failure{code, n, n.Said}
	}
	return notLoaded(ctx, err)
}
