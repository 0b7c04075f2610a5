//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// asDfcheck is a path under which this test program is dfcheck.
func asDfcheck(t *testing.T) string {
	t.Helper()
	if os.Getenv("DFCHECK_LONG") == "" {
		t.Skip("minutes: DFCHECK_LONG=1, as in make test-hostile")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "dfcheck")
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	return program
}

// TestKilledLong: whenever a run is killed, the report of the run before is there,
// whole, or that of this one.
func TestKilledLong(t *testing.T) {
	program := asDfcheck(t)
	path := filepath.Join(t.TempDir(), "report.json")
	run := func() *exec.Cmd {
		return exec.Command(program, "conformance", "--only", "AUTHZ,POLL-001", "--report", "json="+path)
	}
	if out, err := run().CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	before, err := reports.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	replaced := 0
	for after := time.Duration(0); after < 5*time.Second; after += 100 * time.Millisecond {
		cmd := run()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		kill := time.AfterFunc(after, func() { cmd.Process.Kill() })
		cmd.Wait()
		kill.Stop()
		now, err := reports.ReadFile(path)
		if err != nil {
			t.Fatalf("killed after %s: %v", after, err)
		}
		if now.Run.ID != before.Run.ID {
			replaced++
		}
	}
	if replaced == 0 {
		t.Error("no run was ever at its end: kill it later")
	}
}

// TestDiskFullLong: a report that the disk has no room for is told, exit code 3, and the
// one before it stays.
func TestDiskFullLong(t *testing.T) {
	program := asDfcheck(t)
	dir := t.TempDir()
	script := `mount -t tmpfs -o size=16k none ` + dir + ` && echo before > ` + dir + `/report.json && ` +
		program + ` conformance --only AUTHZ --report json=` + dir + `/report.json; echo code $?; cat ` + dir +
		`/report.json; ls -A ` + dir
	out, err := exec.Command("unshare", "-rm", "sh", "-c", script).CombinedOutput()
	if err != nil || strings.Contains(string(out), "mount:") {
		t.Skipf("no file system of one's own here: %v %s", err, out)
	}
	for _, want := range []string{"no space left on device", "code 3\nbefore\nreport.json\n"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// TestFewDescriptorsLong: with 256 descriptors a run of checks has enough, and a load
// run that needs more says so before it sends anything.
func TestFewDescriptorsLong(t *testing.T) {
	program := asDfcheck(t)
	limited := func(args string) string {
		out, _ := exec.Command("sh", "-c", "ulimit -n 256; "+program+" "+args+"; echo code $?").CombinedOutput()
		return string(out)
	}
	if out := limited("conformance --only AUTHZ,POLL,CONC"); !strings.Contains(out, "code 0") {
		t.Errorf("conformance:\n%s", out)
	}
	path := filepath.Join(t.TempDir(), "crowd.yaml")
	if err := os.WriteFile(path, []byte("devices: 1000\nduration: 2s\nconnections: {mode: device}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if out := limited("load --profile " + path); !strings.Contains(out, "code 3") || !strings.Contains(out,
		"descriptors") &&
		!strings.Contains(out, "open files") {
		t.Errorf("load:\n%s", out)
	}
}
