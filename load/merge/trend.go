package merge

import (
	"fmt"

	"github.com/dfcheck/dfcheck/load/trend"
	"github.com/dfcheck/dfcheck/reports"
)

// trends finds the trend of the whole in the windows that all shards have, which count
// from one instant; nil where a shard has none. The time line is that of the whole.
func trends(list []*reports.Load, timeline []reports.Second) (*reports.Trend, error) {
	first := list[0].Trend
	if first == nil {
		return nil, nil
	}
	n := len(first.Windows)
	for _, l := range list {
		if l.Trend == nil {
			return nil, nil
		}
		n = min(n, len(l.Trend.Windows))
	}
	all := make([]reports.TrendWindow, n)
	for i := range all {
		w := &all[i]
		type part = *reports.Load
		m := merging[part]{list: list}
		name, ms := fmt.Sprintf("trend, window %d", i), reports.Milliseconds
		m.add(&w.Start, name, ms, func(l part) reports.Distribution { return l.Trend.Windows[i].Start })
		m.add(&w.Poll, name, ms, func(l part) reports.Distribution { return l.Trend.Windows[i].Poll })
		if m.err != nil {
			return nil, m.err
		}
		w.Second = first.Windows[i].Second
		for _, l := range list {
			w.LeftBehind += l.Trend.Windows[i].LeftBehind
			w.Expired += l.Trend.Windows[i].Expired
		}
	}
	return trend.Of(all, first.WindowSeconds, first.FromSecond, timeline), nil
}
