package refserver

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// faulty is the fault of a name.
func faulty(t *testing.T, name string) Fault {
	t.Helper()
	f, err := FaultNamed(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Faults come and go; codes, sessions and what was decided stay.
func TestSwitched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSwitched(Config{Decisions: true})
		now := func() device { return device{t, s.current.Load()} }
		code, user := now().start()
		person := signedIn(now(), "alice")
		if err := s.Switch(faulty(t, "pending-as-401")); err != nil {
			t.Fatal(err)
		}
		if w := now().poll(code); w.Code != http.StatusUnauthorized {
			t.Errorf("with the fault: %d", w.Code)
		}
		time.Sleep(5 * time.Second)
		if err := s.Switch(); err != nil {
			t.Fatal(err)
		}
		now().says(code, spec.ErrAuthorizationPending)
		person.d = now()
		if w := person.submit(pathConsent, "user_code", user, "action", "approve"); w.Code != http.StatusOK {
			t.Errorf("the person is not known any more: %d", w.Code)
		}
		if err := s.Switch(faulty(t, "code-reusable")); err != nil {
			t.Fatal(err)
		}
		now().says(code, "")
		time.Sleep(5 * time.Second)
		now().says(code, "")
		if s.Switch(faulty(t, "device-code-of-eight-digits"), faulty(t, "device-code-seeded-by-the-second")) == nil ||
			len(s.On()) != 1 || s.On()[0].Name != "code-reusable" {
			t.Errorf("two faults of which one would show: %v are on", names(s.On()))
		}
	})
}

// Tokens that were signed before a fault was switched are good after it.
func TestSwitchedKey(t *testing.T) {
	s := NewSwitched(Config{Contract: "rfc8628", OpenID: true})
	key := func() any { return s.current.Load().key.Key }
	before := key()
	if err := s.Switch(faulty(t, "flaky")); err != nil {
		t.Fatal(err)
	}
	if before == nil || !reflect.DeepEqual(before, key()) {
		t.Error("tokens are signed with another key")
	}
}

// Flows show what became of each code, and never the device code.
func TestFlows(t *testing.T) {
	inBubble(t, Config{Decisions: true}, func(d device) {
		type row struct {
			state, answer         string
			polls, early, seconds int
		}
		check := func(code string, want row) {
			t.Helper()
			f := d.s.Flows()[0]
			if strings.Contains(code, f.Fingerprint) || len(f.Fingerprint) != 8 || f.Client != "dfcheck" {
				t.Errorf("the flow is shown as %+v", f)
			}
			if got := (row{f.State, f.Answer, f.Polls, f.TooEarly, f.Left}); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		}
		code, user := d.start()
		check(code, row{"pending", "", 0, 0, 600})
		d.says(code, spec.ErrAuthorizationPending)
		d.says(code, spec.ErrSlowDown)
		check(code, row{"pending", spec.ErrSlowDown, 2, 1, 600})
		if f := d.s.Flows()[0]; f.Interval != 10 || f.UserCode != user {
			t.Errorf("after slow_down: %+v", f)
		}
		d.decide(user, "approve")
		check(code, row{"approved", spec.ErrSlowDown, 2, 1, 600})
		time.Sleep(20 * time.Second)
		d.says(code, "")
		check(code, row{"redeemed", "tokens", 3, 1, 580})

		code, user = d.start()
		d.decide(user, "deny")
		d.says(code, spec.ErrAccessDenied)
		check(code, row{"denied", spec.ErrAccessDenied, 1, 0, 600})

		time.Sleep(time.Second)
		code, _ = d.start()
		time.Sleep(10 * time.Minute)
		d.says(code, spec.ErrExpiredToken)
		check(code, row{"expired", spec.ErrExpiredToken, 1, 0, 0})
		for range 2 * mostFlows {
			d.start()
		}
		if n := len(d.s.Flows()); n != mostFlows {
			t.Errorf("%d flows are listed", n)
		}
	})
}

// controlled is the control page of a server, and who asks it.
type controlled struct {
	*testing.T
	page http.Handler
}

func (c controlled) ask(method, path, body string, fields ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:8629"+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", string(spec.Form))
	}
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	w := httptest.NewRecorder()
	c.page.ServeHTTP(w, r)
	return w
}

func TestControl(t *testing.T) {
	s := NewSwitched(Config{})
	c := controlled{t, Control("Reference server", s)}
	html := []string{"Accept", "text/html,*/*"}
	steps := []struct {
		body   string
		fields []string
		status int
		on     string
	}{
		{"fault=flaky&state=on", nil, 200, "flaky"},
		{"fault=pending-as-401&state=on&fault=flaky", nil, 200, "flaky pending-as-401"},
		{"fault=flaky&state=off", html, 303, "pending-as-401"},
		{"fault=flaki&state=on", nil, 400, "pending-as-401"},
		{"fault=flaky&state=maybe", nil, 400, "pending-as-401"},
		{"state=on", nil, 400, "pending-as-401"},
		{"fault=device-code-of-eight-digits&fault=device-code-seeded-by-the-second&state=on", html, 400, "pending-as-401"},
		{"state=off", nil, 200, ""},
	}
	for _, step := range steps {
		w := c.ask("POST", "/faults", step.body, step.fields...)
		if on := strings.Join(names(s.On()), " "); w.Code != step.status || on != step.on {
			t.Errorf("%s: %d, %q are on; want %d, %q", step.body, w.Code, on, step.status, step.on)
		}
	}
	if w := c.ask("POST", "/faults", "fault=flaki&state=on"); !strings.Contains(w.Body.String(), "flaky") {
		t.Errorf("an unknown fault: %s", w.Body)
	}
	s.Switch(faulty(t, "flaky"))
	got := c.ask("GET", "/faults", "").Body.String()
	if !strings.HasPrefix(got, `{"choice":["start-path-without-slash",`) || !strings.HasSuffix(got, `"on":["flaky"]}`+"\n") {
		t.Errorf("the faults: %.200s", got)
	}
}

// Only this page and programs switch faults: no site that the same browser is on.
func TestControlForgery(t *testing.T) {
	s := NewSwitched(Config{})
	c := controlled{t, Control("Reference server", s)}
	const on = "fault=flaky&state=on"
	for name, fields := range map[string][]string{
		"another origin":   {"Origin", "https://evil.example"},
		"another port":     {"Origin", "http://127.0.0.1:80"},
		"no origin":        {"Origin", "null"},
		"another site":     {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
		"the same machine": {"Sec-Fetch-Site", "same-site"},
	} {
		if w := c.ask("POST", "/faults", on, fields...); w.Code != http.StatusForbidden || len(s.On()) != 0 {
			t.Errorf("%s: %d, %v are on", name, w.Code, names(s.On()))
		}
	}
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE"} {
		if c.ask(method, "/faults?"+on, ""); len(s.On()) != 0 {
			t.Errorf("%s switched %v", method, names(s.On()))
		}
	}
	own := []string{"Origin", "http://127.0.0.1:8629", "Sec-Fetch-Site", "same-origin"}
	if w := c.ask("POST", "/faults", on, own...); w.Code != 200 {
		t.Errorf("the page itself: %d %s", w.Code, w.Body)
	}
	if w := c.ask("POST", "/faults", on+strings.Repeat("&fault=flaky", maxForm)); w.Code != http.StatusBadRequest {
		t.Errorf("a form without end: %d", w.Code)
	}
}

// The page needs no script, shows what devices say of themselves as text, and finds
// faults.
func TestControlPage(t *testing.T) {
	s := NewSwitched(Config{Contract: "rfc8628", Clients: []Client{{ID: "<b>tv"}}}, faulty(t, "flaky"))
	d := device{t, s.current.Load()}
	m := members(t, d.post(d.s.contract.Start.Path, "client_id", "<b>tv", "scope", "openid"))
	c := controlled{t, Control("Reference server", s)}
	html := []string{"Accept", "text/html"}
	page, flows := c.ask("GET", "/?search=slow_down", "", html...), c.ask("GET", "/flows", "", html...)
	for name, w := range map[string]*httptest.ResponseRecorder{"page": page, "flows": flows} {
		policy := w.Header().Get("Content-Security-Policy")
		if strings.Contains(w.Body.String(), "<script") || !strings.HasPrefix(policy, "default-src 'none'") ||
			w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", name, w.Header())
		}
	}
	for _, want := range []string{`aria-label="Switch flaky off"`, `aria-label="Switch slow-down-for-pending on"`} {
		if !strings.Contains(page.Body.String(), want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(page.Body.String(), "code-reusable") {
		t.Error("a fault is found that has no slow_down")
	}
	body, program := flows.Body.String(), c.ask("GET", "/flows", "").Body.String()
	if !strings.Contains(body, "&lt;b&gt;tv") || !strings.Contains(body, m["user_code"].(string)) {
		t.Errorf("flows: %s", body)
	}
	if code := m["device_code"].(string); strings.Contains(body+program, code[:8]) {
		t.Error("the device code is shown")
	}
}
