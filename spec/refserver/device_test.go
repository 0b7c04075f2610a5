package refserver

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/dfcheck/dfcheck/spec"
)

// device is a client of a server under test, without a network between them.
type device struct {
	*testing.T
	s *Server
}

// post sends a form; pairs are names and values.
func (d device) post(path string, pairs ...string) *httptest.ResponseRecorder {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	w := httptest.NewRecorder()
	d.s.ServeHTTP(w, formPost(path, form.Encode()))
	return w
}

func members(t *testing.T, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &m); err != nil {
		t.Fatalf("%d %q: %v", w.Code, w.Body, err)
	}
	return m
}

// start begins a flow and returns its codes.
func (d device) start() (deviceCode, userCode string) {
	d.Helper()
	w := d.post(d.s.contract.Start.Path, "client_id", "dfcheck", "device_type", "tv", "device_os", "linux", "scope",
		"openid email")
	m := members(d.T, w)
	if w.Code != http.StatusOK {
		d.Fatalf("start: %d %s", w.Code, w.Body)
	}
	return m["device_code"].(string), m["user_code"].(string)
}

func (d device) poll(deviceCode string) *httptest.ResponseRecorder {
	return d.post(d.s.contract.Token.Path, "grant_type", spec.GrantDeviceCode, "device_code", deviceCode, "client_id",
		"dfcheck")
}

// says polls and compares the error code, "" for tokens.
func (d device) says(deviceCode, want string) map[string]any {
	d.Helper()
	w := d.poll(deviceCode)
	m := members(d.T, w)
	got, _ := m["error"].(string)
	status := http.StatusBadRequest
	if want == "" {
		status = http.StatusOK
	}
	if got != want || w.Code != status {
		d.Fatalf("poll: %d %q, want %d %q", w.Code, got, status, want)
	}
	return m
}

// decide sends a decision as a program does and returns the status.
func (d device) decide(userCode, action string) int {
	body, _ := json.Marshal(map[string]string{"user_code": userCode, "action": action})
	w := httptest.NewRecorder()
	d.s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, pathDecision, jsonBody(body)))
	return w.Code
}
