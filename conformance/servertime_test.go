package conformance

import (
	"net/http"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// TestFreshnessByTheServersClock: until when an answer may be kept is read by the clock
// of the server, whatever ours shows; without a Date ours is all there is.
func TestFreshnessByTheServersClock(t *testing.T) {
	ours := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	for _, off := range []time.Duration{-time.Hour, 0, time.Hour} {
		theirs := ours.Add(off)
		for lasts, want := range map[time.Duration]reports.Verdict{-time.Second: reports.Warning, 0: reports.Warning,
			2 * time.Minute: reports.Fail} {
			e := &Evidence{Transcript: &Transcript{Header: Header{Started: ours.Add(-7 * time.Second)}}}
			x := &Exchange{Received: 7 * time.Second, Response: &Response{Header: http.Header{
				"Date": {theirs.Format(http.TimeFormat)}, "Expires": {theirs.Add(lasts).Format(http.TimeFormat)}}}}
			if got, why := CacheVerdict(e, x); got != want {
				t.Errorf("fresh for %s, with a clock %s off: %s (%s), want %s", lasts, off, got, why, want)
			}
			x.Response.Header.Del("Date")
			if at := e.ServerTime(x); !at.Equal(ours) {
				t.Errorf("without Date: %s, want %s", at, ours)
			}
		}
	}
}
