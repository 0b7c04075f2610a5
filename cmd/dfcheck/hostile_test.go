package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/testdata/hostile"
)

// A hostileCommand is a column of the table in CONTRIBUTING.md.
type hostileCommand struct {
	name    string
	approve string // the kind of approver
	args    []string
	honest  int // answers before the behaviour begins
	reports bool
}

// Commands that a hostile server meets, those "later" when it has been honest for a
// while.
var hostileCommands = []hostileCommand{
	{name: "conformance", args: []string{"conformance", "--max-wait", "5s"}, reports: true},
	{name: "conformance, later", args: []string{"conformance", "--max-wait", "5s"}, honest: 40, reports: true},
	{name: "load", args: []string{"load", "--profile", "crowd.yaml"}, reports: true},
	{name: "load, later", args: []string{"load", "--profile", "crowd.yaml"}, honest: 40, reports: true},
	{name: "init", args: []string{"init", "--client-id", "dfcheck", "--output", "made.yaml"}},
	{name: "doctor", args: []string{"doctor"}},
	{name: "form", approve: "form", args: []string{"approve"}},
	{name: "browser", approve: "browser", args: []string{"approve"}},
	{name: "http", approve: "http", args: []string{"approve"}},
}

// recipes are the approve sections of the reference server, with short steps.
var recipes = map[string]string{
	"form": `approve:
  kind: form
  user: {username: alice, password: password}
  steps:
    - {open: "{verification_uri}", timeout: 5s}
    - {fill: {username: "{username}", password: "{password}"}, press: Sign in, timeout: 5s}
    - {fill: {user_code: "{user_code}"}, press: Continue, timeout: 5s}
  approve: [{press: Approve, expect: The device is connected, timeout: 5s}]
`,
	"http": `approve:
  kind: http
  approve: {url: "{host}/decision", json: {user_code: "{user_code}", action: approve}}
`,
}

const hostileCrowd = `name: crowd
devices: 20
duration: 4s
timeout: 1s
`

// commandLine writes what a command needs into a folder, and returns its words.
func (c hostileCommand) commandLine(t *testing.T, s *hostile.Server, dir string) []string {
	t.Helper()
	config := "host: " + s.URL + "\nrequest_timeout: 1s\nclient: {id: dfcheck}\n"
	if s.CA != nil {
		config += "tls: {ca_file: " + filepath.Join(dir, "ca.pem") + "}\n"
	}
	config += strings.Replace(recipes[strings.Replace(c.approve, "browser", "form", 1)], "kind: form",
		"kind: "+c.approve, 1)
	for name, text := range map[string]string{"c.yaml": config, "ca.pem": string(s.CA), "crowd.yaml": hostileCrowd} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	args := slices.Clone(c.args)
	for i, a := range args {
		if strings.HasSuffix(a, ".yaml") {
			args[i] = filepath.Join(dir, a)
		}
	}
	if args[0] != "init" {
		args = append(args, "--config", filepath.Join(dir, "c.yaml"))
	} else if args = append(args, "--host", s.URL, "--request-timeout", "1s"); s.CA != nil {
		args = append(args, "--ca-file", filepath.Join(dir, "ca.pem"))
	}
	if c.reports {
		args = append(args, "--report", "json="+filepath.Join(dir, "report.json"))
	}
	return args
}

// An ending is how a command ended.
type ending struct {
	code     int
	out, err string
	took     time.Duration
}

// check holds what is true of every ending, whatever a server did.
func (c hostileCommand) check(b hostile.Behaviour, s *hostile.Server, dir string, e ending) error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	all := e.out + e.err
	switch e.code {
	case reports.ExitOK, reports.ExitFailed:
	case reports.ExitUsage, reports.ExitUntested:
		if !strings.Contains(e.err, "dfcheck: error: ") && !c.reports {
			fail("exit code %d without an error", e.code)
		}
		if b.Says != "" && e.code == reports.ExitUntested && c.honest == 0 && !regexp.MustCompile(b.Says).MatchString(all) {
			fail("it does not say %q", b.Says)
		}
	default:
		fail("exit code %d", e.code)
	}
	if i := strings.IndexFunc(all, func(r rune) bool {
		return r != '\n' && r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
	}); i >= 0 {
		fail("a control character in %q", all[max(0, i-80):min(len(all), i+20)])
	}
	const most = 256 << 10
	if len(all) > most {
		fail("%d bytes on the terminal", len(all))
	}
	if visits := s.Visits(); len(visits) > 0 {
		fail("it went where nobody had sent it: %s", visits[0])
	}
	if c.reports && e.code != reports.ExitUsage {
		errs = append(errs, c.checkReport(filepath.Join(dir, "report.json"), e.code))
	}
	return errors.Join(errs...)
}

// checkReport holds that a report is there, whole, and says how the run ended.
func (c hostileCommand) checkReport(path string, code int) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var r reports.Report
	if err := json.Unmarshal(text, &r); err != nil {
		return err
	}
	if r.Run.ExitCode != code {
		return fmt.Errorf("the report says exit code %d", r.Run.ExitCode)
	}
	if code == reports.ExitUntested && r.Run.Problem == nil && r.Load == nil {
		return errors.New("the report does not say what happened")
	}
	return nil
}

// agrees reports whether a command ended as the table says. What a load run that had to
// wait for this machine makes of a server is no verdict on it.
func (c hostileCommand) agrees(e ending, want string) bool {
	return fmt.Sprint(e.code) == want || c.args[0] == "load" && e.code != reports.ExitUsage && want != "2"
}

// here runs a command in this process.
func here(ctx context.Context, _ *hostile.Server, args []string) ending {
	var out, err bytes.Buffer
	began := time.Now()
	code := execute(ctx, args, terminal{in: strings.NewReader(""), out: &out, err: &err})
	return ending{code, out.String(), err.String(), time.Since(began)}
}

// TestHostile runs each behaviour against the one command that has most to do with it,
// and holds it to its cell of the table. Nothing is left behind. TestHostileLong has
// all commands, in processes of their own.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("waits in real time")
	}
	table := readHostileTable(t)
	goroutines, files := runtime.NumGoroutine(), descriptors(t)
	var running sync.WaitGroup
	few := make(chan struct{}, 16)
	for _, b := range hostile.All() {
		c := hostileCommands[fitting(b)]
		running.Go(func() {
			few <- struct{}{}
			defer func() { <-few }()
			e, err := c.meet(t, b, here)
			if want := table[b.Name][c.name]; err == nil && !c.agrees(e, want) {
				err = fmt.Errorf("exit code %d, and %s in the table of CONTRIBUTING.md", e.code, want)
			}
			if err != nil {
				t.Errorf("%s, %s: %v\n%s%s", b.Name, c.name, err, short(e.out), short(e.err))
			}
		})
	}
	running.Wait()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		runtime.GC()
		if runtime.NumGoroutine() <= goroutines+2 && descriptors(t) <= files+4 {
			return
		}
		if time.Now().After(end) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines and %d descriptors were %d and %d:\n%s", runtime.NumGoroutine(), descriptors(t),
				goroutines, files, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

func short(s string) string { return s[:min(len(s), 1500)] }

// fitting is the command that a behaviour has most to do with.
func fitting(b hostile.Behaviour) int {
	name := "doctor"
	switch {
	case b.On == hostile.Page:
		name = "form"
	case strings.Contains(b.On, hostile.Decision):
		name = "http"
	case strings.HasPrefix(b.Name, "verification-uri"):
		name = "init"
	case b.On == "" && !strings.HasPrefix(b.Name, "redirects"):
		name = "load"
	}
	return slices.IndexFunc(hostileCommands, func(c hostileCommand) bool { return c.name == name })
}

// meet runs a command against a server with a behaviour.
func (c hostileCommand) meet(t *testing.T, b hostile.Behaviour, run func(context.Context, *hostile.Server,
	[]string) ending) (ending, error) {
	s, err := hostile.Start(b, hostile.Options{Honest: c.honest})
	if err != nil {
		return ending{}, err
	}
	defer s.Close()
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		return ending{}, err
	}
	longest := time.Minute
	if c.args[0] == "conformance" {
		longest = 10 * time.Minute
	}
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	e := run(ctx, s, c.commandLine(t, s, dir))
	if ctx.Err() != nil {
		return e, fmt.Errorf("it did not end within %s", longest)
	}
	return e, c.check(b, s, dir, e)
}

// descriptors is how many files this process has open; 0 where that is not told.
func descriptors(t *testing.T) int {
	t.Helper()
	open, _ := os.ReadDir("/proc/self/fd")
	return len(open)
}
