package metrics

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	otlp "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"

	"github.com/dfcheck/dfcheck/reports"
)

// receive is a receiver of OpenTelemetry: the metrics of one request, by name, and the
// attributes of their source.
func receive(t *testing.T, r *http.Request) (byName map[string]*otlp.Metric, source map[string]string) {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	var request otlp.MetricsData // the same on the wire as an ExportMetricsServiceRequest
	if err = errors.Join(err, proto.Unmarshal(body, &request)); err != nil {
		t.Error(err)
	}
	byName, source = map[string]*otlp.Metric{}, map[string]string{}
	for _, resource := range request.ResourceMetrics {
		for _, a := range resource.Resource.Attributes {
			source[a.Key] = a.Value.GetStringValue()
		}
		for _, scope := range resource.ScopeMetrics {
			for _, m := range scope.Metrics {
				byName[m.Name] = m
			}
		}
	}
	return byName, source
}

// TestPush: a receiver on a socket gets all that Prometheus gets, under the same names,
// with units and with the values of the figures.
func TestPush(t *testing.T) {
	var got map[string]*otlp.Metric
	var source map[string]string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/v1/metrics" || r.Header.Get("Api-Key") != "k3y" ||
			r.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("%s %s with %v", r.Method, r.URL, r.Header)
		}
		got, source = receive(t, r)
	}))
	defer server.Close()
	stop := Push(Receiver{URL: server.URL + "/v1/metrics", Headers: map[string]string{"Api-Key": "k3y"}, Run: "r1",
		Version: "v0"}, func() (*reports.Load, error) { return busy(), nil }, func(err error) { t.Error(err) })
	stop()
	if source["service.name"] != "dfcheck" || source["service.version"] != "v0" || source["dfcheck.run"] != "r1" ||
		source["service.instance.id"] == "" {
		t.Errorf("the metrics are of %v", source)
	}
	for _, f := range gather(t, busy(), nil) {
		m := got[f.GetName()]
		if m == nil {
			t.Errorf("%s was not sent", f.GetName())
			continue
		}
		delete(got, f.GetName())
		if m.Unit != unitOf[f.GetName()] || m.Description != f.GetHelp() {
			t.Errorf("%s in %q: %s", m.Name, m.Unit, m.Description)
		}
		if want, sent := total(f), totalSent(m); want != sent {
			t.Errorf("%s: sent %v, want %v", m.Name, sent, want)
		}
	}
	for name := range got {
		if !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") {
			t.Errorf("sent %s, which Prometheus does not get", name)
		}
	}
}

// unitOf each metric, as OpenTelemetry writes units.
var unitOf = map[string]string{
	"dfcheck_devices": "1", "dfcheck_flows_started_total": "1", "dfcheck_flows_in_progress": "1",
	"dfcheck_flows_ended_total": "1", "dfcheck_requests_total": "1", "dfcheck_requests_failed_total": "1",
	"dfcheck_requests_timed_out_total": "1", "dfcheck_requests_not_sent_total": "1", "dfcheck_answers_total": "1",
	"dfcheck_errors_total": "1", "dfcheck_violations_total": "1", "dfcheck_request_bytes_total": "By",
	"dfcheck_response_bytes_total": "By", "dfcheck_saturated": "1", "dfcheck_response_time_seconds": "s",
	"dfcheck_service_time_seconds": "s", "dfcheck_lag_seconds": "s", "dfcheck_time_to_token_seconds": "s",
}

// A sum of all series of a metric, and how many they are.
type sum struct {
	series int
	value  float64 // of a histogram, in seconds
	count  uint64  // in the buckets of a histogram
}

func total(f *dto.MetricFamily) (s sum) {
	for _, m := range f.GetMetric() {
		s.series++
		s.value += m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetHistogram().GetSampleSum()
		s.count += m.GetHistogram().GetSampleCount()
	}
	return s
}

func totalSent(m *otlp.Metric) (s sum) {
	points := m.GetGauge().GetDataPoints()
	if counter := m.GetSum(); counter.GetIsMonotonic() &&
		counter.GetAggregationTemporality() == otlp.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE {
		points = counter.GetDataPoints()
	}
	for _, p := range points {
		s.series++
		s.value += p.GetAsDouble()
	}
	for _, p := range m.GetExponentialHistogram().GetDataPoints() {
		s.series++
		s.value += p.GetSum()
		s.count += p.GetZeroCount()
		for _, n := range p.GetPositive().GetBucketCounts() {
			s.count += n
		}
	}
	return s
}

// TestPushIsNotWaitedFor: whether a receiver is down, slow, refuses or leads elsewhere,
// that is told once, and each time it is given up in time.
func TestPushIsNotWaitedFor(t *testing.T) {
	var asked atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer elsewhere.Close()
	down := httptest.NewServer(http.NotFoundHandler())
	down.Close()
	for name, handler := range map[string]http.HandlerFunc{
		"down": nil,
		"slow": func(_ http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body) // without which a server does not see that its client has gone
			<-r.Context().Done()
		},
		"refuses": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) },
		"takes some": func(w http.ResponseWriter, _ *http.Request) {
			w.Write([]byte{1<<3 | 2, 2, 1 << 3, 7}) // partial_success: rejected_data_points: 7
		},
		"busy": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) },
		"leads elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		},
	} {
		at := down.URL
		if handler != nil {
			server := httptest.NewServer(handler)
			defer server.Close()
			at = server.URL
		}
		told := 0
		p := newPush(Receiver{URL: at}, func() (*reports.Load, error) { return busy(), nil }, func(error) { told++ })
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second/4)
			p.send(ctx)
			cancel()
		}
		if told != 1 {
			t.Errorf("%s: told %d times", name, told)
		}
	}
	if asked.Load() > 0 {
		t.Error("a redirect was followed")
	}
}
