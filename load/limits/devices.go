package limits

import (
	"fmt"
	"math"
	"slices"

	"github.com/dfcheck/dfcheck/reports"
)

// devices finds out for how many devices behind one public address the limiters leave
// room that keep the interval, and start another flow when their code has expired.
func devices(out *reports.Limits) {
	least, atOnce := math.Inf(1), math.Inf(1)
	for _, l := range out.Limiters {
		need := 0.0 // requests a second of one device
		starts, polls := l.Requests == reports.LimitedStarts || slices.Contains(l.Covers, reports.LimitedStarts),
			l.Requests == reports.LimitedPolls || slices.Contains(l.Covers, reports.LimitedPolls)
		switch l.Requests {
		case reports.LimitedUnknown, reports.LimitedEntries, reports.LimitedStaying: // which no polite device sends
			continue
		case reports.LimitedSeveral:
			polls = true
		}
		if starts {
			need += 1 / out.LifetimeSeconds
		}
		if polls {
			need += 1 / out.IntervalSeconds
		}
		rate := l.PerSecond
		if !l.Found {
			rate = l.TriedPerSecond
		}
		n := math.Floor(rate/need + 1e-9)
		if slices.Contains(l.Key, keyCode) {
			if l.PerSecond*out.IntervalSeconds < 0.9 {
				out.Notes = append(out.Notes, fmt.Sprintf("a device that keeps its interval of %g s is refused, whoever "+
					"shares its address", out.IntervalSeconds))
				n = 0
			} else {
				continue
			}
		} else if l.Found {
			atOnce = min(atOnce, float64(l.Burst))
		}
		if n < least {
			least, out.LimitedBy, out.AtLeast = n, l.Requests, !l.Found
		}
	}
	if !math.IsInf(least, 1) {
		out.PoliteDevices = uint64(least)
	}
	if !math.IsInf(atOnce, 1) {
		out.AtOnce = uint64(atOnce)
	}
}
