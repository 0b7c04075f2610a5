package main

import (
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dfcheck/dfcheck/spec/refserver"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"dfcheck": main})
}

// TestScript runs the command line as users do: exit codes, standard output,
// standard error. DOWN, PAGE and SECURE are servers that no run can succeed on,
// BUSY is an address that is taken.
func TestScript(t *testing.T) {
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<title>It works</title>")
	}))
	t.Cleanup(page.Close)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are meant
	secure.StartTLS()
	t.Cleanup(secure.Close)
	reference, stop, err := serve("127.0.0.1:0", refserver.Config{Contract: "rfc8628", Interval: time.Second}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	testscript.Run(t, testscript.Params{
		Dir: "../../testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("DOWN", "http://"+unused(t))
			e.Setenv("PAGE", page.URL)
			e.Setenv("REFERENCE", reference)
			e.Setenv("SECURE", secure.URL)
			e.Setenv("BUSY", strings.TrimPrefix(page.URL, "http://"))
			ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
			return os.WriteFile(e.WorkDir+"/ca.pem", ca, 0o666)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exitcode": exitCode,
		},
	})
}

// unused is an address on which nothing listens.
func unused(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// exitCode runs dfcheck as a process and holds its exit code: exitcode 2
// conformance --host x. What it printed is in stdout.txt and stderr.txt.
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exitcode CODE ARGS")
	}
	err := ts.Exec("dfcheck", args[1:]...)
	stderr := ts.ReadFile("stderr")
	ts.Check(os.WriteFile(ts.MkAbs("stdout.txt"), []byte(ts.ReadFile("stdout")), 0o666))
	ts.Check(os.WriteFile(ts.MkAbs("stderr.txt"), []byte(stderr), 0o666))
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if args[0] != strconv.Itoa(code) {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
	if strings.Contains(stderr, "goroutine ") {
		ts.Fatalf("a stack trace reaches the user")
	}
}
