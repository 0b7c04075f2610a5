package conformance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// inventory says which mitigations of RFC 10027 section 6.1 the verdicts show; nil where
// no selected check shows any.
func inventory(results []Result) *reports.Inventory {
	out := &reports.Inventory{}
	asked := false
	for _, m := range spec.Mitigations() {
		row := reports.Mitigation{Section: m.Section, Name: m.Name, Effect: m.Effect, Checks: m.Checks}
		switch {
		case m.Hidden != "":
			row.State, row.Evidence = reports.NotVisible, m.Hidden
		default:
			of := slices.DeleteFunc(slices.Clone(results), func(r Result) bool { return !slices.Contains(m.Checks, r.Check.ID) })
			asked = asked || len(of) > 0
			row.State, row.Evidence = seen(m, of)
		}
		out.Rows = append(out.Rows, row)
	}
	if !asked {
		return nil
	}
	out.Assessment = assessment(out)
	return out
}

// seen is what the verdicts of its checks show of a mitigation. It is seen only where all
// that apply to the server passed, and nothing of it is left to be hidden.
func seen(m spec.Mitigation, of []Result) (state reports.State, evidence string) {
	var passed, found, open, idle []string
	for _, r := range of {
		switch {
		case r.Verdict == reports.Pass:
			passed = append(passed, r.Check.ID)
		case r.Verdict == reports.Fail, r.Verdict == reports.Warning, r.Verdict == reports.Waived:
			found = append(found, r.Check.ID+": "+observed(r))
		case r.Verdict == reports.Skipped && !r.gap():
			idle = append(idle, r.Check.ID+" does not apply: "+r.Reason)
		default:
			open = append(open, r.Check.ID+" was not decided: "+r.Reason)
		}
	}
	switch {
	case len(found) > 0 && len(passed) > 0:
		return reports.SeenInPart, "not by " + strings.Join(found, "; ") + "; but by " + strings.Join(passed, ", ")
	case len(found) > 0:
		return reports.NotSeen, strings.Join(found, "; ")
	case len(passed) == 0 && len(open)+len(idle) > 0:
		return reports.NotJudged, strings.Join(append(open, idle...), "; ")
	case len(passed) == 0:
		return reports.NotJudged, "the run left out " + strings.Join(m.Checks, ", ")
	case len(open) > 0 || m.Rest != "":
		if m.Rest != "" {
			open = append(open, m.Rest)
		}
		return reports.SeenInPart, passing(passed) + "; " + strings.Join(open, "; ")
	}
	return reports.Seen, passing(passed)
}

func passing(ids []string) string {
	if len(ids) == 1 {
		return ids[0] + " passed"
	}
	return strings.Join(ids, ", ") + " passed"
}

// mostObserved is how much of a finding stands in the inventory, in characters.
const mostObserved = 120

// observed is what was found, without the page or the exchanges that show it.
func observed(r Result) string {
	text := r.Reason
	if len(r.Findings) > 0 {
		text = r.Findings[0].Actual
	}
	text, _, _ = strings.Cut(text, "; the page ")
	if runes := []rune(text); len(runes) > mostObserved {
		text = string(runes[:mostObserved]) + "…"
	}
	return text
}

// assessment sums an inventory up, for the risk assessment of RFC 10027 section 2.
func assessment(v *reports.Inventory) []string {
	list := func(states ...reports.State) string { return listed(v.Of(states...)) }
	return []string{
		fmt.Sprintf("Of the %d mitigations that RFC 10027 section 6.1 describes, this run has seen: %s; in part: %s.",
			len(v.Rows), list(reports.Seen), list(reports.SeenInPart)),
		fmt.Sprintf("Not seen: %s. Section 2 obliges whoever runs the server to assess the risk and to select "+
			"mitigations for it: each of these is to be selected, or left out for a reason that the assessment gives.",
			list(reports.NotSeen)),
		fmt.Sprintf("Only the assessment can say what is done about these, of which nothing shows from outside: %s; nor "+
			"were judged: %s. Section 2 asks for proximity wherever that is possible.",
			list(reports.NotVisible), list(reports.NotJudged)),
	}
}

// listed are names in a sentence.
func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.ToLower(strings.Join(names, ", "))
}
