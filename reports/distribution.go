package reports

import (
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Distribution is a set of measurements, in milliseconds unless its member
// says otherwise. Count, min, mean and max are exact; percentiles are those of
// the histogram, right to three digits.
type Distribution struct {
	Count uint64  `json:"count"`
	Min   float64 `json:"min"`
	Mean  float64 `json:"mean"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p999"`
	Max   float64 `json:"max"`
	// Sum of all, for merging: the mean is rounded.
	Sum float64 `json:"sum,omitempty"`
	// HDR is the histogram, V2 compressed, base64: microseconds where the
	// distribution is milliseconds, else whole counts.
	HDR string `json:"hdr,omitempty"`
}

// Unit of a histogram: how many of its counts make one of its distribution.
type Unit float64

const (
	Milliseconds Unit = 1000 // recorded in microseconds
	Counts       Unit = 1    // recorded as they are
)

// The configuration of every histogram: 1 microsecond to 1 hour, 3 digits.
// Histograms of one configuration merge without loss.
const (
	hdrLow    = 1
	hdrHigh   = int64(time.Hour / time.Microsecond)
	hdrDigits = 3
)

// Histogram collects measurements. It is not safe for concurrent use. A value
// beyond its range counts as the nearest one, min and max stay exact.
type Histogram struct {
	unit     Unit
	hdr      *hdrhistogram.Histogram
	count    uint64
	sum      int64   // exact, in the unit of total
	min, max float64 // in the distribution's unit
}

// NewHistogram returns an empty histogram.
func NewHistogram(u Unit) *Histogram {
	return &Histogram{unit: u, hdr: hdrhistogram.New(hdrLow, hdrHigh, hdrDigits)}
}

// Record adds a time to a histogram of milliseconds.
func (h *Histogram) Record(d time.Duration) {
	h.add(int64(d/time.Microsecond), int64(d), float64(d)/float64(time.Millisecond))
}

// RecordCount adds a number to a histogram of counts.
func (h *Histogram) RecordCount(n int64) { h.add(n, n, float64(n)) }

func (h *Histogram) add(counts, total int64, value float64) {
	value = max(value, 0)
	if h.count == 0 || value < h.min {
		h.min = value
	}
	h.max = max(h.max, value)
	h.sum += max(total, 0)
	h.count++
	_ = h.hdr.RecordValue(min(max(counts, 0), hdrHigh)) // in range
}

// Clone returns a histogram of its own with the same measurements.
func (h *Histogram) Clone() *Histogram {
	c := *h
	c.hdr = h.hdr.Clone()
	return &c
}

// Sum of the measurements, in the distribution's unit. It is added up in whole
// nanoseconds, so that no order of merging makes another.
func (h *Histogram) Sum() float64 { return float64(h.sum) / h.unit.inSum() }

// Bars are the measurements in order: how many lie at a value, in the distribution's
// unit and right to three digits.
func (h *Histogram) Bars() iter.Seq2[float64, uint64] {
	return func(yield func(float64, uint64) bool) {
		for _, bar := range h.hdr.Distribution() {
			if bar.Count > 0 && !yield(float64(bar.From+bar.To)/2/float64(h.unit), uint64(bar.Count)) {
				return
			}
		}
	}
}

// Count is the number of measurements.
func (h *Histogram) Count() uint64 { return h.count }

// Quantile returns the value at q, 0..1, in the distribution's unit.
func (h *Histogram) Quantile(q float64) float64 {
	if h.count == 0 {
		return 0
	}
	v := float64(h.hdr.ValueAtQuantile(q*100)) / float64(h.unit)
	return round(min(max(v, h.min), h.max))
}

// Distribution returns the figures, with the histogram in them.
func (h *Histogram) Distribution() Distribution {
	if h.count == 0 {
		return Distribution{}
	}
	d := Distribution{Count: h.count, Min: round(h.min), Mean: round(h.Sum() / float64(h.count)), Max: round(h.max),
		Sum: h.Sum(), P50: h.Quantile(0.50), P90: h.Quantile(0.90), P95: h.Quantile(0.95), P99: h.Quantile(0.99),
		P999: h.Quantile(0.999)}
	d.HDR = h.encoded()
	return d
}

// inSum is how many of a histogram's sum make one of its distribution.
func (u Unit) inSum() float64 {
	if u == Milliseconds {
		return float64(time.Millisecond)
	}
	return 1
}

// encoded is the histogram as base64 text.
func (h *Histogram) encoded() string {
	text, err := h.hdr.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil { // it writes to memory
		panic(err)
	}
	return string(text)
}

// Merge adds another histogram's measurements. Nothing is lost: both have the
// same buckets.
func (h *Histogram) Merge(o *Histogram) error {
	if h.unit != o.unit {
		return fmt.Errorf("histograms of different units: %v and %v", h.unit, o.unit)
	}
	if o.count == 0 {
		return nil
	}
	if dropped := h.hdr.Merge(o.hdr); dropped > 0 {
		return fmt.Errorf("merging lost %d of %d measurements", dropped, o.count)
	}
	if h.count == 0 || o.min < h.min {
		h.min = o.min
	}
	h.max = max(h.max, o.max)
	h.sum += o.sum
	h.count += o.count
	return nil
}

// Histogram decodes the distribution's histogram.
func (d Distribution) Histogram(u Unit) (*Histogram, error) {
	h := NewHistogram(u)
	if d.Count == 0 {
		return h, nil
	}
	hdr, err := decodeHDR(d.HDR)
	if err != nil {
		return nil, err
	}
	if n := uint64(hdr.TotalCount()); n != d.Count {
		return nil, fmt.Errorf("histogram holds %d measurements, its count says %d", n, d.Count)
	}
	sum := d.Sum
	if sum == 0 { // of a report that has none
		sum = d.Mean * float64(d.Count)
	}
	return &Histogram{unit: u, hdr: hdr, count: d.Count, sum: int64(math.Round(sum * u.inSum())), min: d.Min,
		max: d.Max}, nil
}

func decodeHDR(text string) (*hdrhistogram.Histogram, error) {
	if text == "" {
		return nil, fmt.Errorf("no histogram (hdr) to merge")
	}
	hdr, err := hdrhistogram.Decode([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("unreadable histogram: %w", err)
	}
	if hdr.LowestTrackableValue() != hdrLow || hdr.HighestTrackableValue() != hdrHigh ||
		hdr.SignificantFigures() != hdrDigits {
		return nil, fmt.Errorf("histogram of another configuration (%d to %d, %d digits)",
			hdr.LowestTrackableValue(), hdr.HighestTrackableValue(), hdr.SignificantFigures())
	}
	return hdr, nil
}

// round to the microsecond, so that figures do not show the floating point.
func round(v float64) float64 { return math.Round(v*1000) / 1000 }
