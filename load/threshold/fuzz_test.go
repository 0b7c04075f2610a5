package threshold

import (
	"math"
	"testing"

	"github.com/dfcheck/dfcheck/reports"
)

// FuzzParse: a stranger's threshold is one that can be judged, or its error is told.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"poll.p99 < 250ms", "error_rate < 1%", "poll.p99{group:television} < 1s",
		"violations == 0", "poll_growth < 5ms", "error_rate < 99999999999999999999%", "poll.p99 < ...s", "a.b{c:d}<=0m"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		limit, err := Parse(text)
		if err != nil {
			return
		}
		if math.IsInf(limit.limit, 0) || math.IsNaN(limit.limit) || limit.limit < 0 {
			t.Errorf("%q is a limit of %v", text, limit.limit)
		}
		_ = limit.Fits([]string{"a"}, nil)
		limit.Lost(&reports.Load{}, 0.5)
	})
}
