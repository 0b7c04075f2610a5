package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// A control is a running dfcheck serve with its control page.
type control struct {
	*testing.T
	base, page string
	opening    string // all that it says first
}

// startControl runs dfcheck serve as a process, which ends with the test.
func startControl(t *testing.T, args ...string) control {
	t.Helper()
	cmd := exec.Command("dfcheck", append([]string{"serve", "--addr", "127.0.0.1:0", "--control", "0"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Signal(syscall.SIGTERM); cmd.Wait() })
	c := control{T: t}
	for lines := bufio.NewScanner(out); c.page == "" && lines.Scan(); {
		words := strings.Fields(lines.Text())
		c.opening += lines.Text() + "\n"
		switch {
		case strings.HasPrefix(lines.Text(), "listening on "):
			c.base = words[2]
		case strings.HasPrefix(lines.Text(), "  control page "):
			c.page = words[2]
		}
	}
	if c.base == "" || c.page == "" {
		t.Fatal("dfcheck serve does not say where it is")
	}
	return c
}

// send sends a form and returns the status and the members of the answer.
func (c control) send(to string, form string, change func(*http.Request)) (int, map[string]any) {
	c.Helper()
	r, err := http.NewRequest("POST", to, strings.NewReader(form))
	if err != nil {
		c.Fatal(err)
	}
	r.Header.Set("Content-Type", string(spec.Form))
	if change != nil {
		change(r)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		c.Fatal(err)
	}
	defer resp.Body.Close()
	var m map[string]any
	json.NewDecoder(resp.Body).Decode(&m) // what is no JSON has no members
	return resp.StatusCode, m
}

// flows asks for the flows as a script does.
func (c control) flows() string {
	c.Helper()
	resp, err := http.Get(c.page + "flows")
	if err != nil {
		c.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.Fatal(err)
	}
	return string(body)
}

// TestServeControl switches a fault on the server, and on a proxy in front of another one,
// by the call that the README documents.
func TestServeControl(t *testing.T) {
	behind, stop, err := serve("127.0.0.1:0", refserver.Config{Contract: "rfc8628", Interval: time.Minute}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	for name, args := range map[string][]string{"reference": {"--spec", "rfc8628", "--interval", "1m"},
		"proxy": {"--proxy", behind}} {
		t.Run(name, func(t *testing.T) {
			c := startControl(t, args...)
			if told := strings.Contains(c.opening, "iss in ID tokens"); told != (name == "proxy") {
				t.Errorf("whose iss clients will see is told: %v\n%s", told, c.opening)
			}
			contract, err := spec.BuiltinContract("rfc8628")
			if err != nil {
				t.Fatal(err)
			}
			status, codes := c.send(c.base+contract.Start.Path, "client_id=dfcheck", nil)
			code, _ := codes["device_code"].(string)
			if status != http.StatusOK || code == "" {
				t.Fatalf("no flow begins: %d %v", status, codes)
			}
			poll := url.Values{"grant_type": {spec.GrantDeviceCode}, "device_code": {code}, "client_id": {"dfcheck"}}.Encode()
			polled := func(want int) {
				t.Helper()
				if status, m := c.send(c.base+contract.Token.Path, poll, nil); status != want {
					t.Errorf("the poll is answered %d %v, want %d", status, m, want)
				}
			}
			polled(http.StatusBadRequest)
			for host, want := range map[string]int{"evil.example": http.StatusMisdirectedRequest, "": http.StatusForbidden} {
				status, _ := c.send(c.page+"faults", "fault=errors-in-five&state=on", func(r *http.Request) {
					r.Host = host
					r.Header.Set("Origin", "https://evil.example")
				})
				if status != want {
					t.Errorf("a request for %q from another site: %d, want %d", host, status, want)
				}
			}
			status, m := c.send(c.page+"faults", "fault=slow-down-for-pending&fault=answers-as-html&state=on", nil)
			if status != 200 {
				t.Fatalf("switching on: %d %v", status, m)
			}
			if status, m := c.send(c.base+contract.Token.Path, poll, nil); m["error"] != "slow_down" {
				t.Errorf("the poll is answered %d %v, want slow_down", status, m)
			}
			flows := c.flows()
			if !strings.Contains(flows, codes["user_code"].(string)) || !strings.Contains(flows, `"polls":2,"too_early":1`) ||
				strings.Contains(flows, code) {
				t.Errorf("the flows are %s", flows)
			}
			if status, m := c.send(c.page+"faults", "state=off", nil); status != 200 {
				t.Fatalf("switching off: %d %v", status, m)
			}
			polled(http.StatusBadRequest)
		})
	}
}
