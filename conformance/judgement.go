package conformance

import (
	"fmt"
	"slices"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports"
)

// A Judgement gathers what a check finds. Its verdict only ever gets worse;
// with nothing observed it stays undecided.
//
// It holds for every check what no check should have to repeat: what rests on
// an answer of infrastructure is open, and so is what an earlier lost answer may
// have caused; a pass needs something that could have shown the opposite.
type Judgement struct {
	evidence   *Evidence
	ownsLimits bool
	// ownsEnds: what becomes of codes when their lifetime is over is what it is about,
	// or it looks at all answers and not at their moment.
	ownsEnds bool
	check    string // whose it is
	passive  bool
	early    bool

	verdict  reports.Verdict
	reason   string
	lack     Lack // for want of what the check is skipped
	findings []reports.Finding
	waivedBy []string // settings
	seen     int
	missing  string         // what was not seen, where a judge said so
	rounds   int            // that could have shown what shows by chance
	lost     map[string]int // rounds that say nothing, by the reason
}

func newJudgement(e *Evidence, c Check) *Judgement {
	expires := func(s *Scenario) bool { return s.Lane == LaneExpiry }
	return &Judgement{evidence: e, ownsLimits: c.OwnsLimits, check: c.ID, passive: c.Passive,
		ownsEnds: c.Passive || slices.ContainsFunc(c.Scenarios(), expires)}
}

// Pass counts exchanges that are as they should be. Missing ones and answers of
// infrastructure, which could not have shown anything else, do not count.
func (j *Judgement) Pass(xs ...*Exchange) {
	for _, x := range xs {
		if x != nil && (j.ownsLimits || !x.Infrastructure() || x.blocked()) {
			j.seen++
		}
	}
}

// Saw counts n observations that are no exchanges of the check's: codes of a
// statistic, decisions, handshakes. With none, the verdict stays undecided and
// says that no such thing was seen.
func (j *Judgement) Saw(n int, what string) {
	j.seen += n
	if n == 0 && j.missing == "" {
		j.missing = "no " + what + " was seen"
	}
}

// Fail and Warn record a finding: what was expected, what came,
// and the exchanges that deviate. Exchanges that only give the background
// belong in the words: a finding stands or falls with those it cites.
func (j *Judgement) Fail(expected, actual string, xs ...*Exchange) {
	j.find(reports.Fail, expected, actual, xs)
}
func (j *Judgement) Warn(expected, actual string, xs ...*Exchange) {
	j.find(reports.Warning, expected, actual, xs)
}

// Inconclusive says why something was not decided; nothing else was expected.
func (j *Judgement) Inconclusive(reason string, xs ...*Exchange) {
	reason = j.evidence.because(reason, j.check, xs)
	j.worsen(reports.Inconclusive, reason)
	if len(xs) > 0 {
		j.cite(reports.Inconclusive, "", reason, xs)
	}
}

// open records what was expected where the answer does not show it.
func (j *Judgement) open(expected, actual string, xs []*Exchange) {
	j.worsen(reports.Inconclusive, actual)
	j.cite(reports.Inconclusive, expected, actual, xs)
}

// Skip says why the check does not apply to this target.
func (j *Judgement) Skip(reason string) { j.worsen(reports.Skipped, reason) }

// SkipFor says for want of what the check cannot be judged on this target.
func (j *Judgement) SkipFor(l Lack) {
	if j.worsen(reports.Skipped, l.String()) {
		j.lack = l
	}
}

// SkipUnsupported skips a check because the approver does not have the decision.
func (j *Judgement) SkipUnsupported(d *Decided) {
	l := Lack{Needs: []Capability{NeedApprover}, Because: "the approver cannot " + d.Decision}
	switch d.Decision {
	case string(approve.Deny):
		l.Needs[0] = needDenial
	case entering:
		l.Needs[0] = NeedSteps
	}
	j.SkipFor(l)
}

// Waive records a deviation that the configuration knows of (lenient.…).
func (j *Judgement) Waive(setting, expected, actual string, xs ...*Exchange) {
	j.seen += max(len(xs), 1)
	j.worsen(reports.Waived, setting)
	if !slices.Contains(j.waivedBy, setting) {
		j.waivedBy = append(j.waivedBy, setting)
	}
	j.cite(reports.Waived, expected, actual, xs)
}

// Record adds a finding under any verdict.
func (j *Judgement) Record(v reports.Verdict, expected, actual string, xs ...*Exchange) {
	switch v {
	case reports.Pass:
		j.Pass(xs...)
	case reports.Inconclusive:
		j.open(expected, actual, xs)
	default:
		j.find(v, expected, actual, xs)
	}
}

func (j *Judgement) find(v reports.Verdict, expected, actual string, xs []*Exchange) {
	xs, open := j.grounds(xs)
	if open != "" {
		j.open(expected, actual+", "+open, xs)
		return
	}
	if j.evidence.evicted(j.rests(xs)) && !contradictory(xs) {
		ev := j.evidence.evictions()
		if actual += "; " + ev.told; ev.owner != j.check || ev.same != "" {
			j.open(expected, elsewhere(actual, ev.owner, j.check), xs)
			return
		}
	}
	if j.evidence.merged(j.rests(xs), j.passive && len(xs) == 0) {
		if actual += "; " + mergesDevices + j.evidence.namedAlike(); !j.evidence.tellsMerged(j.check, xs) {
			j.open(expected, elsewhere(actual, mergedOwner, j.check), xs)
			return
		}
	}
	j.early = j.early || slices.ContainsFunc(j.rests(xs), j.evidence.gone)
	j.seen += max(len(xs), 1)
	j.worsen(v, fmt.Sprintf("expected %s, got %s", expected, actual))
	j.cite(v, expected, actual, xs)
}

// rests are the exchanges that a finding rests on: where it cites none, all that its
// check has seen.
func (j *Judgement) rests(xs []*Exchange) []*Exchange {
	if len(xs) > 0 || j.passive || j.evidence == nil {
		return xs
	}
	return j.evidence.Exchanges
}

// elsewhere names the check whose finding it is, if it is not this one's.
func elsewhere(actual, owner, check string) string {
	if owner == check {
		return actual
	}
	return actual + ": see " + owner
}

// grounds are the exchanges that a finding can rest on; where it cannot stand,
// open says why.
func (j *Judgement) grounds(xs []*Exchange) (solid []*Exchange, open string) {
	cited := len(xs)
	xs = slices.DeleteFunc(slices.Clone(xs), func(x *Exchange) bool { return x == nil })
	switch {
	case cited > 0 && len(xs) == 0:
		return nil, "no request was sent"
	case slices.ContainsFunc(xs, j.evidence.slowedUnread):
		return xs, "which the server says of any code that comes again too soon, before it looks the code up"
	case j.ownsLimits:
		return xs, ""
	}
	solid = slices.DeleteFunc(slices.Clone(xs), (*Exchange).Infrastructure)
	switch {
	case contradictory(solid):
		return solid, ""
	case len(solid) < len(xs):
		return xs, "which came from a rate limiter or proxy rather than the device flow"
	case !j.ownsEnds && slices.ContainsFunc(solid, j.evidence.ended):
		return xs, "the code's lifetime had ended, or was about to, by the time of the answer"
	case slices.ContainsFunc(solid, j.evidence.Uncertain):
		return xs, "but an earlier answer to this code was lost, so its state is not known"
	}
	return solid, ""
}

// cite adds a finding; what was found before is counted.
func (j *Judgement) cite(v reports.Verdict, expected, actual string, xs []*Exchange) {
	j.findings = reports.AddFinding(j.findings, reports.Finding{Verdict: v, Expected: expected, Actual: actual,
		Exchanges: ids(xs)})
}

// worsen reports whether the verdict, and with it the reason, is a new one.
func (j *Judgement) worsen(v reports.Verdict, reason string) bool {
	if j.verdict == "" {
		j.verdict = reports.Pass
	}
	worse := reports.Worse(j.verdict, v)
	if worse == j.verdict {
		return false
	}
	j.verdict, j.reason, j.lack = worse, reason, Lack{}
	return true
}

// Seen is how many observations were counted.
func (j *Judgement) Seen() int { return j.seen }

// Empty reports whether nothing was found so far, not even a round that was lost.
func (j *Judgement) Empty() bool { return j.rounds == 0 && len(j.lost) == 0 && j.verdict == "" }

func (j *Judgement) result(c Check) Result {
	if j.verdict == "" || j.verdict == reports.Pass {
		if j.rounds == 0 && len(j.lost) > 0 {
			return Result{Check: c, Verdict: reports.Inconclusive, Reason: "no round counted: " + j.losses()}
		}
		if j.seen == 0 {
			return Result{Check: c, Verdict: reports.Inconclusive, Reason: j.nothing(c)}
		}
		return Result{Check: c, Verdict: reports.Pass}
	}
	slices.SortStableFunc(j.findings, func(a, b reports.Finding) int { return reports.Order(b.Verdict, a.Verdict) })
	return Result{Check: c, Verdict: j.verdict, Reason: j.reason, Lack: j.lack, WaivedBy: j.waivedBy, Findings: j.findings,
		early: j.early}
}

// nothing says that a check had nothing to judge, and what would give it some.
func (j *Judgement) nothing(c Check) string {
	reason := j.missing
	switch {
	case reason != "":
	case c.Shows != "":
		reason = "no " + c.Shows + " was seen"
	default:
		return j.stopped(c)
	}
	if c.Passive && j.evidence != nil && len(j.evidence.Header.Checks) < len(j.evidence.checks) {
		reason += "; a run of all checks shows more of them: leave out --only, --skip and --level"
	}
	return reason
}

// stopped says where the flows of a check came to a stop, where that is why it saw nothing:
// at a code that was not issued, a decision that was not made, or tokens that did not come.
func (j *Judgement) stopped(c Check) string {
	const nothing = "nothing was observed that this check could judge"
	e := j.evidence
	if e == nil {
		return nothing
	}
	own := slices.DeleteFunc(slices.Clone(e.Exchanges), func(x *Exchange) bool {
		return x.Flow == "" || x.Provoked || x.Superseded || !x.In(c.Scenarios()...)
	})
	for _, x := range own {
		if x.Op == OpStart && !x.HasCodes() {
			return "no code was issued for it: " + Describe(x) + " (" + x.ID + ")"
		}
	}
	for _, s := range c.Scenarios() {
		for _, d := range e.Decisions(s) {
			if d.Decision.Outcome != Accepted {
				return e.because(d.Undecided(), c.ID, []*Exchange{e.Authorization(d.Flow)})
			}
		}
	}
	for _, x := range own {
		if x.Step == redeemStep && !slices.ContainsFunc(e.byFlow[x.Flow], (*Exchange).HasTokens) {
			return e.because("no token was issued: "+Describe(x)+" ("+x.ID+")", c.ID, []*Exchange{x})
		}
	}
	return nothing
}

func ids(xs []*Exchange) []string {
	var out []string
	for _, x := range xs {
		if x != nil {
			out = append(out, x.ID)
		}
	}
	return out
}

// A Comparison judges special requests (hostile, altered, repeated, mistyped)
// beside their control: the same request without what makes it special.
type Comparison struct {
	j       *Judgement
	control *Exchange
	owner   string
}

// Against compares with a control request to which the same is due, and whose
// own verdict belongs to the check owner. A special request is blamed only where
// its control did better, or where it was given what the control was not known to
// get: tokens and codes are a deviation whatever became of the control.
func (j *Judgement) Against(control *Exchange, owner string) Comparison {
	return Comparison{j, control, owner}
}

// Each judges as Judgement.Each does, and blames only what the control allows.
func (c Comparison) Each(xs []*Exchange, due Expectation, expected string, rules ...Rule) {
	for _, x := range xs {
		if x == nil || x.Superseded {
			continue
		}
		v, actual := due.verdict(x, rules, c.j.ownsLimits)
		c.record(v, expected, actual, x)
	}
}

// record adds a finding about one special request, if its control did better.
func (c Comparison) record(v reports.Verdict, expected, actual string, x *Exchange) {
	if reports.Order(v, reports.Inconclusive) <= 0 {
		c.j.Record(v, expected, actual, x)
		return
	}
	switch plain := c.control; {
	case accepted(x) && (plain == nil || !accepted(plain)):
		c.j.Record(v, expected, actual, x)
	case plain == nil || plain.Infrastructure():
		c.j.Inconclusive(actual+"; the plain request to compare it with got "+Describe(plain)+
			", so nothing follows from that", x)
	case accepted(x), plain.Class() == 5 && x.Class() == 5, plain.StillPending() && x.StillPending():
		c.j.Inconclusive(actual+"; the plain request got "+Describe(plain)+" too: see "+c.owner, x)
	case sameAnswer(plain, x) && x.Class() == 4:
		c.j.Pass(x) // told apart in nothing; how the plain request is refused is its check's business
	default:
		c.j.Record(v, expected, actual, x)
	}
}

// sameAnswer reports whether two answers say the same to a program: the same class
// of status, the same error code, and the same kind of thing given.
func sameAnswer(a, b *Exchange) bool {
	return a.Class() == b.Class() && a.ErrorCode() == b.ErrorCode() && a.HasTokens() == b.HasTokens() &&
		a.HasCodes() == b.HasCodes()
}
