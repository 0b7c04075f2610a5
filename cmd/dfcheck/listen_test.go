package main

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

var hello = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })

// What is served is served to this machine unless another address is named, and never
// at all addresses.
func TestWatchAddresses(t *testing.T) {
	for address, want := range map[string]string{"0": "http://127.0.0.1:", ":0": "http://127.0.0.1:",
		"localhost:0": "http://localhost:", "127.0.0.1:0": "http://127.0.0.1:"} {
		w, err := watchAt("live", address, hello)
		if err != nil || !strings.HasPrefix(w.url, want) {
			t.Errorf("%s: %v, %v", address, w, err)
			continue
		}
		w.close()
	}
	for address, want := range map[string]string{"0.0.0.0:0": "every address", "[::]:0": "every address",
		"port": "it takes a port", "127.0.0.1:99999": "it takes a port", "a:b:c": "it takes a port",
		"-1": "it takes a port"} {
		if w, err := watchAt("live", address, hello); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v", address, w, err)
		}
	}
}

// A web page that a browser reaches under a name of its own reads nothing
// (DNS rebinding).
func TestWatchAnswersItsHostAlone(t *testing.T) {
	w, err := watchAt("live", "0", hello)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	at, err := url.Parse(w.url)
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{at.Host: 200, "localhost:" + at.Port(): 200, "LOCALHOST:" + at.Port(): 200,
		"[::1]:" + at.Port(): 200, "evil.example:" + at.Port(): 421, "localhost": 421, "localhost:1": 421,
		"127.0.0.1.evil.example:" + at.Port(): 421, "evil.example": 421} {
		r, err := http.NewRequest(http.MethodGet, w.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != want || want != 200 && strings.Contains(string(body), "hello") {
			t.Errorf("Host: %s: %s %q", host, resp.Status, body)
		}
	}
}
