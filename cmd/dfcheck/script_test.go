package main

import (
	"bufio"
	"encoding/pem"
	"errors"
	"flag"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

func TestMain(m *testing.M) {
	// Most tests wait for servers and clocks, so more of them run side by side than there
	// are processors. flag.Set would not do: Ginkgo refuses go test -parallel.
	flag.Lookup("test.parallel").Value.Set("16")
	testscript.Main(m, map[string]func(){"dfcheck": main, "restart": restart})
}

// TestScript runs the command line as users do: exit codes, standard output,
// standard error. DOWN, PAGE and SECURE are servers that no run can succeed on,
// BUSY is an address that is taken; METRICS is what a server shows Prometheus; DOCUMENTED, STANDARD and STATUS401 are
// reference servers with short lifetimes, HIDDEN and OPENAPI are at other paths.
func TestScript(t *testing.T) {
	t.Parallel()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<title>It works</title>")
	}))
	t.Cleanup(page.Close)
	metrics := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes 1.5e+07\n")
	}))
	t.Cleanup(metrics.Close)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are meant
	secure.StartTLS()
	t.Cleanup(secure.Close)
	half := startSite(t, map[string]string{"POST /device_authorization": `401 {"error":"invalid_client"}`})
	tokenless := startSite(t, map[string]string{
		"GET /.well-known/openid-configuration": `200 {"issuer":"http://127.0.0.1:1","device_authorization_endpoint":"http://127.0.0.1:1/device"}`})
	astray := startSite(t, map[string]string{
		"GET /.well-known/openid-configuration": `200 {"issuer":"http://127.0.0.1:1","device_authorization_endpoint":"http://127.0.0.1:1/device","token_endpoint":"http://127.0.0.1:1/token"}`})
	redirect := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://"+r.Host+r.URL.Path, http.StatusMovedPermanently)
	}))
	t.Cleanup(redirect.Close)
	chatty := startChatty(t)
	reference, stop, err := serve("127.0.0.1:0", refserver.Config{Contract: "rfc8628", Interval: time.Second}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	limited, stop, err := serve("127.0.0.1:0", refserver.Config{Contract: "rfc8628", Interval: time.Second,
		Limits: []refserver.Limit{{Of: refserver.LimitPolls, By: []string{refserver.ByAddress}, N: 10, Per: time.Second}}},
		nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	servers := map[string]string{
		"LIMITED":    limited,
		"DOCUMENTED": startReference(t, "documented-v1"), "STANDARD": startReference(t, "rfc8628"),
		"STATUS401":  startReference(t, "rfc8628", "pending-as-401"),
		"SCOPED":     startReference(t, "rfc8628", "scope-mandatory"),
		"PKCE":       startReference(t, "rfc8628", "pkce-demanded"),
		"SLASHED":    startReference(t, "rfc8628", "issuer-with-slash"),
		"REVOKES":    startReference(t, "rfc8628", "revokes"),
		"IDENTIFIES": startReference(t, "rfc8628", "identifies"),
		"PROVES":     startReference(t, "rfc8628", "proves-with-nonce"),
		"ANYAGE":     startReference(t, "rfc8628", "proof-of-any-age"),
		"HALFBACK":   startReference(t, "rfc8628", "revoked-refresh-lives"),
		"REUSABLE":   startReference(t, "documented-v1", "code-reusable"),
		"HIDDEN":     startMoved(t, "rfc8628", "/oauth2/device/code", "/oauth2/token", ""),
		"OPENAPI":    startMoved(t, "documented-v1", "/v9/devices", "/v9/tokens", "/openapi.yaml"),
	}
	var jwk []byte
	servers["ASSERTS"], servers["ASSERTSAGAIN"], jwk = startAsserting(t)
	var certificates map[string][]byte
	servers["CERTIFIES"], servers["ALIASED"], certificates = startCertifying(t)
	testscript.Run(t, testscript.Params{
		Dir: "../../testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("DOWN", "http://"+unused(t))
			e.Setenv("PAGE", page.URL)
			e.Setenv("METRICS", metrics.URL)
			for name, url := range servers {
				e.Setenv(name, url)
			}
			e.Setenv("REFERENCE", reference)
			e.Setenv("SECURE", secure.URL)
			e.Setenv("PLAINSECURE", strings.Replace(secure.URL, "https://", "http://", 1))
			e.Setenv("REDIRECT", redirect.URL)
			e.Setenv("CHATTY", chatty)
			e.Setenv("HALF", half)
			e.Setenv("TOKENLESS", tokenless)
			e.Setenv("ASTRAY", astray)
			e.Setenv("BUSY", strings.TrimPrefix(page.URL, "http://"))
			ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
			return errors.Join(os.WriteFile(e.WorkDir+"/ca.pem", ca, 0o666),
				os.WriteFile(e.WorkDir+"/client.jwk", jwk, 0o600), writeAll(e.WorkDir, certificates))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exitcode":    exitCode,
			"mortal":      startMortal,
			"restartable": startRestartable,
			"site":        startSiteOf,
		},
	})
}

// startReference runs a reference server for the time of the test and returns
// its base URL.
func startReference(t *testing.T, contract string, faults ...string) string {
	t.Helper()
	var wrong []refserver.Fault
	for _, name := range faults {
		all := append(refserver.Faults(), refserver.Variants()...)
		i := slices.IndexFunc(all, func(f refserver.Fault) bool { return f.Name == name })
		if i < 0 {
			t.Fatalf("there is neither a fault nor a variant %s", name)
		}
		wrong = append(wrong, all[i])
	}
	base, stop, err := serve("127.0.0.1:0", refserver.Config{Contract: contract, Interval: time.Second,
		Lifetime: 20 * time.Second, Decisions: true}, wrong, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return base
}

// startSite runs a server that answers some requests, as "POST /token": `400 {…}`,
// and 404 to all others.
func startSite(t *testing.T, at map[string]string) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, body, known := strings.Cut(at[r.Method+" "+r.URL.Path], " ")
		code, err := strconv.Atoi(status)
		if !known || err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// startChatty runs a server that goes on talking when it has answered.
func startChatty(t *testing.T) string {
	return startAccepting(t, func(conn net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			return
		}
		io.Copy(io.Discard, r.Body)
		io.WriteString(conn, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\nand another thing")
		io.Copy(io.Discard, conn) // until the client closes
	})
}

// startAccepting runs a server that does with each connection what talk does, and closes it.
func startAccepting(t *testing.T, talk func(net.Conn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				talk(conn)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// startMoved runs a reference server at other paths, with nothing beside them but
// its OpenAPI document where one is asked for.
func startMoved(t *testing.T, contract, start, token, document string) string {
	t.Helper()
	c, err := spec.BuiltinContract(contract)
	if err != nil {
		t.Fatal(err)
	}
	reference := refserver.New(refserver.Config{Contract: contract, Interval: time.Second, Lifetime: 20 * time.Second})
	moved := strings.NewReplacer(c.Start.Path, start, c.Token.Path, token)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case start:
			r.URL.Path = c.Start.Path
		case token:
			r.URL.Path = c.Token.Path
		case document:
			moved.WriteString(w, string(c.Source))
			return
		default:
			http.NotFound(w, r)
			return
		}
		reference.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
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
	if neg || len(args) < 1 {
		ts.Fatalf("usage: exitcode CODE [ARGS]")
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

// startMortal starts a reference server that dies for good after a number of
// polls, and names it in a variable: mortal VARIABLE POLLS.
func startMortal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mortal VARIABLE POLLS")
	}
	left, err := strconv.Atoi(args[1])
	ts.Check(err)
	var polls atomic.Int64
	reference := refserver.New(refserver.Config{Contract: "documented-v1", Interval: time.Second, Decisions: true})
	server := httptest.NewUnstartedServer(nil)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/token") && polls.Add(1) > int64(left) {
			go server.Listener.Close()
			panic(http.ErrAbortHandler)
		}
		reference.ServeHTTP(w, r)
	})
	server.Start()
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.URL)
}
