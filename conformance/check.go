package conformance

import (
	"slices"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// A Check is one requirement of the catalogue, made decidable: what must be
// there, what it reads, and how it judges that. Its words (title, source,
// remedy) stand in the catalogue under the same id.
type Check struct {
	ID string
	// Needs are the powers without which it is skipped.
	Needs []Capability
	// Gate is the check that must not fail for this one to mean anything; its
	// own gate counts too (rule C14).
	Gate string
	// Reads are the scenarios it is judged on; it sees no others. A check that
	// looks at the ordinary answers of the whole run sets Passive. Of the
	// scenarios it names it then sees the provoked answers too.
	Reads   []*Scenario
	Passive bool
	// Wants are scenarios that a check also has played, and reads like those in
	// Reads, where the target allows them. Shows names what it looks
	// for ("error answer"): its reason when there was none.
	Wants []*Scenario
	Shows string
	// OwnsLimits: answers of limiters and broken connections are what it is
	// about. Of every other check they leave the verdict open.
	OwnsLimits bool
	// OfPace: it tells slow_down from authorization_pending.
	OfPace bool
	Judge  func(e *Evidence, j *Judgement)
}

// Scenarios are all scenarios that it may look into by name.
func (c Check) Scenarios() []*Scenario { return slices.Concat(c.Reads, c.Wants) }

// Checks are all checks that a run chooses from, in catalogue order. The engine
// is handed them and knows none but the gates, by id.
type Checks []Check

// Lookup finds a check; ok is false when there is none.
func (cs Checks) Lookup(id string) (c Check, ok bool) {
	i := slices.IndexFunc(cs, func(c Check) bool { return c.ID == id })
	if i < 0 {
		return Check{}, false
	}
	return cs[i], true
}

// Scenarios lists what a verdict on a check rests on: the scenarios it names, and
// those that its prerequisites name.
func (cs Checks) Scenarios(c Check, family spec.Family) []*Scenario {
	out := c.Scenarios()
	for _, g := range cs.gates(c, family) {
		out = append(out, g.Scenarios()...)
	}
	return out
}

// races are the names of the scenarios that are races.
func (cs Checks) races() map[string]bool {
	out := map[string]bool{}
	for i := range cs {
		for _, s := range cs[i].Scenarios() {
			if s.Race {
				out[s.Name] = true
			}
		}
	}
	return out
}

// word gives exchanges that were read from a file the words of their scenarios.
func (cs Checks) word(xs []*Exchange) {
	words := map[string]Words{preflightScenario.Name: preflightScenario.Words}
	for _, c := range cs {
		for _, s := range c.Scenarios() {
			words[s.Name] = s.Words
		}
	}
	for _, x := range xs {
		if x.words == nil {
			x.words = words[x.Scenario]
		}
	}
}

// gates lists the prerequisites of a check for one family, nearest first. The
// documented and the standard start are each other's twin: DF-AUTHZ-002 stands
// for DF-AUTHZ-001 where it is not the documented API that is checked. A gate of
// another family opens by itself.
func (cs Checks) gates(c Check, family spec.Family) []Check {
	var out []Check
	for id := c.Gate; id != ""; {
		if id == GateStart && family != spec.Documented {
			id = GateStartStandard
		}
		g, ok := cs.Lookup(id)
		if !ok {
			break
		}
		if r, err := spec.Lookup(id); err == nil && r.AppliesTo(family) {
			out = append(out, g)
		}
		id = g.Gate
	}
	return out
}

// The prerequisite gates.
const (
	GatePaths         = "DF-DISC-001"
	GateStart         = "DF-AUTHZ-001"
	GateStartStandard = "DF-AUTHZ-002"
	GatePending       = "DF-POLL-001"
	GateTokens        = "DF-TOKEN-001"
)

// The isolation gates: when one fails, waits run one code at a time.
var isolationGates = []string{"DF-AUTHZ-010", "DF-POLL-009"}

// lane is where a check's slowest scenario runs; passive ones come last.
func (c Check) lane() int {
	if c.Passive {
		return 2 * int(LaneRestart+1)
	}
	l := 0
	for _, s := range c.Reads {
		l = max(l, s.Lane.order())
	}
	return l
}

// order puts the expiry lane where it ends rather than where it begins.
func (l Lane) order() int {
	if l == LaneExpiry {
		return 2*int(LaneApprove) + 1
	}
	return 2 * int(l)
}

// A Result is the verdict on one check.
type Result struct {
	Check    Check
	Verdict  reports.Verdict
	Reason   string
	Lack     Lack     // for want of what it was skipped or left open
	WaivedBy []string // the settings that waived a finding
	Power    string   // what the rounds of a race were worth
	Findings []reports.Finding
	// early: it rests on codes that were gone, and what else was recorded may tell why.
	early bool
}
