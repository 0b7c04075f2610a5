package refserver

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestTogether: faults that add to the same answer all show, and those that replace
// the same part of the server are refused, by name.
func TestTogether(t *testing.T) {
	named := func(name string, b func(*behaviour)) Fault { return Fault{Name: name, Break: b} }
	first := named("first", func(b *behaviour) { b.finish = func(_ *request, a *answer) { a.members["one"] = 1 } })
	second := named("second", func(b *behaviour) { b.finish = func(_ *request, a *answer) { a.members["two"] = 2 } })
	coded := func(name string) Fault {
		return named(name, func(b *behaviour) { b.deviceCode = func(*Server) string { return name } })
	}
	framed := named("framed", func(b *behaviour) { b.page.framed = true })
	if err := Together(first, second, coded("third"), framed); err != nil {
		t.Error(err)
	}
	s := New(Config{Contract: "rfc8628", Interval: time.Second}, first, second, coded("third"), framed)
	body := strings.NewReader(url.Values{"client_id": {"dfcheck"}}.Encode())
	r := httptest.NewRequest("POST", "/device_authorization", body)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	for _, want := range []string{`"one":1`, `"two":2`, `"device_code":"third"`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s in %s", want, w.Body)
		}
	}
	if err := Together(first, coded("third"), coded("fourth")); err == nil ||
		!strings.Contains(err.Error(), "third and fourth") {
		t.Error(err)
	}
	short := func(name string, d time.Duration) Fault {
		return Fault{Name: name, Configure: func(c *Config) { c.Lifetime = d }}
	}
	if Together(short("short", time.Second), short("shorter", time.Millisecond)) == nil {
		t.Error("two lifetimes go together")
	}
	if err := Together(first, first); err != nil {
		t.Error(err)
	}
}
