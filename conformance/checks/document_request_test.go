package checks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// screens is the server of alder-screens.json. It takes what its document lists and
// nothing else, and knows the device by other means than client_id when it polls.
type screens struct {
	next http.Handler
	t    *testing.T
}

var (
	uuid   = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	linked = []string{"client_id", "device_id", "device_name", "scopes", "screen", "activation_key", "year", "beta",
		"registered_at"}
	redeemed = []string{"grant_type", "device_code", "device_id"}
)

func (s screens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	members := redeemed
	switch {
	case strings.HasSuffix(r.URL.Path, "/screens/link"):
		members = linked
	case !strings.HasSuffix(r.URL.Path, "/screens/token"):
		s.next.ServeHTTP(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	problem := ""
	if r.Method == http.MethodPost && r.Header.Get("Content-Type") == string(spec.JSON) {
		body, problem = s.read(r, body, members)
	}
	if problem != "" {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnprocessableEntity)
		fmt.Fprintf(w, `{"detail": %q}`, problem)
		return
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	s.next.ServeHTTP(w, r)
}

// read is a request as the reference server reads it, or what is wrong with it.
func (s screens) read(r *http.Request, body []byte, members []string) ([]byte, string) {
	var m map[string]any
	if json.Unmarshal(body, &m) != nil {
		return body, "" // the server says so itself
	}
	if r.Header.Get("X-Api-Version") != "2026-04-01" {
		return nil, "X-Api-Version is missing"
	}
	for name := range m {
		if !slices.Contains(members, name) {
			return nil, name + " is not permitted"
		}
	}
	for _, name := range members {
		// which the server looks for
		if m[name] == nil && name != "client_id" && name != "grant_type" && name != "device_code" {
			return nil, name + " is missing"
		}
	}
	if id, _ := m["device_id"].(string); !uuid.MatchString(id) {
		return nil, "device_id is no UUID"
	}
	if m["activation_key"] != nil {
		scopes, list := m["scopes"].([]any)
		if !list || !slices.Contains([]any{"play", "rate"}, scopes[0]) || m["activation_key"] != "k3y-0f-th3-screen" ||
			r.URL.Query().Get("market") != "SE" ||
			!uuid.MatchString(r.Header.Get("X-Request-Id")) {
			return nil, "scopes, activation_key, market or X-Request-Id is not valid"
		}
		if _, object := m["screen"].(map[string]any); !object {
			return nil, "screen is not valid"
		}
	}
	switch m["grant_type"] {
	case "device_code":
		m["grant_type"] = spec.GrantDeviceCode
	case spec.GrantDeviceCode:
		return nil, "grant_type is not permitted"
	default:
		return body, ""
	}
	body, _ = json.Marshal(m) // it was JSON
	return body, ""
}

// alder is the bench of such a server, configured as a user does it.
func alder(t *testing.T) bench {
	t.Helper()
	data, err := os.ReadFile("../../spec/testdata/alder-screens.json")
	if err != nil {
		t.Fatal(err)
	}
	config := Config{Request: RequestConfig{
		Start: map[string]any{"activation_key": "k3y-0f-th3-screen"}, Query: map[string]string{"market": "SE"},
		Path: map[string]string{"tenant": "acme"},
	}}
	c, err := spec.LoadContract("alder", data, spec.OperationHints{Path: config.Choice().Path})
	if err != nil {
		t.Fatal(err)
	}
	configured, err := config.Target()
	if err != nil {
		t.Fatal(err)
	}
	clients := append(slices.Clone(refserver.DefaultClients), refserver.Client{ID: "alder-tv"},
		refserver.Client{ID: "alder-stick"})
	return bench{
		server: refserver.Config{Document: c, Interval: time.Second, Lifetime: 20 * time.Second, Clients: clients},
		wrap:   func(next http.Handler) http.Handler { return screens{next, t} },
		target: func(t *Target) {
			t.Client.ID, t.Second, t.SecondID = "alder-tv", &Client{ID: "alder-stick", Auth: "none"}, "alder-stick"
			t.Confidential, t.Restricted, t.Scope, t.Narrow = nil, nil, "", ""
			t.Given, t.Passwords, t.Hints = configured.Given, configured.Passwords,
				spec.OperationHints{Path: map[string]string{"tenant": "acme"}}
		},
	}
}

// TestRequestsOfADocument: a server that takes what its document lists and nothing else
// is understood, and accused of nothing that the document says.
func TestRequestsOfADocument(t *testing.T) {
	verdicts := map[reports.Verdict]int{}
	for _, r := range alder(t).conform(t) {
		verdicts[r.Verdict]++
		if r.Verdict == reports.Warning && slices.Contains([]string{"DF-AUTHZ-015", "DF-POLL-020", "DF-ERR-007"},
			r.Check.ID) {
			continue // rulings R91, R88
		}
		for _, line := range worse([]Result{r}) {
			t.Error(line)
		}
	}
	if verdicts[reports.Pass] < 60 {
		t.Errorf("%v", verdicts)
	}
	t.Logf("%v", verdicts)
}

// onePairing lets a start take the place of the one before it for the same device.
func onePairing(next http.Handler) http.Handler {
	var mu sync.Mutex
	codes := map[string]string{}                           // by device
	ended, owner := map[string]bool{}, map[string]string{} // by code
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		var asked, answered map[string]any
		json.Unmarshal(body, &asked) // what is no JSON names no device
		code, _ := asked["device_code"].(string)
		device, _ := asked["device_id"].(string)
		mu.Lock()
		over := code != "" && (ended[code] || owner[code] != "" && owner[code] != device)
		mu.Unlock()
		if over {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"error": "expired_token"}`)
			return
		}
		a := httptest.NewRecorder()
		next.ServeHTTP(a, r)
		json.Unmarshal(a.Body.Bytes(), &answered)
		if code, _ := answered["device_code"].(string); code != "" && device != "" {
			mu.Lock()
			ended[codes[device]], codes[device], owner[code] = true, code, device
			mu.Unlock()
		}
		for k, v := range a.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(a.Code)
		w.Write(a.Body.Bytes())
	})
}

// TestOnePairingForEachDevice: a server that keeps one pairing for each device is right.
// Made-up devices differ, as "{uuid}" does, and their polls name the same one.
func TestOnePairingForEachDevice(t *testing.T) {
	for _, given := range []string{"", "{uuid}"} {
		b := alder(t)
		configure, strict := b.target, b.wrap
		b.wrap = func(next http.Handler) http.Handler { return strict(onePairing(next)) }
		b.target = func(t *Target) {
			configure(t)
			if given != "" {
				t.Given.Start = append(slices.Clone(t.Given.Start), spec.Param{Name: "device_id", Value: given})
			}
		}
		b.opts.Only = []string{"DF-AUTHZ-010"}
		if r := b.conform(t)[0]; r.Verdict != reports.Pass {
			t.Errorf("device_id %q: %s", given, worse([]Result{r}))
		}
	}
}
