package conformance

import (
	"maps"
	"slices"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// A person is asked for few decisions unless they want to be asked for all: those
// of the scenarios that decide the most checks for their number.

// MaxDecisions is how often a person is asked in a run, at most, unless
// Options.AllDecisions is set.
const MaxDecisions = 10

// worth is what a check counts when decisions are few: by its level, and half of
// that where the server may issue no refresh token at all.
func worth(r spec.Requirement) int {
	w := map[string]int{"MUST": 8, "DOC": 6, "SHOULD": 4, "MAY": 2}[r.Level]
	if r.Group == "REFRESH" {
		return w / 2
	}
	return w
}

// spare lists the scenarios that a person is not asked for. The rest is chosen
// step by step: what decides the most checks for a decision comes first.
func spare(checks []Check, f *Facts, documented bool) []string {
	everything := deciding(checks, f, documented)
	asked, left := map[*Scenario]bool{}, MaxDecisions
	for {
		var best []*Scenario
		gained, price := 0, 1
		for _, c := range slices.Sorted(maps.Keys(everything)) {
			add := without(everything[c], asked)
			n := decisionsOf(add, f)
			if len(add) == 0 || n > left {
				continue
			}
			if gain := gainOf(everything, asked, add); gain*price > gained*n {
				best, gained, price = add, gain, n
			}
		}
		if best == nil {
			break
		}
		for _, s := range best {
			asked[s] = true
		}
		left -= price
	}
	return spared(checks, f, asked)
}

// deciding lists, for each check that cannot do without an approver, the
// scenarios in which its decisions are made, those of its gates included.
func deciding(checks []Check, f *Facts, documented bool) map[string][]*Scenario {
	out := map[string][]*Scenario{}
	for _, c := range checks {
		if v, _ := unable(c, f, documented); v != "" || !slices.Contains(c.Needs, NeedApprover) {
			continue
		}
		reads := c.Reads
		for _, id := range c.gates(documented) {
			if g, ok := checkByID(id); ok {
				reads = slices.Concat(reads, g.Reads)
			}
		}
		for _, s := range reads {
			if s.runs(f) && s.fits(f) && s.decisions(f) > 0 && !slices.Contains(out[c.ID], s) {
				out[c.ID] = append(out[c.ID], s)
			}
		}
	}
	return out
}

func without(ss []*Scenario, asked map[*Scenario]bool) []*Scenario {
	return slices.DeleteFunc(slices.Clone(ss), func(s *Scenario) bool { return asked[s] })
}

func decisionsOf(ss []*Scenario, f *Facts) (n int) {
	for _, s := range ss {
		n += s.decisions(f)
	}
	return n
}

// gainOf is the worth of the checks that more scenarios would decide.
func gainOf(everything map[string][]*Scenario, asked map[*Scenario]bool, add []*Scenario) (gain int) {
	for id, ss := range everything {
		missing := without(ss, asked)
		decided := !slices.ContainsFunc(missing, func(s *Scenario) bool { return !slices.Contains(add, s) })
		if r, err := spec.Lookup(id); err == nil && len(missing) > 0 && decided {
			gain += worth(r)
		}
	}
	return gain
}

// spared lists the scenarios with decisions that are not asked for.
func spared(checks []Check, f *Facts, asked map[*Scenario]bool) []string {
	var out []string
	for _, c := range checks {
		for _, s := range c.Reads {
			if !asked[s] && s.decisions(f) > 0 && !slices.Contains(out, s.Name) {
				out = append(out, s.Name)
			}
		}
	}
	return out
}

// unaskedFor tells how many more decisions of a person a check needs; the reason
// is empty where it needs none.
func unaskedFor(c Check, f *Facts) (reports.Verdict, string) {
	if !slices.Contains(c.Needs, NeedApprover) || len(f.Unasked) == 0 {
		return "", ""
	}
	all := *f
	all.Unasked = nil
	n := 0
	for _, s := range c.Reads {
		if f.unasked(s) && s.runs(&all) {
			n += s.decisions(&all)
		}
	}
	if n == 0 {
		return "", ""
	}
	more := reports.Count(n, "more decision", "more decisions")
	return reports.Skipped, "needs " + more + " of a person; --all asks for them"
}
