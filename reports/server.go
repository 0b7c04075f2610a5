package reports

import (
	"maps"
	"math"
	"slices"
)

// ServerUnit is the unit of one of a server's own metrics.
func ServerUnit(name string) string {
	if name == "memory" {
		return unitBytes
	}
	return ""
}

const unitBytes = "bytes"

// withUnit is a figure as people read it.
func withUnit(v float64, unit string) string {
	if unit == unitBytes {
		if v < 0 {
			return "−" + amount(uint64(-v))
		}
		return amount(uint64(v))
	}
	return figure(v) + after(" ", unit)
}

// metered are the names of the server's own metrics in the time line.
func (l *Load) metered() []string {
	names := map[string]bool{}
	for _, s := range l.Timeline {
		for name := range s.Server {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// readings are what one of the metrics was, in order.
func (l *Load) readings(name string) (values []float64) {
	for _, s := range l.Timeline {
		if v, ok := s.Server[name]; ok {
			values = append(values, v)
		}
	}
	return values
}

// serverBlock is what the server's own metrics were.
func (l *Load) serverBlock() (b block) {
	names := l.metered()
	if len(names) == 0 {
		return b
	}
	b.title = "the server's own metrics"
	b.table = [][]string{{"metric", "at first", "least", "most", "at last", "looks"}}
	for _, name := range names {
		v, unit := l.readings(name), ServerUnit(name)
		b.table = append(b.table, []string{name, withUnit(v[0], unit), withUnit(slices.Min(v), unit),
			withUnit(slices.Max(v), unit), withUnit(v[len(v)-1], unit), grouped(uint64(len(v)))})
	}
	return b
}

// serverCharts have a metric each, since their units differ. What it was at the last look
// it is until the next.
func (l *Load) serverCharts() (out []*chartFigure) {
	for _, name := range l.metered() {
		title, scale := "Server: "+legible(name), 1.0
		if ServerUnit(name) == unitBytes {
			title, scale = title+", MB", 1e6
		}
		last := math.NaN()
		line := l.line(legible(name), "s5", func(s Second) float64 {
			if v, ok := s.Server[name]; ok {
				last = v / scale
			}
			return last
		})
		if f := l.overTime(title, "", line); f != nil {
			out = append(out, f)
		}
	}
	return out
}
