package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestComparisonLong compares two servers as people do, by the program alone: five runs
// of each in turns, of 20 s and 40 devices. Where the new one takes a tenth longer for
// every answer it is found in 9 of 10 comparisons; where it does not, no difference is
// shown in any of 10.
func TestComparisonLong(t *testing.T) {
	if os.Getenv("DFCHECK_LONG") == "" {
		t.Skip("eight minutes: DFCHECK_LONG=1, as in make test-long")
	}
	const comparisons, runs = 10, 5
	program := filepath.Join(t.TempDir(), "dfcheck")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	old := startProgram(t, program, "50ms")
	for name, test := range map[string]struct {
		server string
		code   int // of report compare
		least  int // comparisons that must end with it
	}{
		"a tenth slower": {startProgram(t, program, "55ms"), 1, 9},
		"equal":          {startProgram(t, program, "50ms"), 0, 10},
	} {
		t.Run(name, func(t *testing.T) {
			right := make([]bool, comparisons)
			var all sync.WaitGroup
			for i := range comparisons {
				all.Go(func() {
					dir := t.TempDir()
					for n := range runs {
						loadInto(t, program, old, filepath.Join(dir, "old"), n)
						loadInto(t, program, test.server, filepath.Join(dir, "new"), n)
					}
					cmd := exec.Command(program, "report", "compare", "--across", "target", "--strict", filepath.Join(dir, "old"),
						filepath.Join(dir, "new"))
					out, _ := cmd.CombinedOutput()
					right[i] = cmd.ProcessState.ExitCode() == test.code
					t.Logf("%s, comparison %d: exit code %d\n%s", name, i+1, cmd.ProcessState.ExitCode(), out)
				})
			}
			all.Wait()
			n := 0
			for _, ok := range right {
				if ok {
					n++
				}
			}
			t.Logf("%s: %d of %d", name, n, comparisons)
			if n < test.least {
				t.Errorf("%s: right in %d of %d comparisons, want %d", name, n, comparisons, test.least)
			}
		})
	}
}

// startProgram runs a reference server that takes a delay for every answer, and returns
// its URL.
func startProgram(t *testing.T, program, delay string) string {
	t.Helper()
	server := exec.Command(program, "serve", "--addr", "127.0.0.1:0", "--spec", "rfc8628", "--interval", "1s",
		"--expires-in", "10m", "--decisions", "--delay", delay)
	out, err := server.StdoutPipe()
	if err == nil {
		err = server.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Kill()
		server.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(strings.TrimPrefix(line, "listening on "))
}

// loadInto puts the report of a load run into a folder.
func loadInto(t *testing.T, program, host, dir string, n int) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Error(err)
	}
	out, err := exec.Command(program, "load", "--host", host, "--spec", "rfc8628", "--approve", "reference",
		"--devices", "40", "--ramp", "1s", "--duration", "20s",
		"--report", fmt.Sprintf("json=%s/%d.json", dir, n)).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
