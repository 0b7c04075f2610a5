package checks

import (
	"slices"
	"testing"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// TestOnlyTripsTheOwner: a run of one check finds what the whole run finds. The
// scenarios that a passive check needs are drawn in.
func TestOnlyTripsTheOwner(t *testing.T) {
	for _, f := range today(t, builtFaults()) {
		t.Run(f.Name, func(t *testing.T) {
			if t.Parallel(); f.Whole {
				return
			}
			b := benchFor(f)
			b.opts.Only = []string{f.Check}
			results := b.conform(t)
			if _, ok := tripped(results)[f.Check]; !ok {
				t.Errorf("--only %s does not find %s: %s", f.Check, f.Name, worse(results))
			}
		})
	}
}

// TestSelectionChangesNoVerdict judges every check of a recording alone, with
// what a run of it alone would have recorded, and with all others.
func TestSelectionChangesNoVerdict(t *testing.T) {
	for _, name := range []string{"", "unknown-as-pending", "raised-again", "refresh-storable",
		"multipart-faults-renamed"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := bench{server: embedded("documented-v2")}
			if name != "" {
				f, err := refserver.FaultNamed(name)
				if err != nil {
					t.Fatal(err)
				}
				b = benchFor(f)
			}
			whole := recorded(t, b)
			together := evidenceOf(t, whole)
			for _, c := range All() {
				if c.Passive {
					continue // it looks at whatever ordinary answers there are
				}
				alone := evidenceOf(t, only(together, c))
				a, b := together.Verdict(c), alone.Verdict(c)
				if a.Verdict != b.Verdict || a.Reason != b.Reason {
					t.Errorf("%s is %s (%s) with all others, %s (%s) alone", c.ID, a.Verdict, a.Reason, b.Verdict, b.Reason)
				}
			}
		})
	}
}

// only is what a run of one check would have left of a recording.
func only(whole *Evidence, c Check) *Transcript {
	scenarios := All().Scenarios(c, whole.Contract.Family)
	out := *whole.Transcript
	out.Header.Checks = []string{c.ID}
	out.Exchanges = slices.DeleteFunc(slices.Clone(out.Exchanges), func(x *Exchange) bool { return !x.In(scenarios...) })
	out.Events = slices.DeleteFunc(slices.Clone(out.Events), func(ev Event) bool {
		return ev.Scenario != "" && !slices.ContainsFunc(scenarios, func(s *Scenario) bool { return s.Name == ev.Scenario })
	})
	return &out
}

// TestNoPassWithoutEvidence: scenarios that ran to their end and recorded
// nothing pass no check.
func TestNoPassWithoutEvidence(t *testing.T) {
	clean := recorded(t, bench{server: embedded("documented-v2")})
	empty := *clean
	empty.Exchanges, empty.Pools = nil, nil
	empty.Events = slices.DeleteFunc(slices.Clone(clean.Events), func(ev Event) bool { return ev.Kind == EventFact })
	e := evidenceOf(t, &empty)
	for _, c := range All() {
		if res := e.Judge(c); res.Verdict == reports.Pass || res.Verdict == reports.Error {
			t.Errorf("%s is %s on nothing: %s", c.ID, res.Verdict, res.Reason)
		}
	}
}

// TestJudgesReadWhatTheyName: a judge that looks into another scenario breaks.
func TestJudgesReadWhatTheyName(t *testing.T) {
	e := evidenceOf(t, &Transcript{Header: Header{Contract: "rfc8628"}})
	res := e.Judge(Check{ID: "DF-X", Reads: []*Scenario{firstPoll},
		Judge: func(e *Evidence, j *Judgement) { e.Of(minimalStart) }})
	if res.Verdict != reports.Error {
		t.Errorf("it is %s", res.Verdict)
	}
}
