package reports

import (
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

// bundle is the checks of one verdict.
type bundle struct {
	Verdict      Verdict
	Name, Anchor string
	Open         bool // what needs attention is there to be seen
	Checks       []shownCheck
}

// shownCheck is a check with what its page says beside the report: the words of the
// catalogue, and what its findings cite.
type shownCheck struct {
	Check
	Requirement *spec.Requirement
	About       string
	Citations   []citation
	Open        bool
	Findings    []shownFinding
	Flows       []drawing
}

type shownFinding struct {
	Finding
	Cited []cite
}

// cite is an exchange as a finding names it. Label is empty for one that the
// report does not hold.
type cite struct{ ID, Label string }

// bundleNames in the words of the page.
var bundleNames = map[Verdict]string{Error: "Errors of dfcheck", Fail: "Failed", Warning: "Warnings",
	Inconclusive: "Not decided", Waived: "Waived", Skipped: "Skipped", Pass: "Passed"}

// Bundles are the checks by verdict, what needs attention first.
func (p *page) Bundles() []bundle {
	if p.bundles == nil {
		p.bundles = p.bundled()
	}
	return p.bundles
}

func (p *page) bundled() (out []bundle) {
	opened := false
	for _, v := range append(slices.Clone(attention), Waived, Skipped, Pass) {
		b := bundle{Verdict: v, Name: bundleNames[v], Anchor: "verdict-" + string(v), Open: slices.Contains(attention, v)}
		for _, c := range p.Conformance.Checks {
			if shownAs(c.Verdict) != v {
				continue
			}
			one := p.shown(c)
			one.Open = b.Open && !opened && (v == Fail || v == Error)
			opened = opened || one.Open
			b.Checks = append(b.Checks, one)
		}
		if b.Checks != nil {
			out = append(out, b)
		}
	}
	return out
}

// attention is what somebody should look at.
var attention = []Verdict{Error, Fail, Warning, Inconclusive}

// shownAs is a verdict of ours; one that nobody gave is an error of dfcheck.
func shownAs(v Verdict) Verdict {
	if slices.Contains(Verdicts, v) {
		return v
	}
	return Error
}

// maxFlows is how many flows a check draws.
const maxFlows = 2

func (p *page) shown(c Check) shownCheck {
	out := shownCheck{Check: c, About: spec.GroupTitle(c.Group), Citations: citations(c.Source)}
	if r, err := spec.Lookup(c.ID); err == nil {
		out.Requirement = &r
	}
	var flows []string
	for _, f := range c.Findings {
		for _, id := range f.Exchanges {
			if x := p.byExchange()[id]; x != nil && x.Flow != "" {
				flows = append(flows, x.Flow)
			}
		}
		out.Findings = append(out.Findings, shownFinding{f, p.Cites(f.Exchanges)})
	}
	for _, f := range p.Conformance.Flows {
		if slices.Contains(flows, f.ID) && len(out.Flows) < maxFlows {
			out.Flows = append(out.Flows, p.draw(f))
		}
	}
	return out
}

// Cites are exchanges as they are named where they are cited.
func (p *page) Cites(ids []string) (out []cite) {
	for _, id := range ids {
		out = append(out, cite{id, p.byExchange()[id].label()})
	}
	return out
}

// ShowReason reports whether the reason says more than the findings.
func (c shownCheck) ShowReason() bool {
	return c.Reason != "" && (len(c.Findings) == 0 || c.Verdict == Waived)
}

// Model is a flow that went from its start to a token, nil when there is none.
func (p *page) Model() *drawing {
	for _, f := range p.Conformance.Flows {
		if slices.ContainsFunc(f.Moments, func(m Moment) bool { return m.Tokens }) {
			d := p.draw(f)
			return &d
		}
	}
	return nil
}

// draw draws a flow, and keeps in mind that it was.
func (p *page) draw(f Flow) drawing {
	p.drawn[f.ID] = true
	return draw(f)
}

// MoreFlows are those that no check has room for.
func (p *page) MoreFlows() (out []drawing) {
	for _, f := range p.Conformance.Flows {
		if !p.drawn[f.ID] {
			out = append(out, draw(f))
		}
	}
	return out
}

// chips are the values of a key that the filter knows, with how many checks have
// them.
type chips struct {
	Key    string
	Values []chip
}

type chip struct {
	Name, Token string
	Count       int
}

// Chips of the filter: verdicts from worse to better, levels, groups in the order
// of the checks.
func (p *page) Chips() []chips {
	verdicts, lvls, groups := chips{Key: "verdict"}, chips{Key: "level"}, chips{Key: "group"}
	for _, v := range slices.Backward(Verdicts) {
		verdicts.count(string(v), 0)
	}
	for _, l := range levels {
		lvls.count(l, 0)
	}
	for _, c := range p.Conformance.Checks {
		verdicts.count(string(shownAs(c.Verdict)), 1)
		lvls.count(c.Level, 1)
		groups.count(c.Group, 1)
	}
	out := []chips{verdicts, lvls, groups}
	for i := range out {
		out[i].Values = slices.DeleteFunc(out[i].Values, func(c chip) bool { return c.Count == 0 })
	}
	return out
}

func (c *chips) count(name string, n int) {
	i := slices.IndexFunc(c.Values, func(v chip) bool { return v.Name == name })
	if i < 0 {
		i = len(c.Values)
		c.Values = append(c.Values, chip{Name: name, Token: c.Key + ":" + strings.ReplaceAll(name, " ", "")})
	}
	c.Values[i].Count += n
}
