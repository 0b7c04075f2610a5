package merge

import (
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/load/trend"
	"github.com/dfcheck/dfcheck/reports"
)

// part of a run whose answers take longer the more codes were left behind; one process of
// so many sees every so-manieth answer.
func leaving(parts int) *reports.Load {
	var windows []reports.TrendWindow
	for i := range 40 {
		h := reports.NewHistogram(reports.Milliseconds)
		for k := range 400 / parts {
			h.Record(time.Duration(i*parts*k+100) * time.Microsecond)
		}
		w := reports.TrendWindow{Second: float64(i), Start: h.Distribution(), Poll: h.Distribution()}
		if i < 20 {
			w.LeftBehind = uint64(2000 / parts)
		} else {
			w.Expired = uint64(2000 / parts)
		}
		windows = append(windows, w)
	}
	return &reports.Load{Trend: trend.Of(windows, 1, 3, nil)}
}

// Shards find the trend that one process finds.
func TestTrendsMerge(t *testing.T) {
	whole := leaving(1).Trend
	got, err := trends([]*reports.Load{leaving(2), leaving(2)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Verdict != reports.Grows || got.LeftBehind != whole.LeftBehind || got.MostDead != whole.MostDead ||
		got.FromSecond != 3 || len(got.Windows) != 40 {
		t.Errorf("%+v", got)
	}
	for i, f := range got.Figures {
		if one := whole.Figures[i].Slope; f.Slope < 0.97*one || f.Slope > 1.03*one {
			t.Errorf("%s: %g ms for 100,000, and in one process %g", f.Name, f.Slope, one)
		}
	}
	if none, err := trends([]*reports.Load{leaving(2), {}}, nil); none != nil || err != nil {
		t.Errorf("a shard without a trend: %+v, %v", none, err)
	}
	broken := leaving(2)
	broken.Trend.Windows[7].Poll.HDR = "x"
	if _, err := trends([]*reports.Load{leaving(2), broken}, nil); err == nil {
		t.Error("a damaged histogram is merged")
	}
}

// One shard looks at the server's own metrics; the whole has them in its time line and in
// its trend.
func TestServerMetricsMerge(t *testing.T) {
	first, second := leaving(2), leaving(2)
	for i := range 40 {
		dead := float64(1000 * min(i, 40-i))
		first.Timeline = append(first.Timeline,
			reports.Second{Second: i, Server: map[string]float64{"memory": 1e8 + 500*dead}})
		second.Timeline = append(second.Timeline, reports.Second{Second: i})
	}
	list := []*reports.Load{second, first}
	all, err := timeline(list)
	if err != nil || len(all) != 40 || all[7].Server["memory"] != 1e8+500*7000 {
		t.Fatalf("%v %+v", err, all)
	}
	got, err := trends(list, all)
	if err != nil {
		t.Fatal(err)
	}
	if memory := got.Growth("server: memory"); memory == nil || memory.First < 1e8 {
		t.Errorf("%+v", got.Figures)
	}
}
