//go:build unix

package main

import (
	"bufio"
	"bytes"
	"compress/flate"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// steadyCrowd polls all the time once it is there: what a plan is about.
const steadyCrowd = `duration: 70s
arrivals: {kind: stages, stages: [{name: arrive, share: 1, over: 5s}, {name: settle, share: 0, over: 35s}, {name: hold, share: 0, over: 0s}]}
groups: [{name: devices, people: {approve: 0.9, deny: 0.1, delay: {kind: uniform, median: 8s}}, behaviour: {restart_after: 1ms}}]
`

// serveApart starts the reference server in a process of its own, and returns its URL.
func serveApart(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("dfcheck", append([]string{"serve", "--addr=127.0.0.1:0", "--decisions"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(strings.TrimSpace(line), "listening on ")
}

// reported runs dfcheck and returns the report that it wrote.
func reported(t *testing.T, env []string, args ...string) *reports.Report {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.json")
	cmd := exec.Command("dfcheck", append(args, "--report=json="+path)...)
	cmd.Env = append(os.Environ(), env...)
	out, _ := cmd.CombinedOutput() // the report says what came of it
	r, err := reports.ReadFile(path)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
	return r
}

// Two million devices on paper, and 20,000 in two shards: a hundred times the figures
// of the run are those of the plan, within five percent.
func TestShardsAsPlannedLong(t *testing.T) {
	if os.Getenv("DFCHECK_LONG") == "" {
		t.Skip("a minute and a half: DFCHECK_LONG=1, as in make test-long")
	}
	crowd := filepath.Join(t.TempDir(), "crowd.yaml")
	if err := os.WriteFile(crowd, []byte(steadyCrowd), 0o644); err != nil {
		t.Fatal(err)
	}
	run := reported(t, nil, "load", "run", "--local", "--shards=2", "--devices=20k", "--profile="+crowd,
		"--host="+serveApart(t, "--interval=5s"), "--spec=documented-v1", "--client-id=dfcheck", "--approve=reference",
		"--keep-going").Load
	if c := run.Client; c.Saturated {
		t.Skipf("SKIPPED: this machine was the limit, so its figures say nothing of the plan: %s", c.Why)
	}
	latency := strconv.FormatFloat(max(run.Service.Poll.Mean, 0.01), 'f', 3, 64) + "ms"
	plan := reported(t, nil, "load", "plan", "--devices=2M", "--interval=5s", "--profile="+crowd, "--speed=20000",
		"--latency="+latency).Plan.Rates
	got := run.Stages[2]
	seconds := float64(got.Requests.Polls) / got.Requests.PollsPerSecond
	for _, f := range []struct {
		what          string
		planned, here float64
	}{
		{"polls a second", plan.PollsPerSecond, 100 * got.Requests.PollsPerSecond},
		{"device authorizations a second", plan.StartsPerSecond, 100 * float64(got.Requests.Starts) / seconds},
		{"tokens a second", plan.TokensPerSecond, 100 * float64(got.Outcomes.Token) / seconds},
		{"polls of a flow", plan.PollsPerFlow, got.PollsPerFlow.Mean},
		{"waste", plan.PollWaste, got.PollWaste},
		{"wait for the token, s", plan.TokenWaitSeconds, got.TokenWait.Waiting.Mean / 1000},
	} {
		off := f.here/f.planned - 1
		t.Logf("%-32s planned %12.3f, run in two shards %12.3f, %+.1f %%", f.what, f.planned, f.here, 100*off)
		if math.Abs(off) > 0.05 {
			t.Errorf("%s are not within 5 %% of the plan", f.what)
		}
	}
	if !run.Complete() || run.ErrorRate > 0 || run.Violated() > 0 {
		t.Errorf("the run itself: %s, %g, %+v", run.Incomplete(), run.ErrorRate, run.Violations)
	}
}

// busyRatio is how much more two busy threads do on this machine than one: 2, unless
// they share a core, or others use the machine.
func busyRatio() float64 {
	text := bytes.Repeat([]byte("a poll of a device, and what was answered to it. "), 1000)
	done := func(threads int) float64 {
		var rounds atomic.Int64
		var busy sync.WaitGroup
		for range threads {
			busy.Go(func() {
				w, _ := flate.NewWriter(io.Discard, flate.DefaultCompression) // a level that there is
				for end := time.Now().Add(time.Second); time.Now().Before(end); rounds.Add(1) {
					w.Reset(io.Discard)
					w.Write(text)
				}
			})
		}
		busy.Wait()
		return float64(rounds.Load())
	}
	return done(2) / done(1)
}

// Two shards with a processor each send at least 1.7 times what one sends. The target
// needs processors as well, and here they are the same ones: so that it is not what is
// measured, each shard is measured by the processor time that it took itself for its
// polls, while all run side by side. Where two busy threads do less than 1.7 times as
// much as one, two shards need not either.
func TestTwoShardsSendMoreLong(t *testing.T) {
	if os.Getenv("DFCHECK_LONG") == "" {
		t.Skip("a minute: DFCHECK_LONG=1, as in make test-long")
	}
	limit := "" // of this machine, in a run
	capable := func(shards, devices int) (perSecond float64) {
		l := reported(t, []string{"GOMAXPROCS=1"}, "load", "run", "--local", "--shards="+strconv.Itoa(shards),
			"--devices="+strconv.Itoa(devices), "--ramp=2s", "--duration=15s", "--host="+serveApart(t, "--interval=1s"),
			"--spec=documented-v1", "--client-id=dfcheck", "--keep-going").Load // nobody decides: they only poll
		if l.Client.Saturated {
			limit = l.Client.Why
		}
		for _, s := range l.Shards {
			perSecond += float64(s.Polls) / s.CPUSeconds
		}
		if !l.Complete() || l.ErrorRate > 0 {
			t.Errorf("%d shards: %s, error rate %g", shards, l.Incomplete(), l.ErrorRate)
		}
		return perSecond
	}
	var best, threads float64
	for range 3 { // others use this machine as well
		began := time.Now()
		threads = max(threads, busyRatio())
		one, two := capable(1, 5000), capable(2, 10_000)
		best = max(best, two/one)
		t.Logf("one shard: %.0f polls for a second of its processor; two: %.0f; %.2f times; two busy threads: %.2f times; %s",
			one, two, two/one, threads, time.Since(began).Round(time.Second))
		if best >= 1.7 {
			return
		}
	}
	if threads < 1.7 || limit != "" {
		t.Skipf("SKIPPED: two shards send %.2f times what one sends, but this machine has no two processors to show more: "+
			"two busy threads do %.2f times as much as one; %s", best, threads, limit)
	}
	t.Errorf("two shards send %.2f times what one sends, want 1.7; two busy threads do %.2f times as much as one here",
		best, threads)
}
