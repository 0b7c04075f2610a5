package refserver

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// breakIn breaks a server in one way more. What a fault adds to answers, or refuses
// beforehand, goes beside what others add and refuse; what it replaces is its own.
func (b *behaviour) breakIn(f Fault) {
	if f.Break == nil {
		return
	}
	before, right := *b, correct()
	b.refuseStart, b.refuseToken, b.early = right.refuseStart, right.refuseToken, right.early
	b.began, b.issued, b.polled = right.began, right.issued, right.polled
	b.finish, b.metadata, b.restarted = right.finish, right.metadata, right.restarted
	f.Break(b)
	after := *b
	refuse := func(first, then func(*Server, *request) *answer) func(*Server, *request) *answer {
		return func(s *Server, q *request) *answer {
			if a := first(s, q); a != nil {
				return a
			}
			return then(s, q)
		}
	}
	b.refuseStart = refuse(before.refuseStart, after.refuseStart)
	b.refuseToken = refuse(before.refuseToken, after.refuseToken)
	b.early = func(s *Server, q *request, g *grant, now time.Time) *answer {
		if a := before.early(s, q, g, now); a != nil {
			return a
		}
		return after.early(s, q, g, now)
	}
	type addition = func(*Server, *request, *grant, map[string]any)
	add := func(first, then addition) addition {
		return func(s *Server, q *request, g *grant, members map[string]any) {
			first(s, q, g, members)
			then(s, q, g, members)
		}
	}
	b.began, b.issued = add(before.began, after.began), add(before.issued, after.issued)
	b.polled = func(s *Server, q *request, g *grant, a *answer) {
		before.polled(s, q, g, a)
		after.polled(s, q, g, a)
	}
	b.finish = func(q *request, a *answer) { before.finish(q, a); after.finish(q, a) }
	b.metadata = func(s *Server, place string, members map[string]any) {
		before.metadata(s, place, members)
		after.metadata(s, place, members)
	}
	b.restarted = func(s *Server) { before.restarted(s); after.restarted(s) }
}

// shared are the parts of behaviour that any number of faults can change at once, and
// what of the configuration they only open.
var shared = []string{"refuseStart", "refuseToken", "early", "began", "issued", "polled", "finish", "metadata",
	"restarted", "Revocation", "OpenID", "DPoP",
	"DPoPNonce", "Assertions", "MutualTLS"}

// Together returns an error where faults replace the same part of the server, so that
// only the last of them would show.
func Together(faults ...Fault) error {
	by := map[string]string{}
	for _, f := range faults {
		for _, part := range f.replaces() {
			if other := by[part]; other != "" && other != f.Name {
				return fmt.Errorf("the faults %s and %s change the same part of the server, so that only one of them would show",
					other, f.Name)
			}
			by[part] = f.Name
		}
	}
	return nil
}

// replaces names what a fault puts in the place of what is right.
func (f Fault) replaces() []string {
	var out []string
	if f.Configure != nil {
		var right, wrong Config
		f.Configure(&wrong)
		out = append(out, different("", reflect.ValueOf(right), reflect.ValueOf(wrong))...)
	}
	if f.Break != nil {
		right, wrong := correct(), correct()
		f.Break(wrong)
		out = append(out, different("", reflect.ValueOf(*right), reflect.ValueOf(*wrong))...)
	}
	return slices.DeleteFunc(out, func(part string) bool { return slices.Contains(shared, strings.TrimPrefix(part, ".")) })
}

// different names the fields in which two values differ. Functions are told apart by
// their code: those of correct() are of nobody else.
func different(path string, a, b reflect.Value) (out []string) {
	switch {
	case a.Kind() == reflect.Struct:
		for i := range a.NumField() {
			out = append(out, different(path+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i))...)
		}
		return out
	case a.Kind() == reflect.Func:
		if a.Pointer() == b.Pointer() {
			return nil
		}
	case !a.Comparable():
		if a.IsZero() && b.IsZero() {
			return nil
		}
	case a.Equal(b):
		return nil
	}
	return []string{path}
}
