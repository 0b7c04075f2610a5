package scrape

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzRead: whatever a server shows as its metrics, twice, the figures can be written in
// a report, and an error holds nothing that the server wrote.
func FuzzRead(f *testing.F) {
	f.Add(strings.Replace(goServer, "USED", "1", 1), strings.Replace(goServer, "USED", "2", 1))
	f.Add("go_goroutines NaN\nprocess_open_fds +Inf\n", "go_goroutines 1e308\n")
	f.Add("process_cpu_seconds_total -1e308\n", "process_cpu_seconds_total 1e308\n")
	f.Add("# TYPE go_threads histogram\ngo_threads_bucket{le=\"x\"} 1\n",
		"go_threads{a=\"\xff\"} 1 -9223372036854775808\n")
	f.Fuzz(func(t *testing.T, text, later string) {
		s, err := New("http://127.0.0.1:9090/metrics", answers(func() (int, string) { return 200, text }))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			found, err := s.Read(t.Context())
			if _, unwritable := json.Marshal(found); unwritable != nil {
				t.Errorf("%q gives %v: %v", text, found, unwritable)
			}
			if len(text) > 12 && err != nil && strings.Contains(err.Error(), text) {
				t.Errorf("%q is quoted in %q", text, err)
			}
			text = later
		}
	})
}
