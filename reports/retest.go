package reports

import (
	"fmt"
	"strings"
)

// Retested is what became of a check that had failed, in several runs.
type Retested struct {
	Check                // the worst that it was
	Failed, Passed, Runs int
}

// Outcome is what there is to say of it.
func (r Retested) Outcome() string {
	switch {
	case r.Failed == 0 && r.Passed == r.Runs:
		return "FIXED"
	case r.Failed > 0 && r.Passed > 0:
		return "FLAKY"
	case r.Failed > 0:
		return "STILL FAILING"
	}
	return "NOT DECIDED"
}

// Times says how often it was what: "failed in 1 of 3 runs".
func (r Retested) Times() string {
	text := fmt.Sprintf("failed in %d of %s", r.Failed, plural(r.Runs, "run"))
	if r.Failed == 0 {
		text = fmt.Sprintf("passed in %d of %s", r.Passed, plural(r.Runs, "run"))
	}
	if open := r.Runs - r.Failed - r.Passed; open > 0 {
		text += fmt.Sprintf(", not judged in %d", open)
	}
	return text
}

// String is the check in a line.
func (r Retested) String() string {
	text := fmt.Sprintf("%-15s %-15s %s  %s", r.Outcome(), r.ID, r.Times(), r.Title)
	if r.Passed < r.Runs && r.Reason != "" {
		text += "\n                " + short(r.Reason, 200)
	}
	return legible(text)
}

// Retest puts several runs of the same checks together: each check is as it was in the
// run in which it was worst, with the exchanges of that run.
func Retest(runs []*Conformance) (*Conformance, []Retested) {
	out := *runs[len(runs)-1]
	out.Exchanges, out.Flows, out.Checks = []Exchange{}, nil, nil
	var list []Retested
	for i, c := range runs {
		c.name(fmt.Sprintf("r%d-", i+1))
		out.Exchanges, out.Flows = append(out.Exchanges, c.Exchanges...), append(out.Flows, c.Flows...)
		for at, check := range c.Checks {
			if i == 0 {
				list = append(list, Retested{Check: check})
			}
			list[at].add(check)
		}
	}
	words := map[string][]string{}
	for _, r := range list {
		out.Checks = append(out.Checks, r.Check)
		words[r.Outcome()] = append(words[r.Outcome()], r.ID+" "+r.Times())
	}
	for _, r := range []string{"FIXED", "STILL FAILING", "FLAKY", "NOT DECIDED"} {
		if len(words[r]) > 0 {
			out.Notes = append(out.Notes, "retest, "+strings.ToLower(r)+": "+strings.Join(words[r], "; "))
		}
	}
	out.Summary = Tally(out.Checks)
	return &out, list
}

// add takes the verdict of a further run in.
func (r *Retested) add(c Check) {
	r.Runs++
	switch c.Verdict {
	case Pass:
		r.Passed++
	case Fail, Warning, Error, Waived:
		r.Failed++
	}
	if Worse(r.Verdict, c.Verdict) != r.Verdict {
		r.Check = c
	}
}

// name puts a prefix before all ids of exchanges and flows, which begin at 1 in each
// run.
func (c *Conformance) name(prefix string) {
	for i := range c.Exchanges {
		x := &c.Exchanges[i]
		x.ID, x.Flow = prefix+x.ID, prefixed(prefix, x.Flow)
	}
	for i := range c.Flows {
		f := &c.Flows[i]
		f.ID = prefix + f.ID
		for j := range f.Moments {
			f.Moments[j].Exchange = prefixed(prefix, f.Moments[j].Exchange)
		}
	}
	for i := range c.Checks {
		for j := range c.Checks[i].Findings {
			ids := c.Checks[i].Findings[j].Exchanges
			for k, id := range ids {
				ids[k] = prefix + id
			}
		}
	}
}

func prefixed(prefix, id string) string {
	if id == "" {
		return ""
	}
	return prefix + id
}
