package reports

import (
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

// junitSuites are the suite of the run itself, and those of what it found.
func (r *Report) junitSuites() []junitSuite {
	run := r.junitSuite("dfcheck "+string(r.Run.Kind), r.Run.DurationMS)
	run.Properties = &junitProperties{List: r.junitProperties()}
	run.Cases = r.junitRun()
	var out []string
	for _, s := range r.sections() {
		out = append(out, blockText(s))
	}
	run.Out = strings.Join(out, "\n\n")
	suites := []junitSuite{run}
	if r.Conformance != nil {
		suites = append(suites, r.junitGroups()...)
	}
	if r.Load != nil {
		suites = append(suites, r.junitLoad())
	}
	if r.Capacity != nil {
		s := r.junitSuite("capacity", r.Run.DurationMS)
		s.Cases = []junitCase{r.Capacity.junitCase()}
		suites = append(suites, s)
	}
	return suites
}

func (r *Report) junitSuite(name string, ms float64) junitSuite {
	return junitSuite{Name: name, ms: ms, Timestamp: r.Run.Started.UTC().Format("2006-01-02T15:04:05")}
}

// junitProperties are what the run was, and what a load run counted.
func (r *Report) junitProperties() []junitProperty {
	out := []junitProperty{{"host", legible(r.Target.Host)}, {"spec", legible(r.Target.Spec)}, {"version", r.Tool.Version}}
	for _, f := range r.headBlock().entries {
		if f.label != "" && f.label != "host" {
			out = append(out, junitProperty{f.label, legible(f.text)})
		}
	}
	if l := r.Load; l != nil {
		out = append(out, l.junitErrors()...)
	}
	return out
}

// junitRun are cases for what is no verdict of a check, and makes an exit code.
func (r *Report) junitRun() (out []junitCase) {
	add := func(name string, failed bool, message, text string) {
		c := junitCase{Class: "dfcheck.run", Name: name, Time: junitTime(0)}
		if failed {
			c.Failure = &junitOutcome{Message: message, Type: "run", Text: text}
		} else {
			c.Out = message + "\n" + text
		}
		out = append(out, c)
	}
	if c := r.Conformance; c != nil {
		if r.Run.ExitCode == ExitUndecided {
			add("--strict", true, "MUST and DOC checks were not judged", blockText([]block{c.unjudgedBlock()}))
		}
		for _, w := range c.StaleWaivers {
			add("waiver of "+legible(w.ID), r.Run.ExitCode == ExitStaleWaiver, "it no longer applies: "+legible(w.Why), "")
		}
	}
	if l := r.Load; l != nil && len(l.Shards) > 0 && !l.Complete() {
		var lines []string
		for _, s := range l.Shards {
			lines = append(lines, legible(s.String()))
		}
		add("all shards", r.Run.ExitCode == ExitUndecided, "a shard is not complete", strings.Join(lines, "\n"))
	}
	if p := r.Run.Problem; p != nil {
		out = append(out, junitCase{Class: "dfcheck.run", Name: string(p.Kind), Time: junitTime(0),
			Error: &junitOutcome{Message: legible(p.Message), Type: string(p.Kind),
				Text: legible(strings.TrimSpace(p.Hint + "\n" + p.Curl))}})
	}
	if r.Run.Interrupted {
		out = append(out, junitCase{Class: "dfcheck.run", Name: "interrupted", Time: junitTime(0),
			Error: &junitOutcome{Message: "the run was interrupted", Type: "interrupted"}})
	}
	return out
}

// junitGroups are a suite for each group of checks.
func (r *Report) junitGroups() (out []junitSuite) {
	for _, c := range r.Conformance.Checks {
		name := c.Group + after(": ", spec.GroupTitle(c.Group))
		i := slices.IndexFunc(out, func(s junitSuite) bool { return s.Name == name })
		if i < 0 {
			i, out = len(out), append(out, r.junitSuite(name, 0))
		}
		out[i].ms += c.DurationMS
		out[i].Cases = append(out[i].Cases, r.junitCheck(c))
	}
	return out
}

// warningsFail reports whether the exit code is that of warnings: with --fail-on
// warning.
func (r *Report) warningsFail() bool {
	return r.Run.ExitCode == ExitFailed && !r.failed(ExitOptions{})
}

func (r *Report) junitCheck(c Check) junitCase {
	out := junitCase{Class: "dfcheck." + c.Group, Name: c.ID + " " + c.Title, Time: junitTime(c.DurationMS)}
	text := r.findings(c)
	o := &junitOutcome{Message: legible(c.Reason), Type: c.Level, Text: text}
	if o.Message == "" && len(c.Findings) > 0 {
		o.Message = legible(c.Findings[0].Sentence())
	}
	switch {
	case c.Verdict == Fail, c.Verdict == Warning && r.warningsFail():
		out.Failure = o
	case c.Verdict == Pass, c.Verdict == Waived, c.Verdict == Warning:
		out.Out = strings.TrimSpace(string(c.Verdict) + after(": ", o.Message) + "\n" + text)
	case c.Verdict == Skipped, c.Verdict == Inconclusive:
		out.Skipped = strings.TrimSpace(string(c.Verdict) + after(": ", o.Message) + "\n" + text)
	default:
		out.Error = o
	}
	return out
}

// findings are those of a check with their evidence, and what is known of the check.
func (r *Report) findings(c Check) string {
	lines := []string{legible(c.about())}
	if c.Power != "" {
		lines = append(lines, legible(c.Power))
	}
	var ids []string
	for _, f := range c.Findings {
		prefix := after("", legible(string(f.Verdict)))
		if prefix != "" {
			prefix += ": "
		}
		if f.Expected == "" {
			lines = append(lines, prefix+legible(f.Actual))
		} else {
			lines = append(lines, prefix+"expected "+legible(f.Expected), "got      "+legible(f.Actual))
		}
		if seen := f.Seen(); seen != "" {
			lines = append(lines, "seen in  "+legible(seen))
		}
		ids = append(ids, f.Exchanges...)
	}
	for _, x := range r.cited(ids) {
		lines = append(append(lines, ""), x.evidence()...)
	}
	return strings.Join(lines, "\n")
}

// junitLoad has a case for each threshold and each kind of violation. A violation
// fails by itself only where no threshold is about them.
func (r *Report) junitLoad() junitSuite {
	s := r.junitSuite("load", r.Run.DurationMS)
	for _, t := range r.Load.Thresholds {
		c := junitCase{Class: "dfcheck.load", Name: legible(t.Expression), Time: junitTime(0)}
		switch o := (&junitOutcome{Message: legible(t.String()), Type: "threshold"}); t.Verdict {
		case Fail:
			c.Failure = o
		case Inconclusive:
			c.Skipped = o.Message
		default:
			c.Out = o.Message
		}
		s.Cases = append(s.Cases, c)
	}
	if t := r.Load.Trend; t != nil {
		c := junitCase{Class: "dfcheck.load.trend", Name: trendTitle, Time: junitTime(0), Out: blockText([]block{t.block()})}
		if t.Verdict == TooFew {
			c.Skipped = legible(t.String())
		}
		s.Cases = append(s.Cases, c)
	}
	for _, v := range r.Load.Violations {
		c := junitCase{Class: "dfcheck.load.violations", Name: legible(v.Title), Time: junitTime(0)}
		lines := []string{legible(v.word() + ": " + v.String())}
		for _, x := range r.cited(v.Exchanges) {
			lines = append(append(lines, ""), x.evidence()...)
		}
		text := strings.Join(lines, "\n")
		if !v.Information && r.Load.failedByViolations() {
			c.Failure = &junitOutcome{Message: lines[0], Type: "violation", Text: text}
		} else {
			c.Out = text
		}
		s.Cases = append(s.Cases, c)
	}
	var lines []string
	for _, e := range r.Load.Errors {
		for _, x := range r.cited([]string{e.Exchange}) {
			lines = append(append(lines, e.Kind+":"), x.evidence()...)
		}
	}
	s.Out = strings.Join(lines, "\n")
	return s
}

// junitErrors are the properties of a load run with errors.
func (l *Load) junitErrors() (out []junitProperty) {
	if text := l.Offered.String(); text != "" {
		out = append(out, junitProperty{"load", text})
	}
	for _, e := range l.Errors {
		out = append(out, junitProperty{"error." + legible(e.Kind), legible(e.String())})
	}
	return out
}

// junitCase fails when not even the smallest crowd met the objectives.
func (c *Capacity) junitCase() junitCase {
	out := junitCase{Class: "dfcheck.capacity", Name: legible(strings.Join(c.Objectives, " and ")), Time: junitTime(0),
		Out: blockText(c.blocks())}
	if c.failed() {
		out.Failure = &junitOutcome{Message: "not even the smallest crowd met the objectives", Type: "capacity",
			Text: out.Out}
		out.Out = ""
	}
	return out
}
