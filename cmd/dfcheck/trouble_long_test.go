//go:build linux

package main

import (
	"io"
	"net"
	"net/http"
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

// TestReadOnlyLong: a folder that cannot be written to is told before anything is sent.
func TestReadOnlyLong(t *testing.T) {
	program := asDfcheck(t)
	dir := t.TempDir()
	for _, args := range []string{"conformance --only AUTHZ --report json=" + dir + "/report.json",
		"conformance --only AUTHZ --record " + dir + "/run.jsonl",
		"load --devices 5 --duration 1s --report json=" + dir + "/report.json"} {
		script := `mount -t tmpfs -o ro none ` + dir + ` && ` + program + ` ` + args + `; echo code $?`
		out, err := exec.Command("unshare", "-rm", "sh", "-c", script).CombinedOutput()
		if err != nil || strings.Contains(string(out), "mount:") {
			t.Skipf("no file system of one's own here: %v %s", err, out)
		}
		if text := string(out); !strings.Contains(text, "read-only file system") || !strings.Contains(text, "code 2") ||
			strings.Contains(text, "embedded server") {
			t.Errorf("%s:\n%s", args, text)
		}
	}
}

// TestFewPortsLong: a run that needs more ports than the machine has says so before it
// sends anything, with what would help.
func TestFewPortsLong(t *testing.T) {
	program := asDfcheck(t)
	path := filepath.Join(t.TempDir(), "crowd.yaml")
	if err := os.WriteFile(path, []byte("devices: 200\nduration: 4s\nconnections: {mode: device}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	script := `ip link set lo up && echo 40000 40063 > /proc/sys/net/ipv4/ip_local_port_range && ` + program +
		` load --profile ` + path + `; echo code $?`
	out, err := exec.Command("unshare", "-rn", "sh", "-c", script).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "code ") {
		t.Skipf("no network of one's own here: %v %s", err, out)
	}
	if text := string(out); !strings.Contains(text, "more local ports than the 64") || !strings.Contains(text, "code 3") {
		t.Errorf("%s", text)
	}
}

// TestSlowlorisLong: a thousand connections that never end their request hold up nobody,
// and are ended.
func TestSlowlorisLong(t *testing.T) {
	asDfcheck(t)
	host := strings.TrimPrefix(startReference(t, "rfc8628"), "http://")
	var slow []net.Conn
	for i := range 1000 {
		c, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		text := "POST /device_authorization HTTP/1.1\r\nHost: x\r\nX: "
		if i%2 == 1 { // its body never ends
			text = strings.TrimSuffix(text, "X: ") + "Content-Type: application/x-www-form-urlencoded\r\n" +
				"Content-Length: 60000\r\n\r\n"
		}
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
		slow = append(slow, c)
	}
	for range 25 { // seconds, a byte in each
		for _, c := range slow {
			io.WriteString(c, "x") // it may have been ended
		}
		began := time.Now()
		resp, err := http.Post("http://"+host+"/device_authorization", "application/x-www-form-urlencoded",
			strings.NewReader("client_id=dfcheck"))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("another device waited %s", took)
		}
		time.Sleep(time.Second)
	}
	for i, c := range slow {
		c.SetReadDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.Copy(io.Discard, c); os.IsTimeout(err) {
			t.Fatalf("connection %d is still open", i)
		}
	}
}
