package metrics

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"

	"github.com/dfcheck/dfcheck/reports"
)

// busy is a run in which everything happened.
func busy() *reports.Load {
	h := reports.NewHistogram(reports.Milliseconds)
	for _, d := range []time.Duration{0, 800 * time.Microsecond, time.Millisecond, 3 * time.Millisecond, 2 * time.Second} {
		h.Record(d)
	}
	d := h.Distribution()
	return &reports.Load{Devices: reports.Devices{Simulated: 9, Started: 8, Pending: 3, Approved: 5},
		Requests: reports.Requests{Starts: 8, Polls: 40, FailedPolls: 2},
		Outcomes: reports.Outcomes{AuthorizationPending: 33},
		Latency:  reports.Latencies{Start: d, Poll: d, TimeToToken: d}, Service: reports.Services{Start: d, Poll: d}, Lag: d,
		Errors:     []reports.ErrorKind{{Kind: "http_503", Count: 2}},
		Violations: []reports.Violation{{Kind: "token_twice", Check: "DF-REUSE-001", Count: 1}},
		Client:     reports.Client{Saturated: true}}
}

func gather(t *testing.T, l *reports.Load, err error) []*dto.MetricFamily {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(collector{func() (*reports.Load, error) { return l, err }})
	all, gerr := r.Gather()
	if err == nil && gerr != nil || err != nil && gerr == nil {
		t.Fatal(gerr)
	}
	return all
}

// Names and units keep Prometheus' conventions.
func TestNames(t *testing.T) {
	all := gather(t, busy(), nil)
	problems, err := promlint.NewWithMetricFamilies(all).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if len(all) != 18 {
		t.Errorf("%d metrics", len(all))
	}
}

// A histogram is the same in both kinds of buckets.
func TestHistogram(t *testing.T) {
	all := gather(t, busy(), nil)
	i := slices.IndexFunc(all, func(f *dto.MetricFamily) bool { return f.GetName() == "dfcheck_lag_seconds" })
	h := all[i].GetMetric()[0].GetHistogram()
	if h.GetSampleCount() != 5 || math.Abs(h.GetSampleSum()-2.0048) > 0.0001 || h.GetZeroCount() != 1 ||
		h.GetSchema() != schema {
		t.Errorf("%v", h)
	}
	for _, b := range h.GetBucket() {
		want := map[float64]uint64{0.001: 3, 0.0025: 3, 0.005: 4, 1: 4, 2.5: 5}
		if n, ok := want[b.GetUpperBound()]; ok && n != b.GetCumulativeCount() {
			t.Errorf("%d up to %v s, want %d", b.GetCumulativeCount(), b.GetUpperBound(), n)
		}
	}
	at, count, upper := int32(0), int64(0), []float64{}
	k := 0
	for _, s := range h.GetPositiveSpan() {
		at += s.GetOffset()
		for range s.GetLength() {
			if count += h.GetPositiveDelta()[k]; count > 0 {
				upper = append(upper, math.Pow(2, float64(at)/8))
			}
			at, k = at+1, k+1
		}
	}
	for i, v := range []float64{0.0008, 0.001, 0.003, 2} {
		if len(upper) != 4 || upper[i] < v*0.999 || upper[i] > v*math.Pow(2, 1.01/8) {
			t.Fatalf("native buckets end at %v", upper)
		}
	}
}

func TestBeforeTheRun(t *testing.T) {
	if all := gather(t, nil, nil); len(all) != 0 {
		t.Errorf("%d metrics before the run", len(all))
	}
	gather(t, nil, errors.New("no figures"))
}

// Whoever reads no native histograms gets classic buckets; protobuf has both.
func TestExposition(t *testing.T) {
	server := httptest.NewServer(Handler(func() (*reports.Load, error) { return busy(), nil }))
	defer server.Close()
	get := func(accept string) string {
		r, err := http.NewRequest(http.MethodGet, server.URL+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", accept)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(resp.Status, err)
		}
		return resp.Header.Get("Content-Type") + "\n" + string(body)
	}
	text := get("text/plain")
	for _, want := range []string{`dfcheck_requests_total{operation="poll"} 40`,
		`dfcheck_lag_seconds_bucket{le="0.005"} 4`,
		`dfcheck_violations_total{check="DF-REUSE-001",kind="token_twice"} 1`, "process_cpu_seconds_total", "go_goroutines"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	const protobuf = "application/vnd.google.protobuf"
	const family = "; proto=io.prometheus.client.MetricFamily; encoding=delimited"
	if got := get(protobuf + family); !strings.HasPrefix(got, protobuf) {
		t.Error("no protobuf, in which native histograms travel: ", got[:60])
	}
}

// The dashboard is JSON that asks for metrics that there are.
func TestDashboard(t *testing.T) {
	var d struct {
		Title, UID    string
		SchemaVersion int
		Panels        []struct {
			ID      int
			Title   string
			Type    string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr string }
		}
		Templating struct {
			List []struct{ Name, Definition string }
		}
	}
	if err := json.Unmarshal(Dashboard, &d); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"process_cpu_seconds_total": true}
	for _, f := range gather(t, busy(), nil) {
		known[f.GetName()] = false
	}
	name := regexp.MustCompile(`\b(dfcheck|process|go)_[a-z_]+`)
	asked := d.Templating.List[1].Definition
	ids := map[int]bool{}
	for _, p := range d.Panels {
		if p.Title == "" || p.Type == "" || ids[p.ID] || p.GridPos.W == 0 || p.GridPos.X+p.GridPos.W > 24 ||
			len(p.Targets) == 0 {
			t.Errorf("panel %+v", p)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			asked += "\n" + target.Expr
			if strings.Count(target.Expr, "(") != strings.Count(target.Expr, ")") ||
				!strings.Contains(target.Expr, "$instance") {
				t.Errorf("%s: %s", p.Title, target.Expr)
			}
		}
	}
	for _, metric := range name.FindAllString(asked, -1) {
		if _, ok := known[metric]; !ok {
			t.Errorf("the dashboard asks for %s, which there is not", metric)
		}
		known[metric] = true
	}
	if d.Title == "" || d.UID == "" || d.SchemaVersion == 0 || len(d.Templating.List) != 2 {
		t.Errorf("%+v", d)
	}
}

// One scrape by Prometheus, beside the look at the figures that it takes
// (BenchmarkLook of package load).
func BenchmarkScrape(b *testing.B) {
	b.ReportAllocs()
	l := busy()
	handler := Handler(func() (*reports.Load, error) { return l, nil })
	for b.Loop() {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}
