package reports

import (
	"slices"
)

// Inventory is which mitigations of RFC 10027 section 6.1 a run has seen, for the risk
// assessment that its section 2 asks for.
type Inventory struct {
	Rows []Mitigation `json:"rows"` // in the order of the sections
	// Assessment sums up in sentences what the rows mean for the assessment.
	Assessment []string `json:"assessment"`
}

// Mitigation is one row of an inventory.
type Mitigation struct {
	Section  string   `json:"section"` // of RFC 10027
	Name     string   `json:"name"`
	Effect   string   `json:"effect"` // on an attack: prevents, disrupts, recovers
	State    State    `json:"state"`
	Evidence string   `json:"evidence"`
	Checks   []string `json:"checks,omitempty"` // whose verdicts it rests on
}

// State says whether a mitigation was seen.
type State string

const (
	Seen       State = "seen"
	SeenInPart State = "seen in part" // some of its checks passed, or they do not show all of it
	NotSeen    State = "not seen"
	NotVisible State = "not visible from outside"
	NotJudged  State = "not judged" // what would show it was skipped, or left open
)

// Of lists the names of the mitigations in a state.
func (v *Inventory) Of(states ...State) []string {
	var out []string
	for _, m := range v.Rows {
		if slices.Contains(states, m.State) {
			out = append(out, m.Name)
		}
	}
	return out
}

// mitigationBlock is the inventory. A console shows it where the run was about nothing
// else.
func (c *Conformance) mitigationBlock() block {
	b := block{title: "Mitigations of RFC 10027 section 6.1", detail: slices.ContainsFunc(c.Checks, func(k Check) bool {
		return k.Group != "CONSENT"
	})}
	if c.Mitigations == nil {
		return b
	}
	for _, sentence := range c.Mitigations.Assessment {
		b.add("%s", sentence)
	}
	b.table = [][]string{{"section", "mitigation", "an attack", "state", "evidence"}}
	for _, m := range c.Mitigations.Rows {
		b.table = append(b.table, []string{m.Section, m.Name, m.Effect, string(m.State), m.Evidence})
	}
	return b
}
