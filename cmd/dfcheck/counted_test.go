package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/spec/refserver"
)

// A counted server knows what it was asked.
type counted struct {
	URL     string
	mu      sync.Mutex
	paths   []string
	started chan struct{} // closed when a device starts, after that of the preflight
}

func startCounted(t *testing.T, lifetime time.Duration, faults ...string) *counted {
	t.Helper()
	var wrong []refserver.Fault
	for _, f := range faults {
		fault, err := refserver.FaultNamed(f)
		if err != nil {
			t.Fatal(err)
		}
		wrong = append(wrong, fault)
	}
	c := &counted{started: make(chan struct{})}
	var starts int
	var reference http.Handler
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.paths = append(c.paths, r.URL.Path)
		if strings.HasPrefix(r.URL.Path, "/device_authorization") {
			if starts++; starts == 2 {
				close(c.started)
			}
		}
		c.mu.Unlock()
		reference.ServeHTTP(w, r)
	}))
	c.URL = "http://" + server.Listener.Addr().String()
	reference = refserver.New(refserver.Config{Contract: "rfc8628", BaseURL: c.URL, Interval: time.Second,
		Lifetime: lifetime}, wrong...)
	server.Start()
	t.Cleanup(server.Close)
	return c
}

func (c *counted) requests() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.paths)
}

// config is a configuration file for the server.
func (c *counted) config(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dfcheck.yaml")
	if err := os.WriteFile(path, []byte("host: "+c.URL+"\nspec: rfc8628\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
