package approve

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/dfcheck/dfcheck/spec/refserver"
)

// inMemory hands requests straight to a handler.
type inMemory struct{ handler http.Handler }

func (m inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	m.handler.ServeHTTP(w, r)
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

const host = "http://127.0.0.1"

// reference is a reference server with the form approver for its page.
type reference struct {
	*testing.T
	client *http.Client
	form   *Form
	seen   []PageSeen
}

func newReference(t *testing.T, faults ...string) *reference {
	t.Helper()
	server := refserver.New(refserver.Config{Contract: "rfc8628", BaseURL: host, GuessLimit: 120}, named(t, faults)...)
	r := &reference{T: t, client: &http.Client{Transport: inMemory{server}}}
	var err error
	r.form, err = NewForm(ReferencePage(), Env{Host: host, Client: r.client, Trace: func(s PageSeen) {
		r.seen = append(r.seen, s)
	}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// codes of a device that has started.
func (r *reference) codes() (device string, v Verification) {
	r.Helper()
	out := r.post("/device_authorization", url.Values{"client_id": {"dfcheck"}, "scope": {"openid"}})
	device, _ = out["device_code"].(string)
	v.UserCode, _ = out["user_code"].(string)
	v.VerificationURI, _ = out["verification_uri"].(string)
	v.VerificationURIComplete, _ = out["verification_uri_complete"].(string)
	if device == "" {
		r.Fatalf("no start: %v", out)
	}
	return device, v
}

// poll is what a poll says: an error, or "token".
func (r *reference) poll(device string) string {
	r.Helper()
	out := r.post("/token", url.Values{"client_id": {"dfcheck"}, "device_code": {device},
		"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}})
	if out["access_token"] != nil {
		return "token"
	}
	e, _ := out["error"].(string)
	return e
}

func (r *reference) post(path string, form url.Values) map[string]any {
	r.Helper()
	resp, err := r.client.Post(host+path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	if err != nil {
		r.Fatal(err)
	}
	defer resp.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		r.Fatalf("%s: %v", resp.Status, err)
	}
	return out
}

func TestFormAtReferencePage(t *testing.T) {
	for d, want := range map[Decision]string{Approve: "token", Deny: "access_denied"} {
		for _, user := range []string{"", "second"} {
			t.Run(string(d)+user, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newReference(t)
					device, v := r.codes()
					v.User = user
					if err := r.form.Decide(t.Context(), v, d); err != nil {
						t.Fatal(err)
					}
					if got := r.poll(device); got != want {
						t.Errorf("the poll says %s, want %s", got, want)
					}
					if len(r.seen) != 4 || r.seen[0].Title != "Sign in" || r.seen[3].Title != "Done" ||
						r.seen[2].URL != host+"/device" || r.seen[3].Status != 200 {
						t.Errorf("the trace is %+v", r.seen)
					}
				})
			})
		}
	}
}

func TestFormRefused(t *testing.T) {
	r := newReference(t)
	device, v := r.codes()
	v.Raw = "XXXX-XXXX"
	for name, do := range map[string]func(context.Context) error{
		"decide": func(ctx context.Context) error { return r.form.Decide(ctx, v, Approve) },
		"enter":  func(ctx context.Context) error { return r.form.Enter(ctx, v) },
		"walk":   func(ctx context.Context) error { _, err := r.form.Trace(ctx, v, Approve); return err },
	} {
		err := do(t.Context())
		refused, ok := errors.AsType[*RefusedError](err)
		if !ok || !errors.Is(err, ErrRefused) || !strings.HasPrefix(refused.Answer, "400 Bad Request") ||
			!strings.Contains(refused.Answer, "Sorry") {
			t.Errorf("%s of an unknown code: %v", name, err)
		}
	}
	if got := r.poll(device); got != "authorization_pending" {
		t.Errorf("the grant is %s", got)
	}
}

func TestFormEnter(t *testing.T) {
	r := newReference(t)
	device, v := r.codes()
	if err := r.form.Enter(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	if got := r.poll(device); got != "authorization_pending" {
		t.Errorf("entering the code decided: %s", got)
	}
	if p := r.form.Powers(); p != (Powers{RawCodes: true, Steps: true, HTTP: true, SecondUser: true, Ways: true,
		Pages: true}) {
		t.Errorf("powers %+v", p)
	}
}

// TestFormWalk: the last request is ready to be sent and was not sent.
func TestFormWalk(t *testing.T) {
	r := newReference(t)
	device, v := r.codes()
	way, err := r.form.Trace(t.Context(), v, Approve)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, req := range way.Requests {
		paths = append(paths, req.Method+" "+req.URL.Path)
	}
	if !strings.Contains(way.Page, `value="approve"`) {
		t.Errorf("the page before the decision is %s", way.Page)
	}
	want := "GET /device, POST /device/sign-in, GET /device, POST /device, POST /device/consent"
	if got := strings.Join(paths, ", "); got != want {
		t.Errorf("the way is %s, want %s", got, want)
	}
	if got := r.poll(device); got != "authorization_pending" {
		t.Fatalf("the walk decided: %s", got)
	}
	final := way.Requests[len(way.Requests)-1]
	body, _ := final.GetBody()
	text, _ := io.ReadAll(body)
	if final.Header.Get("Cookie") == "" || final.Header.Get("Origin") != host ||
		!strings.Contains(string(text), "csrf=") || !strings.HasSuffix(string(text), "action=approve") {
		t.Errorf("the last request has %v and %s", final.Header, text)
	}
	resp, err := r.client.Do(final.Clone(t.Context()))
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%v, %v", resp, err)
	}
}
