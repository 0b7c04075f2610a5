package merge

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/reports"
)

// maxExamples is how many exchanges are kept for a kind of violation, as in a run
// of one process.
const maxExamples = 3

// exchangeID is what an exchange of a shard is called in the whole.
func exchangeID(shard int, id string) string { return fmt.Sprintf("s%d-%s", shard, id) }

// violations merges those of all shards, in the order that reports have.
func violations(list []*reports.Load) []reports.Violation {
	out := []reports.Violation{}
	for _, l := range list {
		for _, v := range l.Violations {
			ids := v.Exchanges
			v.Exchanges = nil
			i := slices.IndexFunc(out, func(o reports.Violation) bool { return o.Kind == v.Kind })
			if i < 0 {
				v.Example = fmt.Sprintf("shard %d, ", l.Shard.Index) + v.Example
				i, out = len(out), append(out, v)
			} else {
				out[i].Count += v.Count
			}
			for _, id := range ids {
				if len(out[i].Exchanges) < maxExamples {
					out[i].Exchanges = append(out[i].Exchanges, exchangeID(l.Shard.Index, id))
				}
			}
		}
	}
	inOrder(out)
	return out
}

// inOrder sorts violations as reports have them.
func inOrder(list []reports.Violation) {
	order := load.Violations()
	at := func(v reports.Violation) int {
		return slices.IndexFunc(order, func(o reports.Violation) bool { return o.Kind == v.Kind })
	}
	slices.SortStableFunc(list, func(a, b reports.Violation) int { return at(a) - at(b) })
}

// errorKinds merges the errors of all shards, the most frequent first.
func errorKinds(list []*reports.Load) []reports.ErrorKind {
	out := []reports.ErrorKind{}
	for _, l := range list {
		for _, e := range l.Errors {
			if e.Exchange != "" {
				e.Exchange = exchangeID(l.Shard.Index, e.Exchange)
			}
			i := slices.IndexFunc(out, func(o reports.ErrorKind) bool { return o.Kind == e.Kind })
			if i < 0 {
				out = append(out, e)
				continue
			}
			first := &out[i]
			first.Count, first.LastSecond = first.Count+e.Count, max(first.LastSecond, e.LastSecond)
			if e.FirstSecond < first.FirstSecond {
				first.FirstSecond, first.Example, first.Exchange = e.FirstSecond, e.Example, e.Exchange
			}
		}
	}
	slices.SortFunc(out, func(a, b reports.ErrorKind) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind, b.Kind))
	})
	return out
}

// exchanges are those that the merged violations and errors cite.
func exchanges(list []*reports.Load, vs []reports.Violation, es []reports.ErrorKind) (out []reports.Exchange) {
	cited := map[string]bool{}
	for _, v := range vs {
		for _, id := range v.Exchanges {
			cited[id] = true
		}
	}
	for _, e := range es {
		cited[e.Exchange] = true
	}
	for _, l := range list {
		for _, x := range l.Exchanges {
			if x.ID = exchangeID(l.Shard.Index, x.ID); cited[x.ID] {
				out = append(out, x)
			}
		}
	}
	return out
}
