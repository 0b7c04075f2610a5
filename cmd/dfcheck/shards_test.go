//go:build unix

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/load/shard"
	"github.com/dfcheck/dfcheck/reports"
)

// shardProcess is a dfcheck that carries out a shard.
type shardProcess struct {
	cmd    *exec.Cmd
	report chan *reports.Report // from its lines of progress; closed at its end
	stderr strings.Builder
}

// startShard starts dfcheck load with a target and more arguments.
func startShard(t *testing.T, host string, env []string, args ...string) *shardProcess {
	t.Helper()
	p := &shardProcess{report: make(chan *reports.Report, 100)}
	p.cmd = exec.Command("dfcheck", append([]string{"load", "--host=" + host, "--spec=documented-v1",
		"--client-id=dfcheck", "--approve=reference", "--flush=500ms"}, args...)...)
	p.cmd.Env, p.cmd.Stderr = append(os.Environ(), env...), &p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill() })
	go func() {
		defer close(p.report)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<24)
		for lines.Scan() {
			if r, ok := shard.ParseLine(lines.Text()); ok {
				p.report <- r
			}
		}
		io.Copy(io.Discard, out)
	}()
	return p
}

// code waits for the end.
func (p *shardProcess) code(t *testing.T) int {
	t.Helper()
	for range p.report {
	}
	err := p.cmd.Wait()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	}
	return p.cmd.ProcessState.ExitCode()
}

// appears waits for a file.
func appears(t *testing.T, path string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if found, _ := filepath.Glob(path); len(found) > 0 {
			return
		}
	}
	t.Fatalf("%s does not appear", path)
}

// letStart writes a start file as it should be written: whole.
func letStart(t *testing.T, path string, at time.Time) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(at.UTC().Format(time.RFC3339Nano)+" key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// Four shards by hand: one ends as planned, one is killed, one is stopped for a while
// and goes on, one comes too late. Two say so themselves, and the merge of the rest.
func TestFourShards(t *testing.T) {
	t.Parallel()
	host, dir := startReference(t, "documented-v1"), t.TempDir()
	at, results := filepath.Join(dir, "at"), filepath.Join(dir, "results")
	start := func(i int) *shardProcess {
		env := []string{fmt.Sprint(shard.IndexVariable, "=", i), shard.CountVariable + "=4", shard.AttemptVariable + "=uid"}
		return startShard(t, host, env, "--devices=40", "--ramp=1s", "--duration=8s", "--start-at="+at,
			"--ready="+filepath.Join(dir, fmt.Sprint("ready", i)), "--report=json="+results+"/")
	}
	all := []*shardProcess{start(0), start(1), start(2)}
	for i := range all {
		appears(t, filepath.Join(dir, fmt.Sprint("ready", i)))
	}
	letStart(t, at, time.Now().Add(2*time.Second))
	<-all[0].report
	late := start(3)
	<-all[1].report
	all[1].cmd.Process.Kill()
	<-all[2].report
	all[2].cmd.Process.Signal(syscall.SIGSTOP)
	for range 4 { // two seconds, by the clock of another
		<-all[0].report
	}
	all[2].cmd.Process.Signal(syscall.SIGCONT)
	for i, want := range []int{reports.ExitOK, -1, reports.ExitOK} {
		if code := all[i].code(t); code != want {
			t.Errorf("shard %d: exit code %d, want %d; %s", i, code, want, all[i].stderr.String())
		}
	}
	if code := late.code(t); code != reports.ExitLate {
		t.Errorf("the late shard: exit code %d; %s", code, late.stderr.String())
	}
	merged := filepath.Join(dir, "merged.json")
	out, err := exec.Command("dfcheck", "report", "merge", results, "--shards=4", "--report=json="+merged).CombinedOutput()
	r, rerr := reports.ReadFile(merged)
	if rerr != nil {
		t.Fatalf("%v, %s", rerr, out)
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != reports.ExitUndecided ||
		r.Load.Violated() > 0 {
		t.Errorf("%v, violations %+v\n%s", err, r.Load.Violations, out)
	}
	for i, want := range []string{"complete", "partial", "complete", "late"} {
		if got := r.Load.Shards[i].State(); got != want || r.Load.Shards[i].Devices != 10 {
			t.Errorf("shard %d is %s, want %s; %+v", i, got, want, r.Load.Shards[i])
		}
	}
	if c := r.Load.Crowd; !c.DigestRight || c.Load < 0.5 || c.Load > 0.75 || c.Devices != 40 || c.Arrived > 30 ||
		c.ClockSpreadMS > 500 {
		t.Errorf("%+v", c)
	}
}

// The exit codes that a Job's policy rests on.
func TestShardExitCodes(t *testing.T) {
	t.Parallel()
	host, wrong := startReference(t, "documented-v1"), startReference(t, "documented-v1", "pending-as-401")
	const nobody = "http://127.0.0.1:1"
	crowd := []string{"--devices=4", "--duration=30s"}
	for name, tt := range map[string]struct {
		host  string
		env   []string
		args  []string
		stop  string // a file after which the process is asked to end
		code  int
		says  string
		state string // of the shard in its file; "" when there is none
	}{
		"the index is the count": {host, nil, []string{"--shard=4/4", "--start-at=x"}, "", 2,
			"the index must be 0 to 3", ""},
		"no count in a job":       {host, []string{"JOB_COMPLETION_INDEX=1"}, nil, "", 2, "SHARDS is not", ""},
		"no start":                {host, nil, []string{"--shard=0/2"}, "", 2, "shards start together", ""},
		"a start without a shard": {host, nil, []string{"--start-at=x"}, "", 2, "--start-at is of a shard", ""},
		"a time that is none": {host, nil, []string{"--shard=0/2", "--start-at=2026-13-01T00:00:00Z"}, "", 2,
			"is no time", ""},
		"too late": {host, nil, []string{"--shard=0/2", "--start-at=2026-01-01T00:00:00Z"}, "", 75,
			"has passed", "late"},
		"nobody starts it": {host, nil, []string{"--shard=0/2", "--start-at=never", "--start-timeout=1s"}, "", 3,
			"no start instant in never after 1s", ""},
		"no target": {nobody, nil, []string{"--shard=0/2", "--start-at=at"}, "", 3, "got no code", ""},
		"stopped before": {host, nil, []string{"--shard=0/2", "--start-at=never"}, "ready", 10,
			"stopped before the start", ""},
		"stopped in the middle": {host, nil, append(slices.Clone(crowd), "--shard=0/2", "--start-at=at"), "results/*.json",
			130, "", "partial"},
		"out of reach": {wrong, nil, append(slices.Clone(crowd), "--shard=0/2", "--start-at=at"), "", 3,
			"cannot meet violations == 0", "partial"},
		"done": {wrong, nil, []string{"--devices=4", "--duration=3s", "--shard=0/2", "--start-at=at", "--keep-going"},
			"", 0, "", "complete"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for i, arg := range tt.args {
				tt.args[i] = strings.Replace(arg, "--start-at=at", "--start-at="+dir+"/at", 1)
			}
			p := startShard(t, tt.host, tt.env, append(tt.args, "--report=json="+dir+"/results/", "--ready="+dir+"/ready")...)
			if tt.args == nil {
				p.cmd.Process.Kill()
				p.cmd.Wait()
				p = startShard(t, tt.host, tt.env)
			}
			if slices.Contains(tt.args, "--start-at="+dir+"/at") && tt.host != nobody {
				appears(t, filepath.Join(dir, "ready"))
				letStart(t, filepath.Join(dir, "at"), time.Now().Add(2*time.Second))
			}
			if tt.stop != "" {
				appears(t, filepath.Join(dir, tt.stop))
				p.cmd.Process.Signal(syscall.SIGTERM)
			}
			code := p.code(t)
			if said := p.stderr.String(); code != tt.code || !strings.Contains(said, tt.says) {
				t.Errorf("exit code %d, want %d; it says %s", code, tt.code, said)
			}
			if _, err := os.Stat(filepath.Join(dir, "ready")); err == nil {
				t.Error("the file of --ready is still there")
			}
			found, _ := filepath.Glob(filepath.Join(dir, "results", "*.json"))
			if tt.state == "" {
				if len(found) > 0 {
					t.Errorf("%s is there", found)
				}
				return
			}
			r, err := reports.ReadFile(strings.Join(found, " "))
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Load.Shard.State(); got != tt.state || r.Run.ExitCode != tt.code || len(r.Load.Thresholds) > 0 {
				t.Errorf("%s, exit code %d, want %s, %d", got, r.Run.ExitCode, tt.state, tt.code)
			}
		})
	}
}

// Two devices of one person get one token; they are in two shards, and no shard sees
// anything wrong.
func TestTokenOfTwoShards(t *testing.T) {
	t.Parallel()
	host, dir := startReference(t, "documented-v1", "token-per-user"), t.TempDir()
	profile := filepath.Join(dir, "two.yaml")
	err := os.WriteFile(profile,
		[]byte("devices: 2\nduration: 4s\ngroups: [{name: all, people: {approve: 1, delay: {median: 500ms}}}]\n"), 0o644)
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(dir, "at")
	var all []*shardProcess
	for i := range 2 {
		all = append(all, startShard(t, host, nil, "--profile="+profile, "--start-at="+at, fmt.Sprintf("--shard=%d/2", i),
			fmt.Sprint("--ready=", dir, "/ready", i), "--report=json="+dir+"/results/"))
	}
	for i := range all {
		appears(t, fmt.Sprint(dir, "/ready", i))
	}
	letStart(t, at, time.Now().Add(2*time.Second))
	for i, p := range all {
		if code := p.code(t); code != reports.ExitOK {
			t.Errorf("shard %d: exit code %d; %s", i, code, p.stderr.String())
		}
	}
	out, err := exec.Command("dfcheck", "report", "merge", dir+"/results", "--shards=2").CombinedOutput()
	exit, ok := errors.AsType[*exec.ExitError](err)
	const want = "two devices got the same access token, 1 time (DF-TOKEN-008, token_shared) shards"
	if !ok || exit.ExitCode() != reports.ExitFailed || !strings.Contains(string(out), want) {
		t.Errorf("%v\n%s", err, out)
	}
}

// Ctrl-C ends all shards of a local run, and the report is of what they did.
func TestInterruptLocalRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command("dfcheck", "load", "run", "--local", "--shards=2", "--devices=4", "--duration=1m",
		"--dir="+dir+"/run", "--report=json="+dir+"/merged.json")
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	appears(t, dir+"/run/results/shard-0-*.json")
	appears(t, dir+"/run/results/shard-1-*.json")
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
	r, err := reports.ReadFile(dir + "/merged.json")
	if err != nil {
		t.Fatal(err, said.String())
	}
	if code := cmd.ProcessState.ExitCode(); code != reports.ExitInterrupted || r.Run.ExitCode != code ||
		!r.Run.Interrupted {
		t.Errorf("exit code %d, in the report %d; %s", code, r.Run.ExitCode, said.String())
	}
	for _, s := range r.Load.Shards {
		if s.State() != "partial" || s.Polls == 0 && s.Seconds == 0 {
			t.Errorf("%+v", s)
		}
	}
	if _, err := os.Stat(dir + "/run/start-at"); err == nil {
		t.Error("the key of the digests is left behind")
	}
}
