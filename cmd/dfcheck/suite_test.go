package main

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// suiteBinary is the test binary of conformance/suite, which the ginkgo command runs.
func suiteBinary(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "suite.test")
	if out, err := exec.Command("go", "test", "-c", "-o", path, "../../conformance/suite").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// a ginkgoReport is as much of Ginkgo's JSON report as is looked at.
type ginkgoReport []struct {
	SpecReports []struct {
		LeafNodeText string
		State        string
		Failure      struct{ Message string }
	}
}

// ginkgoRun runs the suite against a server and returns what it printed, its specs'
// states by check id, less those that a filter left out, and its JUnit report.
func ginkgoRun(t *testing.T, binary, config string, flags ...string) (out string, states map[string]string,
	junit string) {
	t.Helper()
	dir := t.TempDir()
	cmd := suiteCommand(binary, config, append(flags, "-ginkgo.json-report="+filepath.Join(dir, "out.json"),
		"-ginkgo.junit-report="+filepath.Join(dir, "out.xml"))...)
	text, _ := cmd.CombinedOutput() // failures are meant
	return string(text), specStates(t, filepath.Join(dir, "out.json")), read(t, filepath.Join(dir, "out.xml"))
}

func suiteCommand(binary, config string, flags ...string) *exec.Cmd {
	cmd := exec.Command(binary, append([]string{"-test.run=TestConformance", "-ginkgo.no-color"}, flags...)...)
	cmd.Env = append(os.Environ(), "DFCHECK_CONFIG="+config)
	return cmd
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func specStates(t *testing.T, path string) map[string]string {
	t.Helper()
	var r ginkgoReport
	if err := json.Unmarshal([]byte(read(t, path)), &r); err != nil {
		t.Fatal(err)
	}
	states := map[string]string{}
	for _, s := range r[0].SpecReports {
		id, _, _ := strings.Cut(s.LeafNodeText, " ")
		if strings.HasPrefix(id, "DF-") && (s.State != "skipped" || s.Failure.Message != "") {
			states[id] = strings.TrimSpace(s.State + " " + firstLine(s.Failure.Message))
		}
	}
	return states
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// TestSuite runs the Ginkgo suite as the ginkgo command does.
func TestSuite(t *testing.T) {
	t.Parallel()
	binary := suiteBinary(t)

	t.Run("filters choose before the plan", func(t *testing.T) {
		t.Parallel()
		server, alone := startCounted(t, time.Minute), startCounted(t, time.Minute)
		_, states, _ := ginkgoRun(t, binary, server.config(t),
			"-ginkgo.label-filter=id:DF-AUTHZ-012 || id:DF-POLL-010", "-ginkgo.skip=POLL-010")
		if want := map[string]string{"DF-AUTHZ-012": "passed"}; !maps.Equal(states, want) {
			t.Errorf("ran %v, want %v", states, want)
		}
		exec.Command("dfcheck", "conformance", "--config", alone.config(t), "--only", "DF-AUTHZ-012").Run()
		if got, want := server.requests(), alone.requests(); !slices.Equal(got, want) || len(got) == 0 {
			t.Errorf("the server was asked %q, and for this check alone %q", got, want)
		}
	})

	t.Run("dry run", func(t *testing.T) {
		t.Parallel()
		server := startCounted(t, time.Minute)
		_, states, _ := ginkgoRun(t, binary, server.config(t), "-ginkgo.dry-run",
			"-ginkgo.label-filter=level:MUST && group:POLL")
		if len(states) < 10 || len(server.requests()) > 0 {
			t.Errorf("%d specs, and the server was asked %q", len(states), server.requests())
		}
	})

	t.Run("fail fast", func(t *testing.T) {
		t.Parallel()
		server := startCounted(t, 2*time.Minute, "unknown-client-accepted")
		start := time.Now()
		out, states, _ := ginkgoRun(t, binary, server.config(t), "-ginkgo.fail-fast",
			"-ginkgo.label-filter=id:DF-AUTHZ-012 || id:DF-EXPIRY-001")
		if took := time.Since(start); took > time.Minute {
			t.Errorf("took %s: it waited for codes to expire", took)
		}
		if len(states) != 1 || !strings.HasPrefix(states["DF-AUTHZ-012"], "failed DF-AUTHZ-012 ") {
			t.Errorf("specs %v\n%s", states, out)
		}
	})

	t.Run("interrupt", func(t *testing.T) {
		t.Parallel()
		if runtime.GOOS == "windows" {
			t.Skip("no interrupt can be sent to a process")
		}
		interrupted(t, binary)
	})

	t.Run("verdicts and reasons", func(t *testing.T) {
		t.Parallel()
		const fault = "unknown-client-accepted"
		server, twin := startCounted(t, time.Minute, fault), startCounted(t, time.Minute, fault)
		_, states, junit := ginkgoRun(t, binary, server.config(t), "-ginkgo.label-filter=group:AUTHZ")
		want := verdictsOf(t, twin.config(t), "AUTHZ")
		if len(states) != len(want) || len(want) < 15 {
			t.Errorf("the suite has %d verdicts, dfcheck %d", len(states), len(want))
		}
		for id, verdict := range want {
			if !strings.HasPrefix(states[id], verdict) { // what would enable it follows
				t.Errorf("%s: the suite says %q, dfcheck %q", id, states[id], verdict)
			}
		}
		for _, want := range []string{`message="skipped - skipped: needs restricted_client (`,
			`failure message="DF-AUTHZ-012 `,
			"expected:", "curl -i -X POST"} {
			if !strings.Contains(junit, want) {
				t.Errorf("the JUnit report has no %s\n%s", want, junit)
			}
		}
	})

	t.Run("no green without a verdict", func(t *testing.T) {
		t.Parallel()
		server := startCounted(t, time.Minute)
		for _, test := range []struct{ config, filter, want string }{
			{server.config(t), "needs:approve", "nothing of the selection can run"},
			{server.config(t), "group:PULL", "Detected no specs ran"},
			{(&counted{URL: "http://127.0.0.1:1"}).config(t), "group:POLL", "cannot reach http://127.0.0.1:1"},
			{"nowhere.yaml", "group:POLL", "there is no nowhere.yaml"},
			{"", "group:POLL", "no configuration file is named"},
		} {
			out, err := suiteCommand(binary, test.config, "-ginkgo.label-filter="+test.filter).CombinedOutput()
			if err == nil || !strings.Contains(string(out), test.want) {
				t.Errorf("%s on %s: %v, want %q\n%s", test.filter, test.config, err, test.want, out)
			}
		}
	})
}

// verdictsOf are those of dfcheck conformance, in Ginkgo's terms.
func verdictsOf(t *testing.T, config, only string) map[string]string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out.json")
	exec.Command("dfcheck", "conformance", "--config", config, "--only", only, "--report", "json="+path).Run()
	r, err := reports.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, c := range r.Conformance.Checks {
		switch c.Verdict {
		case reports.Fail:
			out[c.ID] = "failed " + c.ID + " " + c.Title + " (" + c.Level + ")"
		case reports.Pass, reports.Warning:
			out[c.ID] = "passed"
		default:
			out[c.ID] = "skipped " + string(c.Verdict) + ": " + c.Reason
		}
	}
	return out
}

// interrupted ends a suite that waits for a code to expire.
func interrupted(t *testing.T, binary string) {
	server, dir := startCounted(t, 2*time.Minute), t.TempDir()
	cmd := suiteCommand(binary, server.config(t), "-ginkgo.label-filter=id:DF-EXPIRY-001",
		"-ginkgo.json-report="+filepath.Join(dir, "out.json"))
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-server.started
	start := time.Now()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the suite passed")
	}
	if took := time.Since(start); took > 15*time.Second { // Ginkgo gives up after 30
		t.Errorf("it ended %s after the interrupt", took)
	}
	if state := specStates(t, filepath.Join(dir, "out.json"))["DF-EXPIRY-001"]; !strings.HasPrefix(state, "interrupted") {
		t.Errorf("the report says %q\n%s", state, out.String())
	}
}

// TestGinkgoCommand: the ginkgo command knows the suite, and of its parallel
// processes one alone asks the server.
func TestGinkgoCommand(t *testing.T) {
	t.Parallel()
	fetch(t, "the ginkgo command", exec.Command("go", "tool", "ginkgo", "version").CombinedOutput)
	server, alone, dir := startCounted(t, time.Minute), startCounted(t, time.Minute), t.TempDir()
	cmd := exec.Command("go", "tool", "ginkgo", "-p", "--no-color", "--label-filter=id:DF-AUTHZ-012",
		"--output-dir="+dir, "--junit-report=out.xml", "./conformance/suite")
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "DFCHECK_CONFIG="+server.config(t))
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "1 Passed | 0 Failed") {
		t.Fatalf("%v\n%s", err, out)
	}
	if junit := read(t, filepath.Join(dir, "out.xml")); !strings.Contains(junit, "DF-AUTHZ-012") {
		t.Errorf("the JUnit report is\n%s", junit)
	}
	exec.Command("dfcheck", "conformance", "--config", alone.config(t), "--only", "DF-AUTHZ-012").Run()
	if got, want := server.requests(), alone.requests(); !slices.Equal(got, want) {
		t.Errorf("the server was asked %q, by one process %q", got, want)
	}
}

// TestExampleModule runs the test of a server in a module of its own, without a
// network: what it needs is in the module cache.
func TestExampleModule(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(read(t, "../../testdata/module/"+name)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "test", "-count=1", "-mod=mod", "-modfile="+filepath.Join(dir, "go.mod"), ".", "-v",
		"-ginkgo.no-color", "-ginkgo.label-filter=id: containsAny {DF-AUTHZ-012, DF-DENY-001, DF-TOKEN-001}")
	cmd.Dir = "../../testdata/module"
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "3 Passed | 0 Failed") {
		t.Errorf("%v\n%s", err, out)
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		if read(t, filepath.Join(dir, name)) != read(t, "../../testdata/module/"+name) {
			t.Errorf("testdata/module/%s lags behind this module's: cd testdata/module && go mod tidy", name)
		}
	}
}
