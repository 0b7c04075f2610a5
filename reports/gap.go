package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

// A Gap is checks that were skipped for want of a capability, and what brings it.
type Gap struct {
	Needs  string   `json:"needs"`            // approve, second_client, …
	Enable string   `json:"enable,omitempty"` // flag or key
	Checks []string `json:"checks"`
}

// Counted says how many checks need what.
func (g Gap) Counted() string {
	return Count(len(g.Checks), "check needs ", "checks need ") + g.Needs
}

// Unjudged is checks that --strict demands and that were not judged, by the reason.
type Unjudged struct {
	Why, Enable string
	Checks      []string
}

// Unjudged groups the MUST and DOC checks that apply to the contract and were not
// judged: inconclusive, or skipped for want of a capability. A check of another
// contract does not count, nor one whose feature the server does not have.
func (c *Conformance) Unjudged() []Unjudged {
	var out []Unjudged
	for _, k := range c.Checks {
		why, how := c.unjudged(k)
		if why == "" {
			continue
		}
		i := slices.IndexFunc(out, func(u Unjudged) bool { return u.Why == why })
		if i < 0 {
			i, out = len(out), append(out, Unjudged{Why: why, Enable: how})
		}
		out[i].Checks = append(out[i].Checks, k.ID)
	}
	return out
}

// unjudged is why a check that --strict demands was not judged, "" when it was.
func (c *Conformance) unjudged(k Check) (why, how string) {
	r, err := spec.Lookup(k.ID)
	switch {
	case err == nil && r.Provisional:
		return "", ""
	case k.Level != "MUST" && k.Level != "DOC":
		return "", ""
	case k.Verdict == Inconclusive && k.Reason == "":
		return "inconclusive", ""
	case k.Verdict == Inconclusive:
		return k.Reason, ""
	case k.Verdict == Skipped:
		for _, g := range c.Gaps {
			if slices.Contains(g.Checks, k.ID) {
				return "needs " + g.Needs, g.Enable
			}
		}
	}
	return "", ""
}

// Count says how many there are of something: 1 check, 2 checks.
func Count(n int, one, many string) string {
	if n == 1 {
		many = one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// unjudgedBlock names the checks for which a strict run ends with exit code 4.
func (c *Conformance) unjudgedBlock() (b block) {
	n := 0
	for _, u := range c.Unjudged() {
		n += len(u.Checks)
		b.add("  %s (%s): %s", u.Why, plural(len(u.Checks), "check"), strings.Join(u.Checks, " "))
		if u.Enable != "" {
			b.add("    %s", u.Enable)
		}
	}
	b.entries = append([]entry{{text: fmt.Sprintf("not judged: %s (--strict, exit code %d)",
		Count(n, "MUST or DOC check", "MUST and DOC checks"), ExitUndecided)}}, b.entries...)
	return b
}
