package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// openTerminal makes a pseudo-terminal: what is typed on one end reaches a program
// on the other, and the other way round.
func openTerminal(t *testing.T) (keyboard, tty *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skipf("no pseudo-terminal can be made here: %v", err)
	}
	keyboard = os.NewFile(uintptr(fd), "ptmx")
	t.Cleanup(func() { keyboard.Close() })
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return keyboard, tty
}

// operator sits at the terminal: opens the page for each device that is shown,
// does there what is asked for, and says so.
type operator struct {
	pages  *approve.Form
	takes  time.Duration // for a decision
	idle   bool          // does nothing on the page, and says it was done
	screen strings.Builder
	asked  int
}

var question = regexp.MustCompile(`Device (\d+) of (\d+): please (APPROVE|DENY)\r\n  open  (\S+).*\r\n  enter (\S+)\r\n(?s:.*)done\? \[.*\] $`)

// work answers until the program has ended.
func (o *operator) work(t *testing.T, keyboard *os.File) {
	seen := 0
	for buf := make([]byte, 4<<10); ; {
		n, err := keyboard.Read(buf)
		o.screen.Write(buf[:n])
		if err != nil {
			return // EIO when the last program on the terminal has ended
		}
		m := question.FindStringSubmatch(o.screen.String()[seen:])
		if m == nil {
			continue
		}
		seen = o.screen.Len()
		o.asked++
		time.Sleep(o.takes) // what a person does, as slowly
		answer := "y\n"
		if !o.idle {
			v := approve.Verification{UserCode: m[5], VerificationURI: m[4]}
			err := o.pages.Decide(t.Context(), v, approve.Decision(strings.ToLower(m[3])))
			if errors.Is(err, approve.ErrRefused) {
				answer = "n\n"
			} else if err != nil {
				t.Errorf("device %s: %v", m[1], err)
			}
		}
		if _, err := keyboard.WriteString(answer); err != nil {
			t.Error(err)
		}
	}
}

// atTerminal runs dfcheck conformance --approve prompt with an operator, and
// returns the report.
func atTerminal(t *testing.T, o *operator, cfg refserver.Config, args ...string) *reports.Report {
	t.Helper()
	base, stop, err := serve("127.0.0.1:0", cfg, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	o.pages, err = approve.NewForm(approve.ReferencePage(), approve.Env{Host: base, Client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}})
	if err != nil {
		t.Fatal(err)
	}
	keyboard, tty := openTerminal(t)
	file := filepath.Join(t.TempDir(), "report.json")
	cmd := exec.Command("dfcheck", append([]string{"conformance", "--host", base, "--spec", cfg.Contract, "--approve",
		"prompt", "--report", "json=" + file}, args...)...)
	cmd.Dir = t.TempDir()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tty.Close()
	o.work(t, keyboard)
	err = cmd.Wait()
	if t.Failed() || testing.Verbose() {
		t.Log(o.screen.String())
	}
	if exit, failed := errors.AsType[*exec.ExitError](err); failed && exit.ExitCode() == reports.ExitFailed {
		t.Errorf("exit code %d", exit.ExitCode())
	}
	r, err := reports.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Conformance.Checks {
		switch c.Verdict {
		case reports.Fail, reports.Warning, reports.Error:
			t.Errorf("%s %s: %s", c.ID, c.Verdict, c.Reason)
		}
	}
	if o.asked == 0 || o.asked > conformance.MaxDecisions {
		t.Errorf("the operator was asked %d times", o.asked)
	}
	return r
}

var personal = refserver.Config{Contract: "rfc8628", Interval: time.Second, Lifetime: 2 * time.Minute}

// TestPromptAtTerminal: somebody quick at a real terminal, with every verdict
// printed and none of them while a device stands on the screen.
func TestPromptAtTerminal(t *testing.T) {
	t.Parallel()
	o := &operator{takes: 300 * time.Millisecond} // in which verdicts are reached
	r := atTerminal(t, o, personal, "--skip", "EXPIRY,REFRESH", "--max-wait", "15s", "-v")
	if r.Run.ExitCode != reports.ExitOK || r.Conformance.Plan.Decisions != o.asked {
		t.Errorf("exit code %d, %d decisions of %d", r.Run.ExitCode, o.asked, r.Conformance.Plan.Decisions)
	}
	screen := o.screen.String()
	if !strings.Contains(screen, fmt.Sprintf("the person is asked for %d decisions, about ", o.asked)) {
		t.Errorf("the plan does not stand on the screen:\n%s", screen)
	}
	for _, shown := range regexp.MustCompile(`Device \d+ of (?s:.*?)done\? \[.*\] y`).FindAllString(screen, -1) {
		if regexp.MustCompile(`DF-[A-Z]+-\d`).MatchString(shown) { // a user code may end in DF
			t.Errorf("a verdict scrolls a code away:\n%s", shown)
		}
	}
}

// TestPromptTooSlow: every decision comes when the code has ended.
func TestPromptTooSlow(t *testing.T) {
	t.Parallel()
	o := &operator{takes: 7 * time.Second, idle: true}
	cfg := personal
	cfg.Lifetime = 6 * time.Second
	r := atTerminal(t, o, cfg, "--only", "DF-TOKEN-001,DF-DENY-001,DF-CONC-006")
	if r.Run.ExitCode != reports.ExitUntested || !strings.Contains(o.screen.String(), "too late: the person took ") {
		t.Errorf("exit code %d:\n%s", r.Run.ExitCode, o.screen.String())
	}
}

// TestPromptLong: a person who takes 8 s for every decision, in a whole run.
func TestPromptLong(t *testing.T) {
	if os.Getenv("DFCHECK_LONG") == "" {
		t.Skip("takes minutes; DFCHECK_LONG=1 runs it")
	}
	for _, contract := range []string{"rfc8628", "documented-v1"} {
		t.Run(contract, func(t *testing.T) {
			t.Parallel()
			o := &operator{takes: 8 * time.Second}
			cfg := personal
			cfg.Contract = contract
			if r := atTerminal(t, o, cfg); r.Run.ExitCode != reports.ExitOK {
				t.Errorf("exit code %d", r.Run.ExitCode)
			}
		})
	}
}
