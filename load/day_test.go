package load

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

func TestHourOfPolls(t *testing.T) { pollOnTime(t, time.Hour) }

func TestDayOfPollsLong(t *testing.T) {
	if os.Getenv("DFCHECK_LONG") == "" {
		t.Skip("computes for ten seconds: DFCHECK_LONG=1, as in make test-long")
	}
	pollOnTime(t, 24*time.Hour)
}

// pollOnTime watches a device that nobody decides on: each poll comes at its time, to the
// nanosecond, and none is missing.
func pollOnTime(t *testing.T, lasts time.Duration) {
	t.Helper()
	const interval = 5 * time.Second
	polls := int(lasts/interval) - 1 // the first comes an interval after the codes, the last before the end
	p := crowdOf(1)
	p.Duration = profile.Duration(lasts)
	p.Groups[0] = profile.Group{Name: "all", Encodings: map[string]float64{"form": 1}}
	contract := documented(t)
	var mu sync.Mutex
	came := map[string][]time.Time{} // by device code
	server := refserver.New(refserver.Config{Interval: interval, Lifetime: 2 * lasts, Decisions: true})
	watched := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if form, err := url.ParseQuery(string(body)); err == nil && r.URL.Path == contract.Token.Path {
			mu.Lock()
			came[form.Get("device_code")] = append(came[form.Get("device_code")], time.Now())
			mu.Unlock()
		}
		server.ServeHTTP(w, r)
	})
	inBubble(t, watched, contract, p, func(t *testing.T, l *reports.Load) {
		var device []time.Time
		for _, times := range came {
			if len(times) > len(device) { // the other is the preflight's
				device = times
			}
		}
		if len(device) != polls || l.Requests.Polls != uint64(polls) || l.Outcomes.SlowDown != 0 {
			t.Fatalf("%d polls came, %+v; want %d", len(device), l.Requests, polls)
		}
		for i, at := range device {
			if due := device[0].Add(time.Duration(i) * interval); !at.Equal(due) {
				t.Fatalf("poll %d came %s after it was due", i+1, at.Sub(due))
			}
		}
	})
}
