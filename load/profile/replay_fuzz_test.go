package profile

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// FuzzReplay: a stranger's file of times is one that can be replayed, or its errors are
// told.
func FuzzReplay(f *testing.F) {
	for _, text := range []string{"at,devices\n0,1\n1.5,3\n", "at\n2026-01-02T15:04:05Z\n2026-01-02T15:04:04Z\n",
		"at,devices\n0,1\n0,9223372036854775807\n", "at\n9999-12-31T00:00:00Z\n0001-01-01T00:00:00Z\n",
		"# a\nat\nNaN\n-1\n1e400\n", "at,devices\n1,0\n\"", ""} {
		f.Add(text, "at", "devices")
		f.Add(strings.Replace(text, "at,devices", "delay,people", 1), "delay", "people")
	}
	f.Fuzz(func(t *testing.T, text, column, counts string) {
		if strings.Count(text, "0") > 12 { // ask for millions of devices, which takes memory
			return
		}
		times, err := readTimes(strings.NewReader(text), column, counts)
		if err != nil {
			return
		}
		if len(times) == 0 || len(times) > MaxDevices || !slices.IsSorted(times) {
			t.Errorf("%d times of %q", len(times), text)
		}
		if first, last := times[0], times[len(times)-1]; first < 0 || time.Duration(last) > MaxDuration {
			t.Errorf("%q is from %s to %s", text, first, last)
		}
	})
}
