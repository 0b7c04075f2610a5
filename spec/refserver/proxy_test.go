package refserver

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dfcheck/dfcheck/spec"
)

// directly is a connection to a handler without a network.
type directly struct{ http.Handler }

func (h directly) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	r.Host = r.URL.Host
	h.ServeHTTP(w, r)
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

const behind = "http://auth.example"

// inFront is a proxy in front of a handler.
func inFront(t *testing.T, h http.Handler, faults ...Fault) *Proxy {
	t.Helper()
	target, _ := url.Parse(behind)
	p, err := NewProxy(target, "http://127.0.0.1:8628", nil, faults...)
	if err != nil {
		t.Fatal(err)
	}
	p.forward.Transport = directly{h}
	return p
}

// A day is what a device is told of several flows, each answer on a line.
type day struct {
	t        *testing.T
	ask      http.Handler // which devices ask
	decide   device
	contract *spec.Contract
	lines    []string
	masks    []string
}

// post sends a form and writes the answer down, without what is another in each run.
func (d *day) post(path string, pairs ...string) (m map[string]any) {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	r := formPost(path, form.Encode())
	r.RemoteAddr = "192.0.2.1:1234"
	w, sent := httptest.NewRecorder(), time.Now()
	aborted := func() (aborted bool) {
		defer func() { aborted = recover() != nil }()
		d.ask.ServeHTTP(w, r)
		return false
	}()
	if aborted {
		d.lines = append(d.lines, "aborted")
		return nil
	}
	body := strings.TrimSpace(w.Body.String())
	if text := strings.TrimPrefix(body, "\xef\xbb\xbf"); strings.HasPrefix(text, "{") {
		m = members(d.t, &httptest.ResponseRecorder{Body: bytes.NewBufferString(text)})
	}
	for _, secret := range []string{"user_code", "device_code", "access_token", "refresh_token"} {
		if v, _ := m[secret].(string); v != "" {
			d.masks = append(d.masks, v, secret)
		}
	}
	body = strings.NewReplacer(d.masks...).Replace(body)
	h := w.Header()
	d.lines = append(d.lines, fmt.Sprint(w.Code, " after ", time.Since(sent), " ", h.Get("Content-Type"), " ",
		h.Get("Cache-Control"), " ", h.Get("Pragma"), " ", h.Get("Retry-After"), " ", body))
	return m
}

// begin starts a flow, again where the server does not answer.
func (d *day) begin() (deviceCode, userCode string) {
	for range 40 {
		if m := d.post(d.contract.Start.Path, "client_id", "dfcheck", "scope", "openid"); m["device_code"] != nil {
			return m["device_code"].(string), m["user_code"].(string)
		}
		time.Sleep(time.Second)
	}
	d.t.Fatal("no flow begins")
	return "", ""
}

func (d *day) poll(deviceCode string, times int, pause time.Duration) {
	for range times {
		time.Sleep(pause)
		d.post(d.contract.Token.Path, "grant_type", spec.GrantDeviceCode, "device_code", deviceCode, "client_id", "dfcheck")
	}
}

// live lives a day: a device that polls too early, one that waits long, one that is
// approved, one that is denied, and one whose code nobody knows.
func (d *day) live() []string {
	d.t.Helper()
	hasty, _ := d.begin()
	d.poll(hasty, 3, time.Second)
	waiting, _ := d.begin()
	d.poll(waiting, 30, 5*time.Second)
	lucky, user := d.begin()
	d.poll(lucky, 1, 5*time.Second)
	d.decide.decide(user, "approve")
	d.poll(lucky, 12, 5*time.Second)
	sad, user := d.begin()
	d.decide.decide(user, "deny")
	d.poll(sad, 2, 5*time.Second)
	d.poll("nobody-issued-this", 2, 5*time.Second)
	return d.lines
}

// A proxy in front of a correct server gives the answers that the reference server gives
// with the fault built in, for each fault that it can add: to the byte.
func TestProxyFaults(t *testing.T) {
	cfg := Config{Contract: "rfc8628", BaseURL: behind, Decisions: true, Lifetime: 15 * time.Minute}
	lived := func(t *testing.T, proxied bool, faults ...Fault) (lines []string) {
		synctest.Test(t, func(t *testing.T) {
			if proxied {
				s := New(cfg)
				d := &day{t: t, decide: device{t, s}, contract: s.contract, ask: inFront(t, s, faults...)}
				lines = d.live()
				return
			}
			s := New(cfg, faults...)
			lines = (&day{t: t, decide: device{t, s}, contract: s.contract, ask: s}).live()
		})
		return lines
	}
	correct := lived(t, false)
	if diff := cmp.Diff(correct, lived(t, true)); diff != "" {
		t.Fatalf("without a fault (- directly, + through the proxy):\n%s", diff)
	}
	for _, f := range ForeignFaults() {
		t.Run(f.Name, func(t *testing.T) {
			want := lived(t, false, f)
			if slices.Equal(want, correct) {
				t.Error("the fault does not show")
			}
			if diff := cmp.Diff(want, lived(t, true, f)); diff != "" {
				t.Errorf("(- built in, + added by the proxy):\n%s", diff)
			}
		})
	}
	for _, name := range anyServer {
		faulty(t, name)
	}
}

// Tokens that a fault holds back are given to the device when it is switched off, however
// often it has asked meanwhile: the server gives them once.
func TestProxyKeepsTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{Contract: "rfc8628", BaseURL: behind, Decisions: true})
		p := inFront(t, s, faulty(t, "approval-late"))
		d := &day{t: t, decide: device{t, s}, contract: s.contract, ask: p}
		code, user := d.begin()
		d.decide.decide(user, "approve")
		d.poll(code, 3, 5*time.Second)
		if f := p.Flows()[0]; f.State != "approved" || f.Answer != spec.ErrAuthorizationPending || f.Polls != 3 {
			t.Errorf("held back: %+v", f)
		}
		if err := p.Switch(); err != nil {
			t.Fatal(err)
		}
		d.poll(code, 1, 5*time.Second)
		if last := d.lines[len(d.lines)-1]; !strings.Contains(last, "access_token") {
			t.Errorf("switched off: %s", last)
		}
		if f := p.Flows()[0]; f.State != "redeemed" || f.Answer != "tokens" {
			t.Errorf("given: %+v", f)
		}
	})
}

// What is of no flow is passed on as it is; metadata leads back to the proxy.
func TestProxyPassesOn(t *testing.T) {
	const metadata = `{"issuer":"%s","token_endpoint":"%s\/token","op_policy_uri":"http://auth.example.org/"}`
	page := "<a href='" + behind + "/device'>" + strings.Repeat("x", 1<<20)
	p := inFront(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Host", r.Host+" "+r.Header.Get("X-Forwarded-For"))
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			fmt.Fprintf(w, metadata, behind, `http:\/\/auth.example`)
		case "/upload":
			r.ParseForm()
			fmt.Fprint(w, len(r.Form.Get("x")))
		case "/long":
			w.Write(make([]byte, mostRelayed+1))
		default:
			w.WriteHeader(http.StatusTeapot)
			fmt.Fprint(w, page)
		}
	}), faulty(t, "pending-as-401"))
	get := func(method, path, body string) *httptest.ResponseRecorder {
		w, r := httptest.NewRecorder(), httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", string(spec.Form))
		p.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.ServerContextKey, &http.Server{})))
		return w
	}
	if w := get("GET", "/anything", ""); w.Code != http.StatusTeapot || w.Body.String() != page ||
		w.Header().Get("X-Host") != "auth.example " {
		t.Errorf("a page: %d %v", w.Code, w.Header())
	}
	if w := get("POST", "/upload", "x="+strings.Repeat("y", 2*maxRequest)); w.Body.String() != fmt.Sprint(2*maxRequest) {
		t.Errorf("a large body: %s", w.Body)
	}
	want := fmt.Sprintf(metadata, "http://127.0.0.1:8628", `http:\/\/127.0.0.1:8628`)
	if w := get("GET", "/.well-known/openid-configuration", ""); w.Body.String() != want {
		t.Errorf("metadata: %s", w.Body)
	}
	func() {
		defer func() {
			if recover() != http.ErrAbortHandler {
				t.Error("an answer without end is passed on")
			}
		}()
		get("GET", "/long", "")
	}()
	if err := p.Switch(faulty(t, "code-reusable")); err == nil || !strings.Contains(err.Error(), "code-reusable") {
		t.Errorf("a fault that is of the reference server: %v", err)
	}
}
