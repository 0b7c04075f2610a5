package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// TestGuardedReport: what the guard refuses is not written, and the program ends
// as after any other internal error.
func TestGuardedReport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.json")
	s := settings{destinations: []reports.Destination{{Format: "json", Path: path}, {Format: "text", Path: "-"}},
		guard: func(string, []byte) error { return errors.New("internal error: a secret") }}
	var out bytes.Buffer
	err := s.write(&out, reports.New(reports.KindLoad, "test"))
	if f, ok := errors.AsType[*failure](err); !ok || f.code != reports.ExitUntested {
		t.Errorf("got %v, want exit code %d", err, reports.ExitUntested)
	}
	if _, err := os.Stat(path); err == nil || out.Len() > 0 {
		t.Errorf("the report was written: %v, %q", err, out.String())
	}
}

// run runs a command line in this process and returns what it printed.
func run(t *testing.T, args ...string) (code int, out, err string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = execute(t.Context(), args, terminal{in: strings.NewReader(""), out: &stdout, err: &stderr})
	return code, stdout.String(), stderr.String()
}

// startLeaky runs a server whose approval endpoint refuses, and says the latest
// device code.
func startLeaky(t *testing.T) (host string, latest func() string) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	reference := refserver.New(refserver.Config{Contract: "rfc8628", Interval: time.Second,
		BaseURL: "http://" + server.Listener.Addr().String()})
	var code atomic.Value
	latest = func() string { return code.Load().(string) }
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/decide" {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, "cannot approve %s", strings.ReplaceAll(latest(), "-", `\u002d`))
			return
		}
		answer := httptest.NewRecorder()
		reference.ServeHTTP(answer, r)
		if codes, err := spec.DecodeStart(answer.Body.Bytes()); err == nil {
			code.Store(codes.DeviceCode)
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		w.Write(answer.Body.Bytes())
	})
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, latest
}

// TestStreams: whatever a command repeats of a server, no secret is in it.
func TestStreams(t *testing.T) {
	host, latest := startLeaky(t)
	config := filepath.Join(t.TempDir(), "dfcheck.yaml")
	text := "host: " + host + "\nspec: rfc8628\napprove: {kind: http, approve: {method: POST, url: '{host}/decide'}}\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for command, want := range map[string]int{"approve": reports.ExitFailed, "doctor": reports.ExitUntested} {
		code, out, stderr := run(t, command, "--config", config)
		if code != want || !strings.Contains(stderr, "cannot approve device_code:") ||
			strings.Contains(strings.ReplaceAll(out+stderr, `\u002d`, "-"), latest()) {
			t.Errorf("%s: exit code %d, want %d, and the refusal without the device code:\n%s%s", command, code, want, out,
				stderr)
		}
	}
}

const leakyCookie = "sid-3f0c9a77e1bd"

// TestGuardedConfiguration: init writes no file that holds a secret, and prints none.
func TestGuardedConfiguration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dfcheck.yaml")
	for _, output := range []string{path, "-"} {
		s := leakySecrecy()
		var out bytes.Buffer
		f := initFlags{output: output}
		err := f.write(terminal{out: &stream{"standard output", &out, s}, secrets: s}, &conformance.Look{},
			"scope: "+leakyCookie)
		if _, missing := os.Stat(path); err == nil || missing == nil || out.Len() > 0 {
			t.Errorf("--output %s: got %v, wrote %q", output, err, out.String())
		}
	}
}

// leakySecrecy knows one secret, which redaction misses.
func leakySecrecy() *secrecy {
	s := &secrecy{}
	s.keep(func(text string) string { return text }, func(name string, text []byte) error {
		if bytes.Contains(text, []byte(leakyCookie)) {
			return errors.New("internal error: " + name)
		}
		return nil
	})
	return s
}

// TestStreamRefuses: what redaction missed is not written, and the exit code says so,
// whatever the command ends with.
func TestStreamRefuses(t *testing.T) {
	for name, end := range map[string]error{"success": nil, "a verdict": exit(reports.ExitFailed),
		"an error": errors.New("a file")} {
		s := leakySecrecy()
		var out bytes.Buffer
		fmt.Fprintf(&stream{"standard output", &out, s}, "title %s\n", leakyCookie)
		if out.Len() > 0 {
			t.Errorf("%s: written: %s", name, out.String())
		}
		if f, ok := errors.AsType[*failure](s.refused(end)); !ok || f.code != reports.ExitUntested ||
			!strings.Contains(f.Error(), "internal error: standard output") {
			t.Errorf("%s: got %v", name, f)
		}
	}
}

// TestJudgeUnredacted: a transcript that holds a token is not rendered.
func TestJudgeUnredacted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, report := filepath.Join(dir, "run.jsonl"), filepath.Join(dir, "out.json")
	host := startReference(t, "documented-v1", "code-reusable")
	code, out, stderr := run(t, "conformance", "--host", host, "--approve", "reference", "--only", "DF-REUSE-001",
		"--record", path)
	if code != reports.ExitFailed {
		t.Fatalf("exit code %d\n%s%s", code, out, stderr)
	}
	if code, out, stderr = run(t, "judge", path); code != reports.ExitFailed || !strings.Contains(out, "1 failed") {
		t.Fatalf("exit code %d\n%s%s", code, out, stderr)
	}
	saved, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const token = "mF_9.B5f-4.1JqM-zzzz"
	unredacted := regexp.MustCompile(`access_token:[0-9a-f]+\\"`).ReplaceAll(saved, []byte(token+`\"`))
	unredacted = bytes.ReplaceAll(unredacted, []byte(`"Cache-Control"`),
		[]byte(`"X-Told": ["`+token+`"], "Cache-Control"`))
	if bytes.Equal(saved, unredacted) {
		t.Fatal("there is no token in the transcript")
	}
	if err := os.WriteFile(path, unredacted, 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, stderr = run(t, "judge", path, "--report", "json="+report)
	if _, err := os.Stat(report); code != reports.ExitUntested || err == nil || strings.Contains(out+stderr, token) ||
		!strings.Contains(stderr, "would have shown a secret (access_token:") {
		t.Errorf("exit code %d, report %v\n%s%s", code, err, out, stderr)
	}
}
