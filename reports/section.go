package reports

import (
	"fmt"
	"strings"
)

// sections are those of a report in words and tables, each with its blocks.
func (r *Report) sections() (out [][]block) {
	took := duration(r.Run.DurationMS)
	if r.Conformance != nil {
		out = append(out, r.Conformance.blocks(took, r.Run.ExitCode == ExitUndecided))
	}
	if r.Load != nil {
		out = append(out, r.Load.blocks(took))
	}
	if r.Capacity != nil {
		out = append(out, r.Capacity.blocks())
	}
	if r.Plan != nil {
		out = append(out, r.Plan.blocks())
	}
	if r.Limits != nil {
		out = append(out, r.Limits.blocks())
	}
	return out
}

// headBlock is what the run was.
func (r *Report) headBlock() (b block) {
	run, t := r.Run, r.Target
	b.add("dfcheck %s, %s", run.Kind, run.Started.UTC().Format("2006-01-02 15:04:05 MST"))
	if run.ID != "" {
		b.label("run", "%s", run.ID)
	}
	b.label("took", "%s", duration(run.DurationMS))
	b.label("exit code", "%d%s", run.ExitCode, after(": ", exitMeaning[run.ExitCode]))
	if run.Interrupted {
		b.add("interrupted")
	}
	if run.Problem != nil {
		b.label("problem", "%s", run.Problem.Kind)
	}
	if t.Spec != "" {
		b.label("contract", "%s", t.Spec+after(", chosen by ", t.ChosenBy)+after(": ", t.ChosenWhy))
	}
	for _, f := range []entry{
		{label: "host", text: t.Host},
		{label: "also answers", text: strings.Join(t.Also, ", ")},
		{label: "issuer", text: t.Issuer},
		{label: "device authorization endpoint", text: t.DeviceAuthorizationEndpoint},
		{label: "token endpoint", text: t.TokenEndpoint},
		{label: "client", text: t.ClientID},
		{label: "approver", text: t.Approver},
		{label: "configuration", text: run.Config},
	} {
		if f.text != "" {
			b.entries = append(b.entries, f)
		}
	}
	b.label("made by", "%s", strings.TrimSpace(r.Tool.Name+" "+r.Tool.Version+after(", ", r.Tool.Commit)+
		after(", ", r.Tool.Date)))
	if ci := run.CI; ci != nil {
		b.label("CI", "%s%s%s%s", ci.System, after(", branch ", ci.Branch), after(", commit ", ci.Commit),
			after(", ", ci.URL))
	}
	return b
}

// blocks are the summary of a conformance run, without its checks.
func (c *Conformance) blocks(took string, undecided bool) []block {
	var b block
	s := c.Summary
	b.add("%s: %d passed, %d failed, %s, %d inconclusive, %d skipped, %d waived, %s in %s",
		Count(s.Total(), "check", "checks"), s.Pass, s.Fail, Count(s.Warning, "warning", "warnings"), s.Inconclusive,
		s.Skipped, s.Waived, Count(s.Error, "error", "errors"), took)
	for _, pw := range c.powers() {
		b.label("found by chance", "%s (%s)", pw.text, strings.Join(pw.checks, ", "))
	}
	b.notes(c.Notes)
	for _, w := range c.StaleWaivers {
		b.label("stale waiver", "%s (%s)", w.ID, w.Why)
	}
	if undecided {
		b.entries = append(b.entries, c.unjudgedBlock().entries...)
	}
	return []block{b, c.mitigationBlock(), c.gapBlock(), c.planBlock()}
}

// gapBlock is what was skipped for want of something, and what brings it.
func (c *Conformance) gapBlock() block {
	b := block{detail: true}
	for _, g := range c.Gaps {
		b.label("skipped", "%s: %s%s", g.Counted(), strings.Join(g.Checks, " "), after("; ", g.Enable))
	}
	return b
}

// planBlock is what the run set out to do.
func (c *Conformance) planBlock() block {
	b := block{detail: true}
	p := c.Plan
	if p == (Plan{}) { // a transcript was judged
		return b
	}
	text := fmt.Sprintf("%s, %s, %s among them", plural(p.Checks, "check"), plural(p.Requests, "request"),
		plural(p.Starts, "device authorization"))
	if p.Decisions > 0 {
		text += fmt.Sprintf(", %s at most", plural(p.Decisions, "decision"))
	}
	text += ", critical path " + duration(p.CriticalPathMS)
	if p.WorstCaseMS > 0 {
		text += ", " + duration(p.WorstCaseMS) + " at worst"
	}
	b.label("plan", "%s", text)
	return b
}
