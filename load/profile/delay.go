package profile

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Delay is a random time: fixed (median), uniform (from 0 to twice the median),
// lognormal by median and 95th percentile, or replay: as often as in a file.
type Delay struct {
	Kind   string     `yaml:"kind"`
	Median Duration   `yaml:"median,omitempty"`
	P95    Duration   `yaml:"p95,omitempty"`
	File   string     `yaml:"file,omitempty"`  // of replay: CSV
	Times  []Duration `yaml:"times,omitempty"` // of replay, when there is no file; sorted when read
}

var delayKinds = []string{"fixed", "uniform", "lognormal", "replay"}

func (d *Delay) check() (errs []error) {
	bad := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("delay: "+format, args...))
		}
	}
	bad(slices.Contains(delayKinds, d.Kind),
		"kind is %q; it must be fixed, uniform, lognormal or replay", d.Kind)
	bad(d.Median >= 0 && d.P95 >= 0, "median and p95 must not be negative")
	bad(d.Kind != "lognormal" || d.P95 > d.Median && d.Median > 0, "lognormal needs a median and a larger p95")
	bad(d.Kind == "lognormal" || d.P95 == 0, "p95 belongs to the kind lognormal")
	bad(d.Kind != "replay" || len(d.Times) > 0 && d.Median == 0, "replay needs a file, or times, and no median")
	bad(d.Kind == "replay" || d.File == "" && len(d.Times) == 0, "file and times belong to the kind replay")
	bad(len(d.Times) == 0 || slices.Min(d.Times) >= 0, "times must not be negative")
	return errs
}

// At is the delay at a quantile, from 0 to 1.
func (d Delay) At(q float64) time.Duration {
	m := float64(d.Median)
	switch d.Kind {
	case "uniform":
		return time.Duration(2 * m * q)
	case "lognormal":
		sigma := math.Log(float64(d.P95)/m) / 1.6448536269514722
		z := math.Sqrt2 * math.Erfinv(2*min(max(q, 1e-9), 1-1e-9)-1)
		return time.Duration(m * math.Exp(sigma*z))
	case "replay":
		return time.Duration(d.Times[min(int(q*float64(len(d.Times))), len(d.Times)-1)])
	}
	return time.Duration(m)
}
