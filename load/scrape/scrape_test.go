package scrape

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// answers is a server's answer to each look.
type answers func() (status int, body string)

func (f answers) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := f()
	return &http.Response{StatusCode: status, Header: http.Header{"Location": {"http://elsewhere.example/"}},
		Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

const goServer = `# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total USED
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 1.5e+08
# TYPE go_goroutines gauge
go_goroutines 12
# TYPE go_threads gauge
go_threads 9
# TYPE process_open_fds gauge
process_open_fds 31
# TYPE go_sql_open_connections gauge
go_sql_open_connections{db_name="a"} 4
go_sql_open_connections{db_name="b"} 6
# TYPE http_seconds histogram
http_seconds_bucket{le="+Inf"} 3
http_seconds_sum 1
http_seconds_count 3
`

// Figures are those of the families, and processors the growth of a counter.
func TestRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		used := "100.5"
		s, err := New("http://a:b@127.0.0.1:9090/metrics?key=1", answers(func() (int, string) {
			return 200, strings.Replace(goServer, "USED", used, 1)
		}))
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]float64{"memory": 1.5e8, "goroutines": 12, "threads": 9, "open files": 31, "connections": 10}
		got, err := s.Read(t.Context())
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%v %s", err, d)
		}
		time.Sleep(5 * time.Second)
		used, want["processors"] = "108", 1.5
		got, err = s.Read(t.Context())
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%v %s", err, d)
		}
		time.Sleep(5 * time.Second)
		used = "1" // the server was started again
		if got, err = s.Read(t.Context()); err != nil || got["processors"] != 0 {
			t.Errorf("%v %v", got, err)
		}
		if s.Where() != "http://127.0.0.1:9090/metrics" {
			t.Errorf("%s shows what may be secret", s.Where())
		}
	})
}

// What has no figures is an error that says so, without a word of the server's.
func TestNoFigures(t *testing.T) {
	for _, tt := range []struct {
		status     int
		body, want string
	}{
		{404, "no", "status 404"},
		{302, goServer, "status 302"},
		{200, "<html>\x1b[31m</html>", "not the text format of Prometheus"},
		{200, "# TYPE up gauge\nup 1\n", "none of the metrics that dfcheck knows"},
		{200, "", "none of the metrics"},
		{200, "# TYPE go_goroutines gauge\ngo_goroutines NaN\n", "none of the metrics"},
		{200, "# TYPE go_goroutines gauge\n" + strings.Repeat("go_goroutines{a=\"0123456789\"} 1\n", 200_000),
			"more than 4 MB"},
	} {
		s, err := New("http://127.0.0.1/metrics", answers(func() (int, string) { return tt.status, tt.body }))
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Read(t.Context())
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%d: %v, %v, want %s", tt.status, got, err, tt.want)
		}
	}
	for _, at := range []string{"", "9090", "ftp://127.0.0.1/metrics", "http:///metrics"} {
		if _, err := New(at, nil); err == nil {
			t.Errorf("%q is an address", at)
		}
	}
}
