package wire

import (
	"net/http"
	"strconv"
	"time"
)

const maxRetryAfter = 5 * time.Minute

// retryAfter reads the header of that name, seconds or a date (RFC 9110 section
// 10.2.3), in nanoseconds up to maxRetryAfter. A date counts from the server's
// own, where it says one. What cannot be read counts as absent.
func retryAfter(value, date string) int64 {
	var wait time.Duration
	if seconds, err := strconv.ParseUint(value, 10, 63); err == nil {
		wait = time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		now, err := http.ParseTime(date)
		if err != nil {
			now = time.Now()
		}
		wait = at.Sub(now)
	}
	return int64(min(max(wait, 0), maxRetryAfter))
}
