package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dfcheck/dfcheck/reports"
)

// Ctrl-C in the middle of a run: exit code 130, and reports that are whole.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command("dfcheck", "conformance", "--only", "EXPIRY", "--report", "json="+filepath.Join(dir, "out.json"),
		"--report", "junit="+filepath.Join(dir, "out.xml"))
	cmd.Dir = dir
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	interrupted := false
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "plan: ") && !interrupted {
			interrupted = true
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
		}
		if strings.Contains(lines.Text(), "goroutine ") {
			t.Error("a stack trace reaches the user: ", lines.Text())
		}
	}
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != reports.ExitInterrupted {
		t.Errorf("exit code %d, want %d", code, reports.ExitInterrupted)
	}
	r, err := reports.ReadFile(filepath.Join(dir, "out.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !r.Run.Interrupted || r.Run.ExitCode != reports.ExitInterrupted || r.Conformance.Summary.Inconclusive == 0 {
		t.Errorf("the report says %+v, %+v", r.Run, r.Conformance.Summary)
	}
	if xml, _ := os.ReadFile(filepath.Join(dir, "out.xml")); !strings.HasSuffix(strings.TrimSpace(string(xml)),
		"</testsuites>") {
		t.Error("the JUnit report is not whole")
	}
}
