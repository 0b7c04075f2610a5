package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dfcheck/dfcheck/spec/refserver"
)

// startRestartable starts a reference server and what restarts it, and names both in
// variables: restartable VARIABLE [FAULT]. The restart is at VARIABLE_RESTART.
func startRestartable(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: restartable VARIABLE [FAULT]")
	}
	var faults []refserver.Fault
	for _, name := range args[1:] {
		f, err := refserver.FaultNamed(name)
		ts.Check(err)
		faults = append(faults, f)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	held, err := l.(*net.TCPListener).File() // so that nobody else gets the port meanwhile
	ts.Check(err)
	base := "http://" + l.Addr().String()
	reference := refserver.New(refserver.Config{Contract: "rfc8628", BaseURL: base, Interval: time.Second,
		Lifetime: 20 * time.Second}, faults...)
	process := &http.Server{Handler: reference}
	go process.Serve(l)
	supervisor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		process.Close() // with all its connections, as a process that ends
		reference.Restart()
		again, err := net.FileListener(held)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		process = &http.Server{Handler: reference}
		go process.Serve(again)
	}))
	ts.Defer(func() { supervisor.Close(); process.Close(); held.Close() })
	ts.Setenv(args[0], base)
	ts.Setenv(args[0]+"_RESTART", supervisor.URL)
}

// restart is a user's command that restarts a server, and notes that it was run.
func restart() {
	resp, err := http.Post(os.Args[1], "", nil)
	if err != nil || resp.StatusCode != http.StatusOK {
		fmt.Fprintln(os.Stderr, "the supervisor did not restart the server")
		os.Exit(1)
	}
	log, err := os.OpenFile("restarts.txt", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err == nil {
		_, err = fmt.Fprintln(log, "restarted")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
