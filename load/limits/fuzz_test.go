package limits

import (
	"net/http"
	"testing"

	"github.com/dfcheck/dfcheck/spec"
)

// FuzzAnswer: whatever a server answers is a limiter's answer or another one, and no wait
// that it asks for is below 0.
func FuzzAnswer(f *testing.F) {
	for _, wait := range []string{"", "1", "-1", "99999999999999999999", "Fri, 27 Nov 2026 12:00:00 GMT",
		"Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT"} {
		f.Add(429, `{"error":"slow_down"}`, wait, "Fri, 27 Nov 2026 11:59:00 GMT")
		f.Add(403, `<html>`, wait, "")
	}
	f.Fuzz(func(t *testing.T, status int, body, wait, date string) {
		if got := retryAfter(http.Header{"Retry-After": {wait}, "Date": {date}}); got < 0 {
			t.Errorf("%q at %q is a wait of %s", wait, date, got)
		}
		code := spec.ErrorCode([]byte(body))
		for _, starting := range []bool{false, true} {
			if got := classify(status, code, starting); status == http.StatusTooManyRequests && got != putOff {
				t.Errorf("429 with %q is %v", code, got)
			}
		}
	})
}
