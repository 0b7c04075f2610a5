package reports

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

// Acrosses are the differences between load runs that a comparison can be asked to
// pass over.
func Acrosses() []string { return []string{"target", "profile", "seed", "machine"} }

// incomparable says why the runs cannot be compared, nil where they can.
func (c *Comparison) incomparable(across []string) error {
	if err := c.incomparableKinds(); err != nil {
		return err
	}
	if c.kind() != KindLoad {
		return c.incomparableContracts()
	}
	all := slices.Concat(c.Old, c.New)
	if twice := repeated(c.Old) + repeated(c.New); twice != "" {
		return &RepeatedError{twice}
	}
	for _, on := range []struct{ what, differ string }{
		{"target", differ(all, targetOf)},
		{"profile", profilesDiffer(all)},
		{"seed", c.seedsDiffer()},
		{"machine", differ(all, machineOf)},
	} {
		if on.differ != "" && !slices.Contains(across, on.what) {
			return &IncomparableError{on.what, on.differ}
		}
	}
	return nil
}

// RepeatedError says when the run was that is given twice on one side.
type RepeatedError struct{ When string }

func (e *RepeatedError) Error() string {
	return fmt.Sprintf("the run of %s is given twice on one side: it counts once", e.When)
}

// IncomparableError is a difference between load runs that makes their figures mean
// different things. A comparison can be asked to pass over it.
type IncomparableError struct{ What, Differ string }

func (e *IncomparableError) Error() string {
	return fmt.Sprintf("not comparable: the runs are of two %ss: %s", e.What, e.Differ)
}

// incomparableKinds: only runs of one kind can be compared, which have results.
func (c *Comparison) incomparableKinds() error {
	a, b := cmp.Or(c.Old[0].Run.Kind, KindConformance), c.kind()
	sides := []struct {
		which string
		runs  []*Report
		kind  Kind
	}{{"old", c.Old, a}, {"new", c.New, b}}
	for _, s := range sides {
		for _, r := range s.runs {
			if k := cmp.Or(r.Run.Kind, KindConformance); k != s.kind {
				return fmt.Errorf("not comparable: the %s reports are of a %s run and of a %s run", s.which, s.kind, k)
			}
		}
	}
	switch {
	case a != b:
		return fmt.Errorf("not comparable: the old report is of a %s run, the new one of a %s run", a, b)
	case a != KindConformance && a != KindLoad:
		return fmt.Errorf("only conformance and load reports can be compared; these are of a %s run", a)
	}
	for _, s := range sides {
		for _, r := range s.runs {
			if a == KindConformance && r.Conformance == nil {
				return fmt.Errorf("not comparable: the %s report has no verdicts%s", s.which, because(r))
			}
			if a == KindLoad && r.Load == nil {
				return fmt.Errorf("not comparable: the %s report has no figures%s", s.which, because(r))
			}
		}
	}
	return nil
}

func because(r *Report) string {
	if r.Run.Problem == nil {
		return ""
	}
	return ": " + r.Run.Problem.Message
}

// incomparableContracts: under another contract a check means something else.
func (c *Comparison) incomparableContracts() error {
	for _, a := range values(c.Old, contractOf) {
		for _, b := range values(c.New, contractOf) {
			if a != b && (builtIn(a) || builtIn(b)) {
				return fmt.Errorf("not comparable: the old report is of the contract %s, the new one of %s", a, b)
			}
		}
	}
	return nil
}

func contractOf(r *Report) string { return r.Target.Spec }

// builtIn reports whether a contract has a name of ours; others are called as the
// user's file, which may have moved.
func builtIn(contract string) bool { return slices.Contains(spec.ContractNames(), contract) }

// differ names the first two values of something that some runs have and others have
// not; empty where all have the same, or do not know.
func differ(runs []*Report, of func(*Report) string) string {
	if all := values(runs, of); len(all) > 1 {
		return all[0] + " and " + all[1]
	}
	return ""
}

// targetOf is the server and its contract. The embedded server is the same at whichever
// port.
func targetOf(r *Report) string {
	host := r.Target.Host
	if r.Target.ChosenBy == "embedded" {
		host = "the embedded server"
	}
	return host + after(", contract ", r.Target.Spec)
}

func machineOf(r *Report) string {
	if r.Load == nil || r.Load.Client.Machine == nil {
		return ""
	}
	return r.Load.Client.Machine.String()
}

// aside are the members of a profile that make no difference to the server.
var aside = []string{"name", "description", "thresholds", "seed"}

// profilesDiffer names the first member that differs: "devices is 100 and 200".
func profilesDiffer(runs []*Report) string {
	first := profileOf(runs[0])
	for _, r := range runs[1:] {
		if path, a, b := difference("", first, profileOf(r)); path != "" {
			return fmt.Sprintf("%s is %s and %s", path, valueText(a), valueText(b))
		}
	}
	return ""
}

func valueText(v any) string {
	if v == nil {
		return "absent"
	}
	return short(fmt.Sprint(v), 60)
}

func profileOf(r *Report) map[string]any {
	p := maps.Clone(r.Load.Profile)
	maps.DeleteFunc(p, func(key string, _ any) bool { return slices.Contains(aside, key) })
	return p
}

// difference is where two documents differ first, in the order of the keys.
func difference(path string, a, b any) (where string, x, y any) {
	if reflect.DeepEqual(a, b) {
		return "", nil, nil
	}
	if m, n, ok := both[map[string]any](a, b); ok {
		keys := slices.Sorted(maps.Keys(m))
		for key := range n {
			if _, known := m[key]; !known {
				keys = append(keys, key)
			}
		}
		for _, key := range keys {
			if where, x, y := difference(strings.TrimPrefix(path+"."+key, "."), m[key], n[key]); where != "" {
				return where, x, y
			}
		}
	}
	if m, n, ok := both[[]any](a, b); ok && len(m) == len(n) {
		for i := range m {
			if where, x, y := difference(fmt.Sprintf("%s[%d]", path, i), m[i], n[i]); where != "" {
				return where, x, y
			}
		}
	}
	return cmp.Or(path, "the profile"), a, b
}

func both[T any](a, b any) (x, y T, ok bool) {
	x, isX := a.(T)
	y, isY := b.(T)
	return x, y, isX && isY
}

// seedsDiffer: a side may have many seeds, when the other has the same ones.
func (c *Comparison) seedsDiffer() string {
	old, now := values(c.Old, seedOf), values(c.New, seedOf)
	if slices.Equal(slices.Sorted(slices.Values(old)), slices.Sorted(slices.Values(now))) {
		return ""
	}
	return sentenceList(old) + " before, " + sentenceList(now) + " now"
}

func seedOf(r *Report) string { return fmt.Sprint(r.Load.Profile["seed"]) }

// repeated names a run that is given more than once: it would count as a further
// measurement.
func repeated(runs []*Report) string {
	for i, r := range runs {
		for _, before := range runs[:i] {
			if r.Run.Started.Equal(before.Run.Started) && reflect.DeepEqual(r.Load, before.Load) {
				return r.Run.Started.UTC().Format("2006-01-02 15:04:05.000 MST")
			}
		}
	}
	return ""
}

// differences say what else is not the same.
func (c *Comparison) differences() (out []string) {
	for _, two := range []struct {
		what string
		of   func(*Report) string
	}{
		{"servers", func(r *Report) string { return r.Target.Host }},
		{"documents", contractOf},
		{"versions of dfcheck", func(r *Report) string { return r.Tool.Version }},
	} {
		if c.Load != nil && two.what == "servers" {
			two.of = targetOf
		}
		a, b := values(c.Old, two.of), values(c.New, two.of)
		if len(a) > 0 && len(b) > 0 && !slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))) {
			out = append(out, fmt.Sprintf("two %s: %s and %s", two.what, sentenceList(a), sentenceList(b)))
		}
	}
	if c.Load != nil {
		return append(out, c.loadDifferences()...)
	}
	return append(out, c.selections()...)
}

// selections say where the sides did not try the same.
func (c *Comparison) selections() (out []string) {
	gone, added := 0, 0
	for _, ch := range c.Changes {
		if ch.New == "" {
			gone++
		}
		if ch.Old == "" {
			added++
		}
	}
	if gone+added > 0 {
		out = append(out, fmt.Sprintf("the two runs did not select the same checks: "+
			"%d only in the old report, %d only in the new", gone, added))
	}
	if slices.ContainsFunc(c.New, func(r *Report) bool { return r.Run.Interrupted }) {
		out = append(out, "the new run was interrupted")
	}
	return out
}

// loadDifferences say what a comparison was asked to pass over, and what it could not
// know.
func (c *Comparison) loadDifferences() (out []string) {
	all := slices.Concat(c.Old, c.New)
	for what, differ := range map[string]string{"profiles": profilesDiffer(all), "seeds": c.seedsDiffer(),
		"machines": differ(all, machineOf)} {
		if differ != "" {
			out = append(out, "two "+what+": "+differ)
		}
	}
	slices.Sort(out)
	if slices.ContainsFunc(all, func(r *Report) bool { return machineOf(r) == "" }) {
		out = append(out, "not every report says on which machine it was made")
	}
	return append(out, c.Load.left...)
}
