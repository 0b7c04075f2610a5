package reports

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// grouped writes a number with separators: 5,000,000.
func grouped(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// figure writes a measured value with three digits that mean something, and all
// of those before the point.
func figure(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1e18 || math.IsNaN(v):
		return fmt.Sprintf("%.3g", v)
	case a >= 99.95:
		sign := ""
		if v < 0 {
			sign = "-"
		}
		return sign + grouped(uint64(math.Round(a)))
	case a == 0:
		return "0"
	default:
		places := max(2-int(math.Floor(math.Log10(a))), 0)
		return strings.TrimRight(strings.TrimRight(strconv.FormatFloat(v, 'f', min(places, 6), 64), "0"), ".")
	}
}

// plural is a count with its noun: 1 check, 2,000 checks.
func plural[N int | uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(uint64(n)) + " " + noun + "s"
}

// Grouped, Figure and Plural write numbers as reports do: 5,000,000, 0.0123,
// 2,000 requests.
func Grouped(n uint64) string             { return grouped(n) }
func Figure(v float64) string             { return figure(v) }
func Plural(n uint64, noun string) string { return plural(n, noun) }

// Measured is the value as people read it: 34.7 %.
func (t Threshold) Measured() string {
	switch {
	case t.Verdict == Inconclusive && t.Value == 0:
		return "not measured"
	case t.Unit == "ms":
		return figure(t.Value) + " ms"
	case t.Unit == "share":
		return figure(100*t.Value) + " %"
	}
	return figure(t.Value)
}

// Clock is a time as people count it while they wait.
func Clock(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	if d < 2*time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	if d < time.Hour {
		return fmt.Sprintf("%d:%02d min", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d:%02d h", int(d.Hours()), int(d.Minutes())%60)
}
