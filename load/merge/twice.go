package merge

import (
	"fmt"
	"slices"
	"time"

	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/load/digests"
	"github.com/dfcheck/dfcheck/reports"
)

// overlap is for how long two shards must have had the same code before it counts:
// their clocks differ, and a code may be given again once its flow is over.
const overlap = time.Second

// addTwice adds what no shard could see by itself: codes and tokens that two shards
// had.
func addTwice(list []reports.Violation, seen *digests.Set, clocks time.Duration) []reports.Violation {
	deviceCode, userCode, token := load.Twice()
	for _, x := range []struct {
		v   reports.Violation
		all []digests.Seen
	}{{deviceCode, seen.DeviceCodes}, {userCode, seen.UserCodes}, {token, seen.Tokens}} {
		found := digests.Find(x.all, max(overlap, 2*clocks))
		if found.Count == 0 {
			continue
		}
		example := fmt.Sprintf("shards %d and %d, %.3f s: two devices of different shards; seen in their digests",
			found.Shards[0], found.Shards[1], found.At.Seconds())
		if i := slices.IndexFunc(list, func(v reports.Violation) bool { return v.Kind == x.v.Kind }); i >= 0 {
			list[i].Count += found.Count
			continue
		}
		x.v.Count, x.v.Example = found.Count, example
		list = append(list, x.v)
	}
	inOrder(list)
	return list
}
