//go:build unix

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/strict"
)

// expectation is testdata/targets/NAME/expected.yaml: the verdicts that the
// facts about a server call for.
type expectation struct {
	Config      string              `yaml:"config"`
	Environment map[string]string   `yaml:"environment"`
	Init        []string            `yaml:"init"` // what dfcheck init has to be told beyond host and client
	Verdicts    map[string]expected `yaml:"verdicts"`
	// Open are texts in the reason of an inconclusive verdict, each with the fact
	// that lets it strike any check.
	Open map[string]string `yaml:"open"`
	// Unsupported are checks that the facts say nothing about, with the
	// reason: they may come out as they like, but not fail.
	Unsupported map[string]string `yaml:"unsupported"`
}

type expected struct {
	Verdict any    `yaml:"verdict"` // one verdict, or the list of those that the facts allow
	Fact    string `yaml:"fact"`
}

func (e expected) allows(v reports.Verdict) bool {
	switch want := e.Verdict.(type) {
	case string:
		return want == string(v)
	case []any:
		return slices.Contains(want, any(string(v)))
	}
	return false
}

// opens reports whether a fact leaves this check undecided.
func (e expectation) opens(c reports.Check) bool {
	for text := range e.Open {
		if c.Verdict == reports.Inconclusive && strings.Contains(c.Reason, text) {
			return true
		}
	}
	return false
}

// ordinaryTargets run with make test; DFCHECK_TARGETS=all runs all.
var (
	ordinaryTargets = []string{"zitadel-oidc", "oidc-provider"}
	allTargets      = append([]string{"go-oidc", "dex", "better-auth", "glewlwyd", "authlib"}, ordinaryTargets...)
)

// TestTargets checks servers that others wrote, and holds the verdicts against
// what their facts call for. No check may fail or warn without a fact. Then it does so with
// what init writes for each of them. The two are seldom at work side by side: a server that
// is slow would be slower.
func TestTargets(t *testing.T) {
	t.Parallel()
	targets := ordinaryTargets
	if os.Getenv("DFCHECK_TARGETS") == "all" {
		targets = allTargets
	}
	for _, name := range targets {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, want := target(t, name)
			host := startTarget(t, dir, want.Environment)
			compareTarget(t, want, checkTarget(t, dir, want.Config, host, keptReport(t, name)))
		})
	}
	for _, name := range targets {
		t.Run(name+" by init", func(t *testing.T) {
			t.Parallel()
			dir, want := target(t, name)
			host := startTarget(t, dir, want.Environment)
			config := initTarget(t, want, host)
			compareInit(t, want, checkTarget(t, dir, config, host, filepath.Join(t.TempDir(), "init.json")))
		})
	}
}

// target is the folder of a server, which is installed, and what is expected of it.
func target(t *testing.T, name string) (dir string, want expectation) {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("../../testdata/targets", name))
	if err != nil {
		t.Fatal(err)
	}
	installTarget(t, dir)
	return dir, readExpectation(t, dir)
}

func readExpectation(t *testing.T, dir string) expectation {
	path := filepath.Join(dir, "expected.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var e expectation
	if err := strict.Decode(data, path, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

// installTarget fetches a server, or skips the test where it cannot be had.
func installTarget(t *testing.T, dir string) {
	install := exec.Command("./run.sh")
	install.Dir = dir
	once, _ := installs.LoadOrStore(dir, sync.OnceValues(install.CombinedOutput))
	fetch(t, filepath.Base(dir), once.(func() ([]byte, error)))
}

// installs has the installation of each server by its folder: one for all tests, since two
// installers in one folder destroy each other's files.
var installs sync.Map

// startTarget starts a server that is installed, and waits until it listens. It ends
// with the test.
func startTarget(t *testing.T, dir string, env map[string]string) (host string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	server := exec.Command("./run.sh", fmt.Sprint(port))
	server.Dir, server.SysProcAttr = dir, &syscall.SysProcAttr{Setpgid: true}
	server.Env = os.Environ()
	for k, v := range env {
		server.Env = append(server.Env, k+"="+v)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Kill(-server.Process.Pid, syscall.SIGKILL); server.Wait() })
	host = fmt.Sprintf("http://127.0.0.1:%d", port)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		if resp, err := http.Get(host); err == nil {
			resp.Body.Close()
			return host
		}
		time.Sleep(100 * time.Millisecond) // nothing announces that it listens
	}
	t.Fatal("the server does not listen")
	return ""
}

// keptReport is where the report of a target goes: DFCHECK_REPORTS names a folder
// for it.
func keptReport(t *testing.T, name string) string {
	dir := os.Getenv("DFCHECK_REPORTS")
	if dir == "" {
		dir = t.TempDir()
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name+".json")
}

func checkTarget(t *testing.T, dir, config, host, path string, flags ...string) *reports.Report {
	run := exec.Command("dfcheck", append([]string{"conformance", "--config", config, "--report", "json=" + path},
		flags...)...)
	run.Dir = dir
	run.Env = append(os.Environ(), "TARGET="+host, "TARGET_SECRET=secret")
	out, err := run.CombinedOutput()
	r, readErr := reports.ReadFile(path)
	if readErr != nil {
		t.Fatalf("%v, %v\n%s", err, readErr, out)
	}
	if p := r.Run.Problem; p != nil {
		t.Fatalf("the run with %s did not finish: %s", filepath.Base(config), p.Message)
	}
	return r
}

// initTarget lets dfcheck init write a configuration, as somebody would who knows
// the server's address and a client.
func initTarget(t *testing.T, want expectation, host string) string {
	config := filepath.Join(t.TempDir(), "dfcheck.yaml")
	args := append([]string{"init", "--host", host, "--client-id", "dfcheck", "--output", config}, want.Init...)
	if out, err := exec.Command("dfcheck", args...).CombinedOutput(); err != nil {
		t.Fatalf("dfcheck %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return config
}

// compareInit: with the configuration that init wrote, and nothing added to it, many
// checks are decided, and none accuses that does not do so otherwise.
func compareInit(t *testing.T, want expectation, r *reports.Report) {
	decided := 0
	for _, c := range r.Conformance.Checks {
		e := want.Verdicts[c.ID]
		switch {
		case c.ID == "DF-AUTHZ-008" && want.Environment["LIFETIME"] != "": // init leaves short_lifetime to people
		case accuses(c.Verdict) && !e.allows(reports.Fail) && !e.allows(reports.Warning) && !want.opens(c):
			t.Errorf("%s is %s with the configuration of init, and no fact calls for it: %s", c.ID, c.Verdict, c.Reason)
		}
		if accuses(c.Verdict) || c.Verdict == reports.Pass {
			decided++
		}
	}
	if decided < 50 {
		t.Errorf("%d checks are decided with the configuration of init", decided)
	}
}

func accuses(v reports.Verdict) bool {
	return v == reports.Fail || v == reports.Warning || v == reports.Error
}

func compareTarget(t *testing.T, want expectation, r *reports.Report) {
	for _, c := range r.Conformance.Checks {
		e, ok := want.Verdicts[c.ID]
		_, unsupported := want.Unsupported[c.ID]
		switch {
		case unsupported && c.Verdict == reports.Warning:
		case !ok && accuses(c.Verdict):
			t.Errorf("%s is %s, and no fact calls for it: %s", c.ID, c.Verdict, c.Reason)
		case ok && !e.allows(c.Verdict) && !want.opens(c):
			var seen strings.Builder
			for _, f := range c.Findings {
				fmt.Fprintf(&seen, "\n    expected %s, got %s %v", f.Expected, f.Actual, f.Exchanges)
			}
			t.Errorf("%s is %s (%s), the facts call for %v (%s)%s",
				c.ID, c.Verdict, c.Reason, e.Verdict, e.Fact, seen.String())
		}
	}
}
