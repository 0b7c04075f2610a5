package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// startSiteOf starts a server that answers as a file says, and names it in a variable:
// site VARIABLE FILE. Each line of the file has a method, a path, a status and a body, in
// which HOST stands for the server; anything else is not found.
func startSiteOf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: site VARIABLE FILE")
	}
	type answer struct {
		status int
		body   string
	}
	at := map[string]answer{}
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		words := strings.SplitN(strings.TrimSpace(line), " ", 4)
		if len(words) < 4 {
			ts.Fatalf("%s: %q is not a method, a path, a status and a body", args[1], line)
		}
		status, err := strconv.Atoi(words[2])
		ts.Check(err)
		at[words[0]+" "+words[1]] = answer{status, words[3]}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, known := at[r.Method+" "+r.URL.Path]
		if !known {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(a.status)
		io.WriteString(w, strings.ReplaceAll(a.body, "HOST", "http://"+r.Host))
	}))
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.URL)
}
