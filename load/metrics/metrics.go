package metrics

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/dfcheck/dfcheck/reports"
)

// Handler serves the metrics of a run at /metrics. figures returns what is known of the
// run, nil before it begins.
func Handler(figures func() (*reports.Load, error)) http.Handler {
	all := registry(figures)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(all, promhttp.HandlerOpts{Registry: all}))
	return mux
}

// registry has the metrics of a run, of the process and of the Go runtime.
func registry(figures func() (*reports.Load, error)) *prometheus.Registry {
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(collector{figures}, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// collector makes metrics of the figures.
type collector struct {
	figures func() (*reports.Load, error)
}

// The metrics, with their labels. Counters are of the whole run.
var (
	devices       = desc("devices", "Simulated devices.")
	flowsStarted  = desc("flows_started_total", "Flows that were started, those that got no code among them.")
	flowsActive   = desc("flows_in_progress", "Flows with codes that are neither decided nor expired for their device.")
	flowsOver     = desc("flows_ended_total", "Flows that ended, by how.", "end")
	requests      = desc("requests_total", "Requests that have ended, by operation.", "operation")
	failed        = desc("requests_failed_total", "Requests whose end counts as an error, by operation.", "operation")
	timedOut      = desc("requests_timed_out_total", "Requests without an answer in time, by operation.", "operation")
	notSent       = desc("requests_not_sent_total", "Requests that this machine had no port, file or memory for.")
	answers       = desc("answers_total", "Ends of requests, by what came.", "outcome")
	errorKinds    = desc("errors_total", "Errors, by kind.", "kind")
	violations    = desc("violations_total", "Broken promises of the protocol, by kind and check.", "kind", "check")
	requestBytes  = desc("request_bytes_total", "Header and body of requests, in bytes.")
	responseBytes = desc("response_bytes_total", "Header and body of answers, in bytes.")
	saturated     = desc("saturated", "1 when this machine, not the target, was slow.")
	response      = desc("response_time_seconds", "From when a request was due to its answer, by operation.", "operation")
	service       = desc("service_time_seconds", "From when a request was sent to its answer, by operation.", "operation")
	lag           = desc("lag_seconds", "From when a request was due to when it was sent.")
	timeToToken   = desc("time_to_token_seconds", "From the approval to the device that has its token.")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("dfcheck_"+name, help, labels, nil)
}

// Describe is part of prometheus.Collector.
func (c collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{devices, flowsStarted, flowsActive, flowsOver, requests, failed, timedOut,
		notSent, answers, errorKinds, violations, requestBytes, responseBytes, saturated, response, service, lag,
		timeToToken} {
		out <- d
	}
}

// The labels of operations.
const (
	starts = "device_authorization"
	polls  = "poll"
)

// Collect is part of prometheus.Collector.
func (c collector) Collect(out chan<- prometheus.Metric) {
	l, err := c.figures()
	if err != nil {
		out <- prometheus.NewInvalidMetric(devices, err)
		return
	}
	if l == nil {
		return
	}
	s := sink(out)
	r, d := l.Requests, l.Devices
	s.gauge(devices, d.Simulated)
	s.gauge(flowsActive, d.Pending)
	s.count(flowsStarted, d.Started)
	for end, n := range map[string]uint64{"approved": d.Approved, "denied": d.Denied, "expired": d.Expired,
		"failed": d.Failed, "abandoned": d.Abandoned} {
		s.count(flowsOver, n, end)
	}
	s.count(requests, r.Starts, starts)
	s.count(requests, r.Polls, polls)
	s.count(failed, r.FailedStarts, starts)
	s.count(failed, r.FailedPolls, polls)
	s.count(timedOut, r.TimedOutStarts, starts)
	s.count(timedOut, r.TimedOutPolls, polls)
	s.count(notSent, r.NotSent)
	for outcome, n := range outcomes(l.Outcomes) {
		s.count(answers, n, outcome)
	}
	for _, e := range l.Errors {
		s.count(errorKinds, e.Count, e.Kind)
	}
	for _, v := range l.Violations {
		s.count(violations, v.Count, v.Kind, v.Check)
	}
	s.count(requestBytes, r.BytesOut)
	s.count(responseBytes, r.BytesIn)
	s.gauge(saturated, one(l.Client.Saturated))
	s.times(response, l.Latency.Start, starts)
	s.times(response, l.Latency.Poll, polls)
	s.times(service, l.Service.Start, starts)
	s.times(service, l.Service.Poll, polls)
	s.times(lag, l.Lag)
	s.times(timeToToken, l.Latency.TimeToToken)
}

func outcomes(o reports.Outcomes) map[string]uint64 {
	return map[string]uint64{"device_code": o.DeviceCode, "authorization_pending": o.AuthorizationPending,
		"slow_down": o.SlowDown, "token": o.Token, "access_denied": o.AccessDenied, "expired_token": o.ExpiredToken,
		"oauth_error": o.OAuthError, "refused": o.Refused, "http_4xx": o.HTTP4xx, "http_5xx": o.HTTP5xx,
		"malformed": o.Malformed, "timeout": o.Timeout, "connection": o.Connection}
}

func one(yes bool) uint64 {
	if yes {
		return 1
	}
	return 0
}

// sink is where metrics go.
type sink chan<- prometheus.Metric

func (s sink) count(d *prometheus.Desc, n uint64, labels ...string) {
	s <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
}

func (s sink) gauge(d *prometheus.Desc, n uint64) {
	s <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n))
}
