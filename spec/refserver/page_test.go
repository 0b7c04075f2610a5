package refserver

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// browser is a person's: it keeps the session cookie and follows redirects.
type browser struct {
	d      device
	cookie *http.Cookie
	csrf   string
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]*)"`)

func (b *browser) send(r *http.Request) *httptest.ResponseRecorder {
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	w := httptest.NewRecorder()
	b.d.s.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		b.cookie = c
	}
	if m := csrfField.FindStringSubmatch(w.Body.String()); m != nil {
		b.csrf = m[1]
	}
	if to := w.Header().Get("Location"); to != "" {
		return b.open(to)
	}
	return w
}

func (b *browser) open(path string) *httptest.ResponseRecorder {
	return b.send(httptest.NewRequest(http.MethodGet, path, nil))
}

// submit fills a form and sends it with the token of the page before.
func (b *browser) submit(path string, pairs ...string) *httptest.ResponseRecorder {
	form := url.Values{"csrf": {b.csrf}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.send(formPost(path, form.Encode()))
}

// signedIn is the browser of somebody who has signed in.
func signedIn(d device, user string) *browser {
	d.Helper()
	b := &browser{d: d}
	b.open(pathPage)
	if w := b.submit(pathSignIn, "username", user, "password", "password"); w.Code != http.StatusOK ||
		!strings.Contains(w.Body.String(), "Code shown") {
		d.Fatalf("sign in: %d %s", w.Code, w.Body)
	}
	return b
}

func TestPage(t *testing.T) {
	for action, want := range map[string]string{"approve": "", "deny": spec.ErrAccessDenied} {
		t.Run(action, func(t *testing.T) {
			d := device{t, New(Config{})}
			code, user := d.start()
			b := signedIn(d, "alice")
			typed := strings.ToLower(strings.ReplaceAll(user, "-", ""))
			w := b.submit(pathPage, "user_code", typed)
			for _, shown := range []string{user, "dfcheck", "tv linux", "openid", "Approve", "Deny"} {
				if !strings.Contains(w.Body.String(), shown) {
					t.Errorf("%q is not shown: %s", shown, w.Body)
				}
			}
			d.says(code, spec.ErrAuthorizationPending) // looking decides nothing
			if w = b.submit(pathConsent, "user_code", user, "action", action); w.Code != http.StatusOK {
				t.Fatalf("%s: %d %s", action, w.Code, w.Body)
			}
			d.says(code, want)
			if w = b.submit(pathConsent, "user_code", user, "action", "approve"); w.Code != http.StatusBadRequest {
				t.Errorf("decided twice: %d", w.Code)
			}
		})
	}
}

// Another site can make a browser send a form, but neither read the page nor
// know its token.
func TestPageForgery(t *testing.T) {
	d := device{t, New(Config{})}
	code, user := d.start()
	b := signedIn(d, "alice")
	own := b.csrf
	b.open(pathPage + "?user_code=" + user) // a link decides nothing
	for name, token := range map[string]string{"none": "", "wrong": "x", "another's": signedIn(d, "bob").csrf} {
		b.csrf = token
		if w := b.submit(pathConsent, "user_code", user, "action", "approve"); w.Code != http.StatusForbidden {
			t.Errorf("token %s: %d", name, w.Code)
		}
	}
	r := formPost(pathConsent, url.Values{"csrf": {own}, "user_code": {user}, "action": {"approve"}}.Encode())
	r.Header.Set("Origin", "https://evil.example")
	if w := b.send(r); w.Code != http.StatusForbidden {
		t.Errorf("from another origin: %d", w.Code)
	}
	d.says(code, spec.ErrAuthorizationPending)

	stranger := &browser{d: d}
	stranger.open(pathPage)
	stranger.submit(pathConsent, "user_code", user, "action", "approve")
	if g := d.s.grants.find(code); g.state != pending {
		t.Error("somebody who did not sign in decided")
	}
}

func TestPageHeaders(t *testing.T) {
	d := device{t, New(Config{BaseURL: "https://auth.example"})}
	b := &browser{d: d}
	w := b.open(pathPage)
	if p := w.Header().Get("Content-Security-Policy"); !strings.Contains(p, "frame-ancestors 'none'") ||
		strings.Contains(p, "script-src") {
		t.Errorf("Content-Security-Policy %q", p)
	}
	if strings.Contains(w.Body.String(), "<script") {
		t.Error("the page has a script")
	}
	if c := b.cookie; c == nil || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode {
		t.Errorf("cookie %v", c)
	}
	before := b.cookie.Value
	if b.submit(pathSignIn, "username", "alice", "password", "password"); b.cookie.Value == before {
		t.Error("signing in keeps the session's name")
	}
	b = &browser{d: d}
	b.open(pathPage)
	if w := b.submit(pathSignIn, "username", "alice", "password", "no"); w.Code != http.StatusUnauthorized {
		t.Errorf("wrong password: %d", w.Code)
	}
}

// What a device says of itself is text on the page.
func TestPageEscapes(t *testing.T) {
	d := device{t, New(Config{})}
	m := members(t, d.post(d.s.contract.Start.Path, "client_id", "dfcheck", "device_type", "tv", "device_os", "<b>&\"'"))
	w := signedIn(d, "alice").submit(pathPage, "user_code", m["user_code"].(string))
	if body := w.Body.String(); strings.Contains(body, "<b>") || !strings.Contains(body, "&lt;b&gt;") {
		t.Errorf("not escaped: %s", body)
	}
}

// Who guesses codes is held up; neither the other person nor any device is.
func TestPageGuessing(t *testing.T) {
	inBubble(t, Config{}, func(d device) {
		code, user := d.start()
		guesser, other := signedIn(d, "alice"), signedIn(d, "bob")
		for i := range guessesAllowed {
			if w := guesser.submit(pathPage, "user_code", fmt.Sprint("guess", i)); w.Code != http.StatusBadRequest {
				t.Fatalf("guess %d: %d", i, w.Code)
			}
		}
		if w := guesser.submit(pathPage, "user_code", user); w.Code != http.StatusTooManyRequests {
			t.Errorf("after %d guesses: %d", guessesAllowed, w.Code)
		}
		if w := other.submit(pathPage, "user_code", user); w.Code != http.StatusOK {
			t.Errorf("the other person: %d", w.Code)
		}
		d.says(code, spec.ErrAuthorizationPending)
		time.Sleep(guessesWindow)
		if w := guesser.submit(pathPage, "user_code", user); w.Code != http.StatusOK {
			t.Errorf("a minute later: %d", w.Code)
		}
	})
}
