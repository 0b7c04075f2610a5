package merge

import (
	"fmt"
	"reflect"
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// addCounts adds all counts of a part of the document, members that come later
// included. Rates and shares are not added: they follow from the counts.
func addCounts(to, from reflect.Value) {
	switch to.Kind() {
	case reflect.Uint64:
		to.SetUint(to.Uint() + from.Uint())
	case reflect.Struct:
		if to.Type() == reflect.TypeFor[reports.Distribution]() {
			return
		}
		for i := range to.NumField() {
			addCounts(to.Field(i), from.Field(i))
		}
	}
}

// sumCounts is addCounts for two values of one type.
func sumCounts[T any](to *T, from T) { addCounts(reflect.ValueOf(to).Elem(), reflect.ValueOf(from)) }

// breakdown merges one part of the run, as all shards have it; seconds is how long
// requests were sent.
func breakdown(list []*reports.Breakdown, seconds float64) (out reports.Breakdown, err error) {
	out.Name, out.FromSecond = list[0].Name, list[0].FromSecond
	for _, b := range list {
		sumCounts(&out, *b)
	}
	type part = *reports.Breakdown
	m := merging[part]{list: list}
	name := func(what string) string { return fmt.Sprintf("%s of %s", what, out.Name) }
	ms := reports.Milliseconds
	m.add(&out.Latency.Start, name("latency_ms.start"), ms, func(b part) reports.Distribution { return b.Latency.Start })
	m.add(&out.Latency.Poll, name("latency_ms.poll"), ms, func(b part) reports.Distribution { return b.Latency.Poll })
	m.add(&out.Latency.TimeToToken, name("latency_ms.time_to_token"), ms,
		func(b part) reports.Distribution { return b.Latency.TimeToToken })
	m.add(&out.TokenWait.Waiting, name("time_to_token_ms.waiting"), ms,
		func(b part) reports.Distribution { return b.TokenWait.Waiting })
	m.add(&out.TokenWait.Server, name("time_to_token_ms.server"), ms,
		func(b part) reports.Distribution { return b.TokenWait.Server })
	m.add(&out.PollsPerFlow, name("polls_per_flow"), reports.Counts,
		func(b part) reports.Distribution { return b.PollsPerFlow })
	out.Derive(time.Duration(seconds * float64(time.Second)))
	return out, m.err
}

// breakdowns merges the groups or the stages of all shards. lengths are those of the
// parts, in seconds.
func breakdowns(lists [][]reports.Breakdown, length func(i int) float64) (out []reports.Breakdown, err error) {
	for i := range lists[0] {
		var same []*reports.Breakdown
		for _, list := range lists {
			if len(list) != len(lists[0]) || list[i].Name != lists[0][i].Name {
				return nil, fmt.Errorf("shards have different groups or stages")
			}
			same = append(same, &list[i])
		}
		b, err := breakdown(same, length(i))
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}
