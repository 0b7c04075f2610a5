package metrics

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/dfcheck/dfcheck/reports"
)

// schema of native histograms: eight buckets for each doubling, so that a value is
// known to a twelfth.
const schema = 3

// bounds of the classic buckets, in seconds, for those who do not read native ones.
var bounds = []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}

// milliseconds of a second.
const milliseconds = 1000

// histogram has native and classic buckets.
type histogram struct {
	prometheus.Metric
	classic []*dto.Bucket
}

// Write is part of prometheus.Metric.
func (h histogram) Write(m *dto.Metric) error {
	err := h.Metric.Write(m)
	if err == nil {
		m.Histogram.Bucket, m.Histogram.CreatedTimestamp = h.classic, nil
	}
	return err
}

// times is a distribution of milliseconds as a histogram of seconds.
func (s sink) times(d *prometheus.Desc, of reports.Distribution, labels ...string) {
	h, err := of.Histogram(reports.Milliseconds)
	if err != nil {
		s <- prometheus.NewInvalidMetric(d, err)
		return
	}
	native, zeros := map[int]int64{}, uint64(0)
	counts := make([]uint64, len(bounds))
	for value, n := range h.Bars() {
		at := value / milliseconds
		if at <= 0 {
			zeros += n
		} else {
			native[bucketOf(at)] += int64(n)
		}
		for i, bound := range bounds {
			if at <= bound {
				counts[i] += n
			}
		}
	}
	m, err := prometheus.NewConstNativeHistogram(d, h.Count(), h.Sum()/milliseconds, native, nil, zeros, schema, 0,
		time.Time{}, labels...)
	if err != nil {
		s <- prometheus.NewInvalidMetric(d, err)
		return
	}
	out := histogram{Metric: m}
	for i, bound := range bounds {
		out.classic = append(out.classic, &dto.Bucket{UpperBound: &bound, CumulativeCount: &counts[i]})
	}
	s <- out
}

// bucketOf is the native bucket of a value: bucket i holds those above 2^((i-1)/8) up to
// 2^(i/8).
func bucketOf(v float64) int { return int(math.Ceil(math.Log2(v) * (1 << schema))) }
