//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// setClock runs dfcheck as the first process of a machine, whose clock it sets by an hour
// every three seconds, ahead and back.
const setClock = `#!/bin/sh
mount -t proc proc /proc
ip link set lo up
cd %[1]s
while :; do
  for by in 3600 -3600 -3600 3600; do date -s "@$(( $(date +%%s) + by ))" >> steps || exit; sleep 3; done
done &
%[2]s conformance --report json=conformance.json > conformance.txt 2>&1; echo $? > conformance.code
%[2]s load --devices 100 --duration 40s --report json=load.json > load.txt 2>&1; echo $? > load.code
sync
echo o > /proc/sysrq-trigger
sleep 60
`

// TestClockIsSetLong: while the clock of the machine is set again and again, a correct
// server is found to be correct, the load is that of the profile, and both end when they
// should. The machine is a Linux kernel that runs as a process, for its clock is its own.
func TestClockIsSetLong(t *testing.T) {
	program := asDfcheck(t)
	kernel, err := exec.LookPath("linux.uml")
	if err != nil {
		t.Skip("no linux.uml; Debian's package is user-mode-linux")
	}
	dir := t.TempDir()
	script := filepath.Join(dir, "init.sh")
	if err := os.WriteFile(script, fmt.Appendf(nil, setClock, dir, program), 0o777); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	machine := exec.CommandContext(t.Context(), kernel, "mem=1G", "root=/dev/root", "rootfstype=hostfs", "rw", "con=null",
		"con0=null,fd:1", "init="+script)
	machine.Env = append(os.Environ(), "TMPDIR="+dir)
	console, err := machine.CombinedOutput()
	read := func(name string) string {
		text, readErr := os.ReadFile(filepath.Join(dir, name))
		if readErr != nil {
			t.Fatalf("%v; the machine ended with %v and said\n%s", readErr, err, console)
		}
		return string(text)
	}
	if n := strings.Count(read("steps"), "\n"); n < 10 {
		t.Errorf("the clock was set %d times", n)
	}
	for _, name := range []string{"conformance", "load"} {
		if code := strings.TrimSpace(read(name + ".code")); code != "0" {
			t.Errorf("%s ended with exit code %s\n%s", name, code, read(name+".txt"))
		}
		r, err := reports.ReadFile(filepath.Join(dir, name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		took := time.Duration(r.Run.DurationMS) * time.Millisecond
		if took < 10*time.Second || took > time.Since(began) {
			t.Errorf("%s took %s by its report, and less than %s", name, took, time.Since(began))
		}
		if r.Conformance != nil {
			for _, c := range r.Conformance.Checks {
				switch c.Verdict {
				case reports.Fail, reports.Warning, reports.Error:
					t.Errorf("%s %s: %s", c.ID, c.Verdict, c.Reason)
				case reports.Inconclusive: // where the machine was too slow
					t.Logf("%s %s: %s", c.ID, c.Verdict, c.Reason)
				}
			}
		}
		if l := r.Load; l != nil && (l.Requests.Polls < 500 || l.Outcomes.SlowDown > 0 || len(l.Violations) > 0) {
			t.Errorf("%d polls, %d too early, %+v", l.Requests.Polls, l.Outcomes.SlowDown, l.Violations)
		}
	}
}
