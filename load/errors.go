package load

import (
	"cmp"
	"slices"
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// erred counts an error by its kind, for the run and for its second. The exchange
// of the first is kept.
func (r *record) erred(req *request, example func() string, evidence func(id string) reports.Exchange) {
	kind, at := req.Reply.Kind(), time.Duration(req.intended).Seconds()
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.errors[kind]
	if e == nil {
		e = &reports.ErrorKind{Kind: kind, FirstSecond: at, Example: example()}
		e.Exchange = r.keep(evidence)
		r.errors[kind] = e
	}
	e.Count++
	e.FirstSecond, e.LastSecond = min(e.FirstSecond, at), max(e.LastSecond, at)
	s := r.timeline.second(int(req.intended / int64(time.Second)))
	if s.ErrorsByKind == nil {
		s.ErrorsByKind = map[string]uint64{}
	}
	s.ErrorsByKind[kind]++
}

// errorKinds lists the errors, the most frequent first.
func (r *record) errorKinds() []reports.ErrorKind {
	out := []reports.ErrorKind{}
	for _, e := range r.errors {
		out = append(out, *e)
	}
	slices.SortFunc(out, func(a, b reports.ErrorKind) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind, b.Kind))
	})
	return out
}
