package merge

import (
	"sync"

	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/load/shard"
	"github.com/dfcheck/dfcheck/reports"
)

// Follower merges what shards say while they run. Its methods may be called from
// many goroutines.
type Follower struct {
	shards int
	mu     sync.Mutex
	last   map[int]*reports.Report
}

// Follow a run of so many shards.
func Follow(shards int) *Follower { return &Follower{shards: shards, last: map[int]*reports.Report{}} }

// Line takes in a line that a shard printed. When it is one of progress, the merged
// figures so far are returned, else nil. lost is a threshold that the whole cannot
// meet any more, if there is one.
func (f *Follower) Line(line string) (so *reports.Load, lost string) {
	r, ok := shard.ParseLine(line)
	if !ok || r.Load.Shard.StartAt == nil {
		return nil, ""
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last[r.Load.Shard.Index] = r
	var list []*reports.Report
	for _, r := range f.last {
		list = append(list, r)
	}
	all, err := Live(list, f.shards)
	if err != nil {
		return nil, "" // the merge of the files says it
	}
	return all.Load, load.OutOfReach(all.Load)
}
