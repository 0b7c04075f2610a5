package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// A viewer sits at a terminal and watches dfcheck.
type viewer struct {
	display
	seen []string // what stood there, each time that something was written
	raw  strings.Builder
}

// watch runs dfcheck at a terminal of a width, and returns its exit code. press is
// asked after each change what the viewer types.
func (v *viewer) watch(t *testing.T, columns int, press func(screen string) string, args ...string) (code int) {
	t.Helper()
	keyboard, tty := openTerminal(t)
	v.columns = columns
	size := &unix.Winsize{Col: uint16(columns), Row: 40}
	if err := unix.IoctlSetWinsize(int(keyboard.Fd()), unix.TIOCSWINSZ, size); err != nil {
		t.Fatal(err)
	}
	before, err := unix.IoctlGetTermios(int(keyboard.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("dfcheck", args...)
	cmd.Dir = t.TempDir()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tty.Close()
	for buf := make([]byte, 4<<10); ; {
		n, err := keyboard.Read(buf)
		v.raw.Write(buf[:n])
		v.Write(buf[:n])
		v.seen = append(v.seen, v.String())
		if err != nil {
			break // EIO when the last program on the terminal has ended
		}
		if keys := press(v.String()); keys != "" {
			if _, err := keyboard.WriteString(keys); err != nil {
				t.Error(err)
			}
		}
	}
	cmd.Wait()
	after, err := unix.IoctlGetTermios(int(keyboard.Fd()), unix.TCGETS)
	if err != nil || *after != *before {
		t.Errorf("the terminal is left as %+v, was %+v, %v", after, before, err)
	}
	if len(v.foreign) > 0 {
		t.Errorf("sent to the terminal: %v", v.foreign)
	}
	return cmd.ProcessState.ExitCode()
}

// stands reports whether something stood on the screen at some time.
func (v *viewer) stands(parts ...string) bool {
	return slices.ContainsFunc(v.seen, func(screen string) bool {
		return !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(screen, part) })
	})
}

// once reports how a part of the block was there more than once at a time, and
// whether it is still there.
func (v *viewer) once(t *testing.T, part string) {
	t.Helper()
	for _, screen := range v.seen {
		if strings.Count(screen, part) > 1 {
			t.Fatalf("the block is there twice:\n%s", screen)
		}
	}
	if strings.Contains(v.String(), part) {
		t.Errorf("the block is still there:\n%s", v.String())
	}
}

func nothing(string) string { return "" }

// TestLoadAtTerminal: a block tells how the run is doing, wide and narrow, and makes way
// for the summary.
func TestLoadAtTerminal(t *testing.T) {
	t.Parallel()
	for _, columns := range []int{100, 34} {
		t.Run(fmt.Sprint(columns), func(t *testing.T) {
			t.Parallel()
			v := &viewer{}
			code := v.watch(t, columns, nothing, "load", "--devices", "20", "--ramp", "1s", "--duration", "3s")
			if code != reports.ExitOK || !v.stands("progress", "s of 3 s,", "p50 ", "lag p99", "0 errors", "in flight") {
				t.Errorf("exit code %d:\n%s", code, strings.Join(v.seen, "-----\n"))
			}
			v.once(t, "in flight")
			if !strings.Contains(v.String(), "20 devices, ") {
				t.Errorf("no summary in\n%s", v.String())
			}
		})
	}
}

// TestInterruptAtTerminal: Ctrl-C ends the run in order. The block is gone, and so is
// what the terminal echoed in it.
func TestInterruptAtTerminal(t *testing.T) {
	t.Parallel()
	v, pressed := &viewer{}, false
	code := v.watch(t, 80, func(screen string) string {
		if pressed || !strings.Contains(screen, "in flight") {
			return ""
		}
		pressed = true
		return "\x03"
	}, "load", "--devices", "20", "--duration", "60s")
	if code != reports.ExitInterrupted || !strings.Contains(v.raw.String(), "^C") || strings.Contains(v.String(), "^C") {
		t.Errorf("exit code %d:\n%s", code, v.String())
	}
	v.once(t, "in flight")
}

// TestConformanceAtTerminal: a bar tells how far the run is, and what it waits for.
func TestConformanceAtTerminal(t *testing.T) {
	t.Parallel()
	cfg := refserver.Config{Contract: "rfc8628", Interval: time.Second, Lifetime: 6 * time.Second}
	base, stop, err := serve("127.0.0.1:0", cfg, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	v := &viewer{}
	code := v.watch(t, 80, nothing, "conformance", "--host", base, "--spec", "rfc8628", "--only", "DF-EXPIRY-001")
	if code != reports.ExitOK || !v.stands("progress  [##", " s of about ", " s left") ||
		!v.stands("waiting for a code to expire, 3 s") {
		t.Errorf("exit code %d:\n%s", code, strings.Join(v.seen, "-----\n"))
	}
	v.once(t, "progress  [")
}

// TestHostileServerAtTerminal: what a server sends moves no cursor and sets no title.
func TestHostileServerAtTerminal(t *testing.T) {
	t.Parallel()
	reference := refserver.New(refserver.Config{Contract: "rfc8628", Interval: time.Second, Lifetime: 4 * time.Second})
	const evil = "\x1b]0;owned\x07\x1b[2J\x1b[31m\r\u009b1;1H\u202e"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/.well-known/") { // it names another address
			http.NotFound(w, r)
			return
		}
		answer := httptest.NewRecorder()
		reference.ServeHTTP(answer, r)
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		body := answer.Body.String()
		if strings.Contains(body, "authorization_pending") {
			text, _ := json.Marshal(map[string]string{"error": evil, "error_description": evil})
			body = string(text)
		}
		io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	for shown, args := range map[string][]string{
		"status 400": {"load", "--host", server.URL, "--spec", "rfc8628", "--devices", "5", "--duration", "4s"},
		"owned":      {"conformance", "--host", server.URL, "--spec", "rfc8628", "--only", "DF-POLL-001,DF-ERR-001", "-v"},
	} {
		v := &viewer{}
		if code := v.watch(t, 80, nothing, args...); code != reports.ExitFailed {
			t.Errorf("%s: exit code %d:\n%s", args[0], code, v.String())
		}
		raw := v.raw.String()
		if strings.Contains(raw, "\x1b[31m\r") || strings.ContainsAny(raw, "\u009b\u202e") ||
			!strings.Contains(v.String(), shown) {
			t.Errorf("%s:\n%s", args[0], v.String())
		}
	}
}
