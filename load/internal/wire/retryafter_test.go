package wire

import (
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	const date = "Thu, 26 Nov 2026 12:00:00 GMT"
	for value, want := range map[string]time.Duration{
		"7": 7 * time.Second, "0": 0, "": 0, "-3": 0, "soon": 0, "1.5": 0, "86400": maxRetryAfter,
		"99999999999999999999": 0, "Thu, 26 Nov 2026 12:00:30 GMT": 30 * time.Second,
		"Thu, 26 Nov 2026 11:00:00 GMT": 0, "Fri, 27 Nov 2026 12:00:00 GMT": maxRetryAfter,
	} {
		if got := time.Duration(retryAfter(value, date)); got != want {
			t.Errorf("Retry-After %q is %s, want %s", value, got, want)
		}
	}
}
