package main

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	otlp "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"

	"github.com/dfcheck/dfcheck/reports"
)

// TestReceiver: what --otlp and the environment name, and what is refused before
// anything is sent. No message repeats a secret.
func TestReceiver(t *testing.T) {
	const secret = "s3cr3t-key"
	for _, test := range []struct {
		flag    otlpFlag
		env     map[string]string
		allowed []string
		url     string // of the receiver
		headers map[string]string
		refused string
	}{
		{env: map[string]string{otlpEndpoint: "http://localhost:4318"}}, // nobody has asked for it
		{flag: "http://127.0.0.1:4318", url: "http://127.0.0.1:4318/v1/metrics"},
		{flag: "http://localhost:4318/", url: "http://localhost:4318/v1/metrics"},
		{flag: "http://[::1]:9090/api/v1/otlp/v1/metrics", url: "http://[::1]:9090/api/v1/otlp/v1/metrics"},
		{flag: "http://127.0.0.1:4318", url: "http://127.0.0.1:4318/v1/metrics", // the headers are for another
			env: map[string]string{otlpHeaders: "api-key=" + secret, otlpEndpoint: "https://otlp.example.com"}},
		{flag: "env", env: map[string]string{otlpEndpoint: "http://localhost:4318/otlp/"},
			url: "http://localhost:4318/otlp/v1/metrics"},
		{flag: "env", url: "http://localhost:1/m", headers: map[string]string{"api-key": "a b", "tenant": "tv"},
			env: map[string]string{otlpEndpoint: "http://localhost:4318", otlpMetricsEndpoint: "http://localhost:1/m",
				otlpHeaders: "api-key=a%20b, tenant=tv"}},
		{flag: "https://otlp.example.com", allowed: []string{"otlp.example.com"},
			url: "https://otlp.example.com/v1/metrics"},
		{flag: "https://otlp.example.com",
			refused: "not this machine; if the figures may go there: --allow-host otlp.example.com"},
		{flag: "env", env: map[string]string{otlpEndpoint: "https://otlp.example.com"}, refused: otlpEndpoint + " names"},
		{flag: "env", refused: "neither " + otlpMetricsEndpoint + " nor " + otlpEndpoint + " is set"},
		{flag: "127.0.0.1:4318", refused: "--otlp is no URL of a receiver"},
		{flag: "grpc://127.0.0.1:4317", refused: "--otlp is no URL of a receiver"},
		{flag: "http://u:" + secret + "@127.0.0.1:4318", refused: "has a user or a password in it"},
		{flag: "env", env: map[string]string{otlpEndpoint: "http://localhost:4318", otlpHeaders: secret},
			refused: otlpHeaders + " is no list of headers"},
	} {
		to, err := test.flag.receiver(test.allowed, func(name string) string { return test.env[name] })
		switch {
		case test.refused != "":
			if err == nil || !strings.Contains(err.Error(), test.refused) || strings.Contains(err.Error(), secret) {
				t.Errorf("%+v: %v", test, err)
			}
		case err != nil:
			t.Errorf("%+v: %v", test, err)
		case test.url == "":
			if to != nil {
				t.Errorf("%+v: %v", test, to)
			}
		case to.URL != test.url || !maps.Equal(to.Headers, test.headers):
			t.Errorf("%+v: %+v", test, to)
		}
	}
}

// TestOTLP: the totals that a receiver on a socket has got in the end are those of the
// report, with what the Go runtime and the process take beside them.
func TestOTLP(t *testing.T) {
	var mu sync.Mutex
	last := map[string]float64{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var request otlp.MetricsData // the same on the wire as an ExportMetricsServiceRequest
		if err := proto.Unmarshal(body, &request); err != nil {
			t.Error(err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		clear(last)
		for _, scope := range request.ResourceMetrics[0].ScopeMetrics {
			for _, m := range scope.Metrics {
				for _, p := range slices.Concat(m.GetSum().GetDataPoints(), m.GetGauge().GetDataPoints()) {
					last[m.Name] += p.GetAsDouble()
				}
				for _, p := range m.GetExponentialHistogram().GetDataPoints() {
					last[m.Name] += float64(p.GetCount())
				}
			}
		}
	}))
	defer server.Close()
	path := filepath.Join(t.TempDir(), "load.json")
	code, out, stderr := run(t, "load", "--devices", "20", "--ramp", "1s", "--duration", "3s", "--otlp", server.URL,
		"--report", "json="+path)
	if code != reports.ExitOK || !strings.Contains(stderr, "metrics go to "+server.URL+"/v1/metrics\n") {
		t.Fatalf("exit code %d\n%s%s", code, out, stderr)
	}
	r, err := reports.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	l := r.Load
	d, o := l.Devices, l.Outcomes
	for name, want := range map[string]uint64{
		"dfcheck_devices":               20,
		"dfcheck_requests_total":        l.Requests.Starts + l.Requests.Polls,
		"dfcheck_flows_started_total":   d.Started,
		"dfcheck_flows_in_progress":     d.Pending,
		"dfcheck_flows_ended_total":     d.Approved + d.Denied + d.Expired + d.Failed + d.Abandoned,
		"dfcheck_response_bytes_total":  l.Requests.BytesIn,
		"dfcheck_lag_seconds":           l.Lag.Count,
		"dfcheck_time_to_token_seconds": l.Latency.TimeToToken.Count,
		"dfcheck_response_time_seconds": l.Latency.Start.Count + l.Latency.Poll.Count,
		"dfcheck_answers_total": o.DeviceCode + o.AuthorizationPending + o.SlowDown + o.Token + o.AccessDenied +
			o.ExpiredToken,
	} {
		if got := last[name]; got != float64(want) {
			t.Errorf("%s: sent %v, reported %d", name, got, want)
		}
	}
	if last["dfcheck_requests_total"] == 0 || last["process_cpu_seconds_total"] == 0 || last["go_goroutines"] == 0 {
		t.Errorf("sent %v", last)
	}
}

// TestOTLPIsNotWaitedFor: a receiver that is down costs a run nothing but a line.
func TestOTLPIsNotWaitedFor(t *testing.T) {
	code, out, stderr := run(t, "load", "--devices", "5", "--ramp", "1s", "--duration", "2s", "--otlp",
		"http://"+unused(t))
	if code != reports.ExitOK || strings.Count(stderr, "does not take the metrics, and is not waited for: ") != 1 {
		t.Errorf("exit code %d\n%s%s", code, out, stderr)
	}
}
