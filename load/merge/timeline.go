package merge

import (
	"fmt"

	"github.com/dfcheck/dfcheck/reports"
)

// timeline merges the seconds of all shards, which count from one instant. How late
// requests were in a second is that of the shard that was latest.
func timeline(list []*reports.Load) (out []reports.Second, err error) {
	long := 0
	for _, l := range list {
		long = max(long, len(l.Timeline))
	}
	for n := range long {
		var same []reports.Second
		for _, l := range list {
			if n < len(l.Timeline) {
				same = append(same, l.Timeline[n])
			}
		}
		s, err := second(same)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// second merges one second.
func second(same []reports.Second) (out reports.Second, err error) {
	out.Second = same[0].Second
	for _, s := range same {
		sumCounts(&out, s)
		out.LagP99 = max(out.LagP99, s.LagP99)
		if s.Server != nil { // one shard looks at it
			out.Server = s.Server
		}
		for kind, n := range s.ErrorsByKind {
			if out.ErrorsByKind == nil {
				out.ErrorsByKind = map[string]uint64{}
			}
			out.ErrorsByKind[kind] += n
		}
	}
	d, err := distribution(fmt.Sprintf("second %d", out.Second), reports.Milliseconds, same,
		func(s reports.Second) reports.Distribution {
			return reports.Distribution{Count: s.Starts + s.Polls - s.Errors, Max: s.Max, HDR: s.HDR}
		})
	out.P50, out.P99, out.Max, out.HDR = d.P50, d.P99, d.Max, d.HDR
	return out, err
}
