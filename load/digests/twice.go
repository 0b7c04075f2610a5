package digests

import (
	"cmp"
	"slices"
	"time"
)

// Twice is a secret that two shards had at the same time.
type Twice struct {
	Count  uint64
	Shards [2]int        // of the first
	At     time.Duration // of the run, when the second of them got it
}

// Find counts those that a shard got while another had them, for longer than the
// clocks of two shards may differ. What one shard got twice it has seen by itself.
func Find(all []Seen, clocks time.Duration) (t Twice) {
	slices.SortFunc(all, func(a, b Seen) int {
		return cmp.Or(cmp.Compare(a.Digest, b.Digest), cmp.Compare(a.From, b.From), cmp.Compare(a.Shard, b.Shard))
	})
	first := uint32(1<<32 - 1)
	for i, from := 0, 0; i < len(all); i++ {
		if all[i].Digest != all[from].Digest {
			from = i
		}
		x := all[i]
		with := slices.IndexFunc(all[from:i], func(o Seen) bool {
			both := int64(min(o.Until, x.Until)) - int64(x.From)
			return o.Shard != x.Shard && both > clocks.Milliseconds()
		})
		if with < 0 {
			continue
		}
		t.Count++
		if x.From < first || t.Count == 1 {
			first = x.From
			t.Shards, t.At = [2]int{all[from+with].Shard, x.Shard}, time.Duration(x.From)*time.Millisecond
		}
	}
	return t
}
