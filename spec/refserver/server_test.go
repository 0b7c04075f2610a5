package refserver

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

func jsonBody(b []byte) io.Reader { return bytes.NewReader(b) }

// inBubble gives f a device of a server whose clock runs only when all wait.
func inBubble(t *testing.T, cfg Config, f func(d device)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(device{t, New(cfg)}) })
}

func TestFlow(t *testing.T) {
	for _, contract := range spec.ContractNames() {
		t.Run(contract, func(t *testing.T) {
			inBubble(t, Config{Contract: contract, Decisions: true}, func(d device) {
				code, user := d.start()
				d.says(code, spec.ErrAuthorizationPending)
				if status := d.decide(user, "approve"); status != http.StatusOK {
					t.Fatalf("approve: %d", status)
				}
				time.Sleep(5 * time.Second)
				m := d.says(code, "")
				if m["scope"] != "openid" { // email is not granted
					t.Errorf("scope %q, want openid", m["scope"])
				}
				if _, has := m["refresh_token"]; has != (contract != "documented-v1") {
					t.Errorf("refresh token given: %v", has)
				}
				d.says(code, spec.ErrInvalidGrant)
				if status := d.decide(user, "deny"); status != http.StatusConflict {
					t.Errorf("a redeemed code was decided: %d", status)
				}
			})
		})
	}
}

// A poll too early raises the interval by 5 s for good, and for its code alone.
func TestSlowDownStays(t *testing.T) {
	inBubble(t, Config{Interval: 5 * time.Second}, func(d device) {
		code, _ := d.start()
		other, _ := d.start()
		d.says(code, spec.ErrAuthorizationPending)
		d.says(other, spec.ErrAuthorizationPending)
		time.Sleep(4 * time.Second)
		d.says(code, spec.ErrSlowDown)
		time.Sleep(9 * time.Second) // 10 are due now, counted from the last poll however it was answered
		d.says(code, spec.ErrSlowDown)
		d.says(other, spec.ErrAuthorizationPending)
		time.Sleep(15 * time.Second)
		d.says(code, spec.ErrAuthorizationPending)
		time.Sleep(14 * time.Second)
		d.says(code, spec.ErrSlowDown)
	})
}

// A client with an exact timer is not too fast because a request took a moment
// less than the one before.
func TestJitter(t *testing.T) {
	inBubble(t, Config{Interval: 5 * time.Second}, func(d device) {
		code, _ := d.start()
		d.says(code, spec.ErrAuthorizationPending)
		time.Sleep(5*time.Second - jitter)
		d.says(code, spec.ErrAuthorizationPending)
		time.Sleep(5*time.Second - jitter - time.Millisecond)
		d.says(code, spec.ErrSlowDown)
	})
}

// The chosen poll of every code is slowed down whatever its pace, and 5 s more
// are due from then on.
// A delay is kept by every answer, and lengthens no interval.
func TestDelay(t *testing.T) {
	inBubble(t, Config{Interval: time.Second, Delay: 250 * time.Millisecond}, func(d device) {
		code, _ := d.start()
		began := time.Now()
		d.says(code, spec.ErrAuthorizationPending)
		if took := time.Since(began); took != 250*time.Millisecond {
			t.Errorf("a poll took %s", took)
		}
		time.Sleep(750 * time.Millisecond)
		d.says(code, spec.ErrAuthorizationPending)
	})
}

func TestSlowDownAt(t *testing.T) {
	inBubble(t, Config{Interval: time.Second, SlowDownAt: 2}, func(d device) {
		for range 2 {
			code, _ := d.start()
			d.says(code, spec.ErrAuthorizationPending)
			time.Sleep(time.Minute)
			d.says(code, spec.ErrSlowDown)
			time.Sleep(6 * time.Second)
			d.says(code, spec.ErrAuthorizationPending)
			time.Sleep(2 * time.Second)
			d.says(code, spec.ErrSlowDown)
		}
	})
}

func TestDenial(t *testing.T) {
	inBubble(t, Config{Decisions: true}, func(d device) {
		code, user := d.start()
		d.decide(user, "deny")
		d.says(code, spec.ErrAccessDenied)
		if status := d.decide(user, "approve"); status != http.StatusConflict {
			t.Errorf("a denied code was approved: %d", status)
		}
		d.says(code, spec.ErrAccessDenied)
	})
}

// The end of the lifetime counts for a code that was approved in time, too; the
// store forgets what has been over for a lifetime.
func TestExpiry(t *testing.T) {
	inBubble(t, Config{Decisions: true, Lifetime: time.Minute}, func(d device) {
		waiting, late := d.start()
		ready, user := d.start()
		d.decide(user, "approve")
		time.Sleep(time.Minute)
		d.says(waiting, spec.ErrExpiredToken)
		d.says(ready, spec.ErrExpiredToken)
		if status := d.decide(late, "approve"); status != http.StatusConflict {
			t.Errorf("an expired code was approved: %d", status)
		}
		time.Sleep(2 * time.Minute)
		for range 2000 { // every shard has starts that make it forget
			d.start()
		}
		d.says(waiting, spec.ErrInvalidGrant)
		if n := len(d.s.grants.typed.grants); n != 2000 {
			t.Errorf("%d user codes are kept, want 2000", n)
		}
	})
}

func TestOnePollWins(t *testing.T) {
	for range 50 {
		d := device{t, New(Config{Decisions: true})}
		code, user := d.start()
		d.decide(user, "approve")
		answers := make([]*httptest.ResponseRecorder, 16)
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() { answers[i] = d.poll(code) })
		}
		wg.Wait()
		won := 0
		for _, w := range answers {
			if w.Code == http.StatusOK {
				won++
			}
		}
		if won != 1 {
			t.Fatalf("%d of 16 polls got tokens, want 1", won)
		}
	}
}

// A demonstration shows the same code again and again; it belongs to the device
// that asked last.
func TestFixedUserCode(t *testing.T) {
	d := device{t, New(Config{Decisions: true, UserCode: "DEMO-CODE"})}
	for range 2 {
		code, user := d.start()
		if user != "DEMO-CODE" {
			t.Fatalf("user code %q", user)
		}
		if status := d.decide(user, "approve"); status != http.StatusOK {
			t.Fatalf("approve: %d", status)
		}
		d.says(code, "")
	}
}

func TestRefresh(t *testing.T) {
	d := device{t, New(Config{Contract: "rfc8628", Decisions: true})}
	code, user := d.start()
	d.decide(user, "approve")
	first := d.says(code, "")
	refresh := func(token any) *httptest.ResponseRecorder {
		return d.post(d.s.contract.Token.Path, "grant_type", spec.GrantRefreshToken, "refresh_token", token.(string),
			"client_id", "dfcheck")
	}
	active := func(token any) any {
		r := formPost(pathIntrospection, "token="+token.(string))
		r.SetBasicAuth("dfcheck-conf", "secret")
		w := httptest.NewRecorder()
		d.s.ServeHTTP(w, r)
		return members(t, w)["active"]
	}
	second := members(t, refresh(first["refresh_token"]))
	if second["access_token"] == first["access_token"] || second["refresh_token"] == first["refresh_token"] ||
		active(second["access_token"]) != true {
		t.Fatalf("refresh: %v", second)
	}
	if w := refresh(first["refresh_token"]); members(t, w)["error"] != spec.ErrInvalidGrant {
		t.Errorf("a used refresh token: %d %s", w.Code, w.Body)
	}
	if active(second["access_token"]) != false {
		t.Error("a token of a family whose refresh token was used twice is still good")
	}
	if w := refresh(second["refresh_token"]); w.Code != http.StatusBadRequest {
		t.Errorf("a revoked refresh token: %d %s", w.Code, w.Body)
	}
}

func TestLimit(t *testing.T) {
	limit := Limit{Of: LimitAll, By: []string{ByAddress}, N: 5, Per: time.Second, Burst: 10}
	inBubble(t, Config{Limits: []Limit{limit}}, func(d device) {
		code, _ := d.start()
		for range 9 { // two seconds' worth, the start among them
			if w := d.poll(code); w.Code == http.StatusTooManyRequests {
				t.Fatal("limited too early")
			}
		}
		w := d.poll(code)
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
			t.Errorf("%d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
		}
		other := formPost(d.s.contract.Start.Path, "client_id=dfcheck&device_type=tv&device_os=linux")
		other.RemoteAddr = "192.0.2.2:1"
		w = httptest.NewRecorder()
		if d.s.ServeHTTP(w, other); w.Code != http.StatusOK {
			t.Errorf("another address: %d", w.Code)
		}
		time.Sleep(time.Second)
		if w := d.poll(code); w.Code == http.StatusTooManyRequests {
			t.Error("still limited after a second")
		}
	})
}

// What does not come from a device.
func TestRefusals(t *testing.T) {
	d := device{t, New(Config{})}
	start := d.s.contract.Start.Path
	send := func(method, path, contentType, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		r.Host = "evil.example"
		w := httptest.NewRecorder()
		d.s.ServeHTTP(w, r)
		return w
	}
	good := `{"client_id":"dfcheck","device_type":"tv","device_os":"linux"}`
	for _, c := range []struct {
		name, method, path, contentType, body string
		status                                int
	}{
		{"JSON", "POST", start, "application/json", good, 200},
		{"GET", "GET", start, "", "", 405},
		{"no type", "POST", start, "", good, 400},
		{"text", "POST", start, "text/plain", good, 415},
		{"two objects", "POST", start, "application/json", good + good, 400},
		{"number for a text", "POST", start, "application/json", strings.Replace(good, `"dfcheck"`, "1", 1), 400},
		{"repeated member", "POST", start, "application/json", strings.Replace(good, "{", `{"client_id":"dfcheck",`, 1), 400},
		{"NUL", "POST", start, "application/x-www-form-urlencoded", "client_id=dfcheck&device_type=tv&device_os=a%00b", 400},
		{"not UTF-8", "POST", start, "application/x-www-form-urlencoded", "client_id=dfcheck&device_type=tv&device_os=%ff",
			400},
		{"too large", "POST", start, "application/json", `{"a":"` + strings.Repeat("x", maxRequest) + `"}`, 413},
		{"decisions closed", "POST", pathDecision, "application/json", `{"user_code":"A","action":"approve"}`, 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := send(c.method, c.path, c.contentType, c.body)
			if w.Code != c.status {
				t.Errorf("status %d, want %d: %s", w.Code, c.status, w.Body)
			}
			if w.Code == http.StatusMethodNotAllowed && w.Header().Get("Allow") == "" {
				t.Error("405 without Allow")
			}
			if w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("Cache-Control %q", w.Header().Get("Cache-Control"))
			}
			if strings.Contains(w.Body.String(), "evil.example") {
				t.Error("the Host header field is in the answer")
			}
		})
	}
}

func TestConfigCheck(t *testing.T) {
	if err := (Config{}).Check(); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for _, base := range []string{"auth.example", "https:", "https://", "ftp://auth.example", "https://auth.example/",
		"https://auth.example/a", "https://auth.example?a=b", "https://a:b@auth.example"} {
		if err := (Config{BaseURL: base}).Check(); err == nil {
			t.Errorf("base URL %q is accepted", base)
		}
	}
	err := Config{Contract: "rfc8682", BaseURL: "localhost:1/x", Interval: time.Millisecond,
		Lifetime: 1500 * time.Millisecond}.Check()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`the nearest is "rfc8628"`, "base URL", "interval 1ms", "lifetime 1.5s"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}

// TestTrustForwarded: who sends a request is the last address that a proxy added, where
// proxies are trusted, and the one it came from otherwise.
func TestTrustForwarded(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"X-Forwarded-For", "198.18.0.7", "198.18.0.7"},
		{"X-Forwarded-For", "192.0.2.1, 198.18.0.7", "198.18.0.7"},
		{"Forwarded", "for=192.0.2.1, for=198.18.0.7;proto=https", "198.18.0.7"},
		{"Forwarded", `for="[2001:db8::7]"`, "2001:db8::7"},
		{"X-Forwarded-For", "nowhere", "127.0.0.1"},
		{"X-Other", "198.18.0.7", "127.0.0.1"},
	} {
		r := &http.Request{RemoteAddr: "127.0.0.1:4711", Header: http.Header{c.name: {c.value}}}
		if got := address(forwarded(r)); got != c.want || address(r) != "127.0.0.1" {
			t.Errorf("%s: %s is from %s, want %s", c.name, c.value, got, c.want)
		}
	}
}
