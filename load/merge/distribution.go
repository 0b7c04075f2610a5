package merge

import (
	"fmt"

	"github.com/dfcheck/dfcheck/reports"
)

// distribution adds the histograms of parts, bucket by bucket. name is what the
// document calls them. Its error is that of a histogram that is damaged, or of other
// buckets.
func distribution[T any](name string, u reports.Unit, list []T,
	of func(T) reports.Distribution) (reports.Distribution, error) {
	sum := reports.NewHistogram(u)
	for i, part := range list {
		h, err := of(part).Histogram(u)
		if err == nil {
			err = sum.Merge(h)
		}
		if err != nil {
			return reports.Distribution{}, fmt.Errorf("%s of shard %d: %w", name, i, err)
		}
	}
	return sum.Distribution(), nil
}

// merging merges many distributions of one list of parts; the first error stays.
type merging[T any] struct {
	list []T
	err  error
}

func (m *merging[T]) add(to *reports.Distribution, name string, u reports.Unit, of func(T) reports.Distribution) {
	d, err := distribution(name, u, m.list, of)
	if m.err == nil {
		m.err = err
	}
	*to = d
}
