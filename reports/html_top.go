package reports

import (
	"fmt"
	"slices"
	"strings"
)

// A fact is a line of the page's head.
type fact struct{ Name, Value, Note string }

// Facts are what a reader must know to understand the rest.
func (p *page) Facts() []fact {
	t := p.Target
	all := []fact{
		{"Target", t.Host, ""},
		{"Contract", t.Spec, t.ChosenWhy},
		{"Wall time", duration(p.Run.DurationMS), ""},
		{"Started", p.Run.Started.UTC().Format("2006-01-02 15:04 MST"), ""},
		{"Exit code", fmt.Sprint(p.Run.ExitCode), exitMeaning[p.Run.ExitCode]},
		{"Client", t.ClientID, ""},
		{"Approver", t.Approver, ""},
		{"Issuer", t.Issuer, ""},
		{"Device authorization endpoint", t.DeviceAuthorizationEndpoint, ""},
		{"Token endpoint", t.TokenEndpoint, ""},
		{"Also served", strings.Join(t.Also, ", "), ""},
	}
	running := p.running()
	return slices.DeleteFunc(all, func(f fact) bool { return f.Value == "" || running && f.Name == "Exit code" })
}

// bar shows every check as a segment, the worst verdicts first.
type bar struct {
	Width    int
	Step     float64 // of a segment, with a gap to the next
	Segments []segment
	Legend   []verdictCount
}

type segment struct {
	Check
	X int
}

type verdictCount struct {
	Verdict      Verdict
	Name, Anchor string
	Count        int
}

// gapBetween segments, in the bar's units.
const gapBetween = 0.15

// Bar of the checks; nil where there are none. While a run goes on it fills.
func (p *page) Bar() *bar {
	if p.Conformance == nil {
		return nil
	}
	b := &bar{Step: 1 - gapBetween, Width: len(p.Conformance.Checks)}
	if p.running() {
		b.Width = max(b.Width, p.Growing.Checks)
	}
	if b.Width == 0 {
		return nil
	}
	for _, in := range p.Bundles() {
		for _, c := range in.Checks {
			b.Segments = append(b.Segments, segment{c.Check, len(b.Segments)})
		}
		b.Legend = append(b.Legend, verdictCount{in.Verdict, strings.ToLower(in.Name), in.Anchor, len(in.Checks)})
	}
	return b
}

// maxFirst is how many checks a reader is sent to first.
const maxFirst = 5

// First lists what to look at first: errors and failures, those of what must be
// before those of what should.
func (p *page) First() []Check {
	bad := slices.DeleteFunc(slices.Clone(p.Conformance.Checks), func(c Check) bool {
		return c.Verdict != Fail && c.Verdict != Error
	})
	slices.SortStableFunc(bad, func(a, b Check) int {
		if d := Order(b.Verdict, a.Verdict); d != 0 {
			return d
		}
		return gravity(a.Level) - gravity(b.Level)
	})
	return bad[:min(len(bad), maxFirst)]
}

// levels of requirements, the gravest first.
var levels = []string{"MUST", "DOC", "SHOULD", "MAY"}

func gravity(level string) int {
	if i := slices.Index(levels, level); i >= 0 {
		return i
	}
	return len(levels)
}

// Untested groups what was not judged by the reason, with what brings it: what
// was skipped for want of something first.
func (p *page) Untested() []Unjudged {
	var out []Unjudged
	for _, g := range p.Conformance.Gaps {
		out = append(out, Unjudged{"needs " + g.Needs, g.Enable, g.Checks})
	}
	for _, c := range p.Conformance.Checks {
		if c.Verdict != Inconclusive {
			continue
		}
		why := "not decided: " + c.Reason
		i := slices.IndexFunc(out, func(u Unjudged) bool { return u.Why == why })
		if i < 0 {
			i, out = len(out), append(out, Unjudged{Why: why})
		}
		out[i].Checks = append(out[i].Checks, c.ID)
	}
	return out
}

// Powers are what some checks would have seen of faults that show by chance.
func (p *page) Powers() (out []shownPower) {
	for _, one := range p.Conformance.powers() {
		out = append(out, shownPower{one.text, one.checks})
	}
	return out
}

type shownPower struct {
	Text   string
	Checks []string
}
