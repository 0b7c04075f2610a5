package reports

import (
	"net/http"
	"slices"
)

// Conformance is the section of a conformance run. Checks are in catalogue
// order.
type Conformance struct {
	Plan    Plan    `json:"plan"`
	Summary Summary `json:"summary"`
	Checks  []Check `json:"checks"`
	// Exchanges are those that findings cite and those of Flows, in the order they
	// were sent.
	Exchanges []Exchange `json:"exchanges"`
	// Flows are lives of device codes that can be drawn: one that went from its
	// start to a token, where there is one, then those that findings cite.
	Flows []Flow `json:"flows,omitempty"`
	// Notes are remarks about the run that are no verdict on the server: a
	// defect of the contract document, how to enable what was skipped.
	Notes        []string      `json:"notes,omitempty"`
	StaleWaivers []StaleWaiver `json:"stale_waivers,omitempty"`
	// Gaps are what was skipped for want of a capability, which --strict holds
	// against the run.
	Gaps []Gap `json:"gaps,omitempty"`
	// Mitigations of RFC 10027 section 6.1 that the verdicts show; nil where the run
	// looked for none.
	Mitigations *Inventory `json:"mitigations,omitempty"`
}

// Plan is what the run set out to do.
type Plan struct {
	Checks         int     `json:"checks"` // that will run
	Requests       int     `json:"requests"`
	Starts         int     `json:"starts"`              // device authorization requests among them
	Decisions      int     `json:"decisions,omitempty"` // that the approver is asked for, at most
	CriticalPathMS float64 `json:"critical_path_ms"`    // longest chain of waits
	WorstCaseMS    float64 `json:"worst_case_ms,omitempty"`
}

// Summary counts verdicts.
type Summary struct {
	Pass         int `json:"pass"`
	Fail         int `json:"fail"`
	Warning      int `json:"warning"`
	Skipped      int `json:"skipped"`
	Inconclusive int `json:"inconclusive"`
	Error        int `json:"error"`
	Waived       int `json:"waived"`
}

// Check is one requirement and what became of it.
type Check struct {
	ID      string  `json:"id"` // DF-GROUP-NNN
	Group   string  `json:"group"`
	Level   string  `json:"level"` // MUST, SHOULD, MAY or DOC
	Title   string  `json:"title"`
	Source  string  `json:"source"`
	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason,omitempty"`
	// Power says, for a fault that shows by chance, how likely the check would
	// have seen one: "24 rounds: would have seen …".
	Power      string    `json:"power,omitempty"`
	Findings   []Finding `json:"findings,omitempty"`
	DurationMS float64   `json:"duration_ms"`
}

// Exchange is one request and what came back, free of secrets. Times are
// milliseconds from the start of the run.
type Exchange struct {
	ID         string    `json:"id"`
	Scenario   string    `json:"scenario"`
	Flow       string    `json:"flow,omitempty"` // the device code's life it belongs to
	Step       string    `json:"step,omitempty"` // what the scenario calls it
	AtMS       float64   `json:"at_ms"`
	DurationMS float64   `json:"duration_ms"`
	Request    Request   `json:"request"`
	Response   *Response `json:"response,omitempty"` // nil when nothing came back
	Error      string    `json:"error,omitempty"`
	Curl       string    `json:"curl,omitempty"`
}

// Request as it was sent.
type Request struct {
	Method  string      `json:"method"`
	URL     string      `json:"url"`
	Headers http.Header `json:"headers,omitempty"`
	Body    string      `json:"body,omitempty"`
}

// Response as it came back. Body may be cut; Length and SHA256 are those of
// the whole.
type Response struct {
	Status  int         `json:"status"`
	Proto   string      `json:"proto"`
	Headers http.Header `json:"headers,omitempty"`
	Body    string      `json:"body,omitempty"`
	Length  int64       `json:"length"` // bytes
	SHA256  string      `json:"sha256,omitempty"`
}

// StaleWaiver is a waiver that no longer applies.
type StaleWaiver struct {
	ID  string `json:"id"`  // the check it names
	Why string `json:"why"` // passed, expired, or unknown
}

// power is what some checks would have seen of faults that show by chance.
type power struct {
	text   string
	checks []string // ids
}

// powers are the different ones, each with its checks in their order.
func (c *Conformance) powers() []power {
	var out []power
	for _, k := range c.Checks {
		if k.Power == "" {
			continue
		}
		i := slices.IndexFunc(out, func(p power) bool { return p.text == k.Power })
		if i < 0 {
			i = len(out)
			out = append(out, power{text: k.Power})
		}
		out[i].checks = append(out[i].checks, k.ID)
	}
	return out
}

// Tally counts the verdicts of checks.
func Tally(checks []Check) Summary {
	var s Summary
	for _, c := range checks {
		switch c.Verdict {
		case Pass:
			s.Pass++
		case Fail:
			s.Fail++
		case Warning:
			s.Warning++
		case Skipped:
			s.Skipped++
		case Inconclusive:
			s.Inconclusive++
		case Waived:
			s.Waived++
		default: // a verdict nobody gave is dfcheck's own fault
			s.Error++
		}
	}
	return s
}

// Of returns the count of one verdict.
func (s Summary) Of(v Verdict) int {
	return map[Verdict]int{Pass: s.Pass, Fail: s.Fail, Warning: s.Warning, Skipped: s.Skipped,
		Inconclusive: s.Inconclusive, Error: s.Error, Waived: s.Waived}[v]
}

// Total is the number of checks counted.
func (s Summary) Total() int {
	return s.Pass + s.Fail + s.Warning + s.Skipped + s.Inconclusive + s.Error + s.Waived
}
