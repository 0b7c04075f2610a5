package metrics

import (
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
)

// exported are metrics of Prometheus as OpenTelemetry sends them: under their names,
// cumulative since the beginning of the run. On the wire a MetricsData is the same as an
// ExportMetricsServiceRequest, whose package would bring gRPC with it.
func exported(families []*dto.MetricFamily, source []*common.KeyValue, began, now time.Time) *otlp.MetricsData {
	c := conversion{uint64(began.UnixNano()), uint64(now.UnixNano())}
	scope := &otlp.ScopeMetrics{Scope: &common.InstrumentationScope{Name: "github.com/dfcheck/dfcheck/load/metrics"}}
	for _, f := range families {
		m := &otlp.Metric{Name: f.GetName(), Description: f.GetHelp(), Unit: unit(f.GetName())}
		if c.fill(m, f) {
			scope.Metrics = append(scope.Metrics, m)
		}
	}
	return &otlp.MetricsData{ResourceMetrics: []*otlp.ResourceMetrics{{
		Resource: &resource.Resource{Attributes: source}, ScopeMetrics: []*otlp.ScopeMetrics{scope}}}}
}

// unit is what a metric counts in, in OpenTelemetry's words: Prometheus has it in the
// name.
func unit(name string) string {
	switch name = strings.TrimSuffix(name, "_total"); {
	case strings.HasSuffix(name, "_seconds"):
		return "s"
	case strings.HasSuffix(name, "_bytes"):
		return "By"
	}
	return "1"
}

func attribute(key, value string) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: value}}}
}

// A conversion is of the metrics of a stretch of time, in nanoseconds since 1970.
type conversion struct{ began, now uint64 }

// cumulative counts since the beginning.
const cumulative = otlp.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE

// fill adds the data of a family; false for a kind that dfcheck has not.
func (c conversion) fill(m *otlp.Metric, f *dto.MetricFamily) bool {
	switch f.GetType() {
	case dto.MetricType_COUNTER:
		m.Data = &otlp.Metric_Sum{Sum: &otlp.Sum{AggregationTemporality: cumulative, IsMonotonic: true,
			DataPoints: c.numbers(f, func(m *dto.Metric) float64 { return m.GetCounter().GetValue() })}}
	case dto.MetricType_GAUGE:
		m.Data = &otlp.Metric_Gauge{Gauge: &otlp.Gauge{
			DataPoints: c.numbers(f, func(m *dto.Metric) float64 { return m.GetGauge().GetValue() })}}
	case dto.MetricType_HISTOGRAM:
		m.Data = &otlp.Metric_ExponentialHistogram{ExponentialHistogram: &otlp.ExponentialHistogram{
			AggregationTemporality: cumulative, DataPoints: c.histograms(f)}}
	case dto.MetricType_SUMMARY:
		m.Data = &otlp.Metric_Summary{Summary: &otlp.Summary{DataPoints: c.summaries(f)}}
	default:
		return false
	}
	return true
}

func (c conversion) numbers(f *dto.MetricFamily, value func(*dto.Metric) float64) (out []*otlp.NumberDataPoint) {
	for _, m := range f.GetMetric() {
		out = append(out, &otlp.NumberDataPoint{Attributes: labels(m), StartTimeUnixNano: c.began, TimeUnixNano: c.now,
			Value: &otlp.NumberDataPoint_AsDouble{AsDouble: value(m)}})
	}
	return out
}

// histograms are native ones: both sides have the same buckets, which Prometheus names by
// their upper bounds and OpenTelemetry by their lower ones.
func (c conversion) histograms(f *dto.MetricFamily) (out []*otlp.ExponentialHistogramDataPoint) {
	for _, m := range f.GetMetric() {
		h := m.GetHistogram()
		sum := h.GetSampleSum()
		p := &otlp.ExponentialHistogramDataPoint{Attributes: labels(m), StartTimeUnixNano: c.began, TimeUnixNano: c.now,
			Count: h.GetSampleCount(), Sum: &sum, Scale: h.GetSchema(), ZeroCount: h.GetZeroCount(),
			ZeroThreshold: h.GetZeroThreshold(), Positive: &otlp.ExponentialHistogramDataPoint_Buckets{}}
		n, deltas := int64(0), h.GetPositiveDelta()
		for i, span := range h.GetPositiveSpan() {
			if i == 0 {
				p.Positive.Offset = span.GetOffset() - 1
			} else {
				p.Positive.BucketCounts = append(p.Positive.BucketCounts, make([]uint64, span.GetOffset())...)
			}
			for range span.GetLength() {
				n, deltas = n+deltas[0], deltas[1:]
				p.Positive.BucketCounts = append(p.Positive.BucketCounts, uint64(n))
			}
		}
		out = append(out, p)
	}
	return out
}

func (c conversion) summaries(f *dto.MetricFamily) (out []*otlp.SummaryDataPoint) {
	for _, m := range f.GetMetric() {
		s := m.GetSummary()
		p := &otlp.SummaryDataPoint{Attributes: labels(m), StartTimeUnixNano: c.began, TimeUnixNano: c.now,
			Count: s.GetSampleCount(), Sum: s.GetSampleSum()}
		for _, q := range s.GetQuantile() {
			p.QuantileValues = append(p.QuantileValues, &otlp.SummaryDataPoint_ValueAtQuantile{Quantile: q.GetQuantile(),
				Value: q.GetValue()})
		}
		out = append(out, p)
	}
	return out
}

func labels(m *dto.Metric) (out []*common.KeyValue) {
	for _, l := range m.GetLabel() {
		out = append(out, attribute(l.GetName(), l.GetValue()))
	}
	return out
}
