package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// enabling says for every capability which flag or key brings it.
var enabling = map[Capability]string{
	NeedApprover:      "--approve prompt asks you; an approve section in dfcheck.yaml decides by itself",
	NeedRawCodes:      "approve: kind form, browser, http or exec",
	NeedSteps:         "approve: kind form or browser, with the code entered in steps:",
	NeedHTTPApproval:  "approve: kind form",
	NeedProgram:       "approve: kind form, browser, http or exec; a person decides one code at a time",
	NeedSecondUser:    "a second account on the server, as second_user: in the approve section",
	NeedSecondClient:  "--second-client-id, or second_client: in dfcheck.yaml",
	NeedRestricted:    "a registered client that may not use the device grant, in dfcheck.yaml",
	NeedConfidential:  "a client with a secret, in dfcheck.yaml",
	NeedIntrospection: "introspection: or resource: in dfcheck.yaml",
	NeedIssuer:        "--issuer",
	NeedScope:         "--scope",
	NeedNarrowable:    "a scope that the server knows and does not grant, in dfcheck.yaml",
	NeedPublicTLS:     "a public host with https",
	NeedAbuse:         "--abuse, which attacks the server's limits",
	NeedShortExpiry:   "--max-wait",
	NeedOverlap:       "--concurrency 2 or more",
	needDenial:        "deny: in the approve section of dfcheck.yaml",
	needAnswers:       "answer the prompt to the end: q stops it, s skips one device",
}

// Capabilities that no check declares: one shows only when a denial is asked for,
// the other when a person presses q.
const (
	needDenial  Capability = "approve.deny"
	needAnswers Capability = "a person who goes on answering"
)

// Capabilities lists the capabilities that checks and scenarios may declare.
func Capabilities() []Capability {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(enabling)), func(n Capability) bool { return n == needDenial || n == needAnswers })
}

// ApproverCannot is how a check says that the approver has no such decision.
const ApproverCannot = "the approver cannot "

// Enable says which flag or key brings the capability.
func (n Capability) Enable() string { return enabling[n] }

// lacks lists the capabilities for want of which a check of the chosen contract
// is skipped. What an approver can do besides deciding is not named where there is
// no approver at all.
func lacks(c Check, f *Facts, documented bool) []Capability {
	r, err := spec.Lookup(c.ID)
	if err != nil || !slices.Contains(r.Contracts, family(documented)) {
		return nil
	}
	out := slices.DeleteFunc(missing(c.Needs, f), func(n Capability) bool { return n == NeedShortExpiry })
	if slices.Contains(out, NeedApprover) {
		out = slices.DeleteFunc(out, func(n Capability) bool { return strings.HasPrefix(string(n), "approve.") })
	}
	return out
}

// family is the catalogue's name of the contract that is checked.
func family(documented bool) string {
	if documented {
		return "documented"
	}
	return "rfc8628"
}

// named joins capabilities: approve and second_client.
func named(needs []Capability) string {
	words := make([]string, 0, len(needs))
	for _, n := range needs {
		words = append(words, string(n))
	}
	return strings.Join(words, and)
}

// gaps groups what was skipped by what it lacks, in the order of the checks. All
// that is skipped before it runs is one, but for the checks of another contract.
func gaps(f *Facts, documented bool, results []Result) []reports.Gap {
	var out []reports.Gap
	for _, res := range results {
		if res.Verdict != reports.Skipped {
			continue
		}
		needs, how := lacking(res, f, documented)
		if needs == "" {
			continue
		}
		i := slices.IndexFunc(out, func(g reports.Gap) bool { return g.Needs == needs })
		if i < 0 {
			i, out = len(out), append(out, reports.Gap{Needs: needs, Enable: how})
		}
		out[i].Checks = append(out[i].Checks, res.Check.ID)
	}
	return out
}

// lacking is what a skipped check lacks and what brings it; "" when it does not
// apply: to this contract, or to what this server does.
func lacking(res Result, f *Facts, documented bool) (needs, how string) {
	if strings.HasPrefix(res.Reason, ApproverCannot) {
		return string(needDenial), needDenial.Enable()
	}
	if res.Reason == approve.ErrStopped.Error() {
		return string(needAnswers), needAnswers.Enable()
	}
	v, reason := unable(res.Check, f, documented)
	if v != reports.Skipped || strings.HasPrefix(reason, otherContract) {
		return "", ""
	}
	if all := lacks(res.Check, f, documented); len(all) > 0 {
		return named(all), enable(all)
	}
	needs, _, _ = strings.Cut(strings.TrimPrefix(reason, needsPrefix), ";")
	return needs, "--all asks a person for every decision"
}

func enable(needs []Capability) string {
	var out []string
	for _, n := range needs {
		how := n.Enable()
		if n == NeedApprover && len(needs) > 1 {
			how = "an approver" // a line of its own says how
		}
		if how != "" {
			out = append(out, how)
		}
	}
	return strings.Join(out, ", and ")
}

// leftOut says in a line each what was skipped, why, and what would bring it.
func leftOut(gaps []reports.Gap, checks []reports.Check) []string {
	var out []string
	for _, g := range gaps {
		out = append(out, g.Counted()+": "+g.Enable)
	}
	var reasons []string
	count := map[string]int{}
	for _, c := range checks {
		if c.Verdict == reports.Skipped && !slices.ContainsFunc(gaps,
			func(g reports.Gap) bool { return slices.Contains(g.Checks, c.ID) }) {
			if count[c.Reason]++; count[c.Reason] == 1 {
				reasons = append(reasons, c.Reason)
			}
		}
	}
	for _, why := range reasons {
		if contract, ok := strings.CutPrefix(why, otherContract); ok {
			out = append(out, reports.Count(count[why], "check applies", "checks apply")+" only to the "+contract)
		} else {
			out = append(out, reports.Count(count[why], "check does", "checks do")+" not apply here: "+why)
		}
	}
	return out
}

// How the reasons begin for which a check is skipped before it runs, and how the
// capabilities in them are joined.
const (
	otherContract = "applies only to the "
	needsPrefix   = "needs "
	and           = " and "
)

// EmptyError says that nothing of a selection can be judged, and why. A run with
// such a selection would end well and prove nothing.
type EmptyError struct {
	judged bool // there was a recording
	why    []string
	ids    map[string][]string // by reason
}

// NothingRuns is an EmptyError when the plan has no check to run.
func (p *Plan) NothingRuns() error {
	if p.Count() > 0 {
		return nil
	}
	e := &EmptyError{}
	for _, c := range p.Checks {
		e.add(c.ID, c.Reason)
	}
	return e
}

// NothingJudged is an EmptyError when every result is a skipped check.
func NothingJudged(results []Result) error {
	e := &EmptyError{judged: true}
	for _, res := range results {
		if res.Verdict != reports.Skipped {
			return nil
		}
		e.add(res.Check.ID, res.Reason)
	}
	return e
}

func (e *EmptyError) add(id, reason string) {
	if e.ids == nil {
		e.ids = map[string][]string{}
	}
	if e.ids[reason] == nil {
		e.why = append(e.why, reason)
	}
	e.ids[reason] = append(e.ids[reason], id)
}

func (e *EmptyError) Error() string {
	var parts []string
	for _, why := range e.why {
		ids := e.ids[why]
		what := ids[0]
		if len(ids) > 1 {
			what = fmt.Sprintf("%d checks", len(ids))
		}
		needs, lack := strings.CutPrefix(why, needsPrefix)
		contract, other := strings.CutPrefix(why, otherContract)
		switch {
		case len(ids) == 1 && (lack || other):
			parts = append(parts, what+" "+why)
		case lack:
			parts = append(parts, what+" need "+needs)
		case other:
			parts = append(parts, what+" apply only to the "+contract)
		default:
			parts = append(parts, what+": "+why)
		}
	}
	was := "can run"
	if e.judged {
		was = "was judged"
	}
	return "nothing of the selection " + was + ": " + strings.Join(parts, "; ")
}

// Hint says what would bring the first capability that is missing.
func (e *EmptyError) Hint() string {
	for _, why := range e.why {
		needs, _ := strings.CutPrefix(why, needsPrefix)
		var all []Capability
		for n := range strings.SplitSeq(needs, and) {
			all = append(all, Capability(n))
		}
		if how := enable(all); how != "" {
			return how
		}
	}
	return "select other checks with --only, --skip or --level"
}
