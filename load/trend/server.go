package trend

import (
	"maps"
	"math"
	"slices"

	"github.com/dfcheck/dfcheck/reports"
)

// milliseconds is the unit of response times.
const milliseconds = "ms"

// meter puts the server's own metrics into windows: the mean of what the seconds of a
// window say.
func meter(windows []reports.TrendWindow, length float64, timeline []reports.Second) []reports.TrendWindow {
	for i := range windows {
		w := &windows[i]
		sum, n := map[string]float64{}, map[string]float64{}
		from, to := int(w.Second), int(w.Second+length)
		for _, s := range timeline[min(from, len(timeline)):min(to, len(timeline))] {
			for name, v := range s.Server {
				sum[name] += v
				n[name]++
			}
		}
		w.Server = nil
		for name := range sum {
			if w.Server == nil {
				w.Server = map[string]float64{}
			}
			w.Server[name] = round(sum[name] / n[name])
		}
	}
	return windows
}

// metered are the names of the server's metrics.
func metered(windows []reports.TrendWindow) []string {
	names := map[string]bool{}
	for _, w := range windows {
		for name := range w.Server {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// ofServer is the trend of one of the server's own metrics. It makes no verdict on the
// server: a store takes memory for what it holds.
func (r *run) ofServer(name string) reports.TrendFigure {
	return r.figure("server: "+name, reports.ServerUnit(name), func(w reports.TrendWindow) float64 {
		if v, ok := w.Server[name]; ok {
			return v
		}
		return math.NaN()
	})
}
