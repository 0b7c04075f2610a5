package daily

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// In eight days the race detector has seen all, and something each day.
func TestPart(t *testing.T) {
	for _, size := range []int{1, 3, 8, 100} {
		all := make([]int, size)
		for i := range all {
			all[i] = i
		}
		synctest.Test(t, func(t *testing.T) {
			var seen []int
			for range 8 {
				part := Part(t, all)
				if len(part) == 0 || !Racing && len(part) != size || Racing && len(part) > (size+7)/8 {
					t.Errorf("%d of %d", len(part), size)
				}
				seen = append(seen, part...)
				time.Sleep(24 * time.Hour)
			}
			slices.Sort(seen)
			if seen = slices.Compact(seen); !slices.Equal(seen, all) {
				t.Errorf("of %d only %v", size, seen)
			}
		})
	}
	if part := Part[int](t, nil); part != nil {
		t.Errorf("of nothing: %v", part)
	}
}
