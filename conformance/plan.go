package conformance

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/strict"
)

// Options of a run. The zero value is the default run.
type Options struct {
	Only, Skip  []string // check ids and groups
	Level       string   // MUST, SHOULD, MAY or DOC: only checks of this level
	Set         string   // only checks of this requirement set, 2026.1; all when ""
	MaxRPS      float64  // requests per second, DefaultMaxRPS when 0
	MaxStarts   int      // device authorization requests; DefaultMaxStarts, or ThoroughMaxStarts, when 0
	Concurrency int      // requests in flight, DefaultConcurrency when 0
	MaxWait     time.Duration
	Abuse       bool // also the lane that attacks limits
	Thorough    bool // long enough for faults that show rarely
	// AllDecisions asks a person for every decision, not only for MaxDecisions.
	AllDecisions bool
	ShowSecrets  bool
	Judged       func(Result) // gets every verdict when it is reached; may be nil
}

// DefaultMaxWait bounds the lifetimes and intervals a run will wait for.
const DefaultMaxWait = 3 * time.Minute

func (o Options) withDefaults() Options {
	if o.MaxRPS <= 0 {
		o.MaxRPS = DefaultMaxRPS
	}
	if o.MaxStarts <= 0 {
		o.MaxStarts = DefaultMaxStarts
		if o.Thorough {
			o.MaxStarts = ThoroughMaxStarts
		}
	}
	if o.Concurrency <= 0 {
		o.Concurrency = DefaultConcurrency
	}
	if o.MaxWait <= 0 {
		o.MaxWait = DefaultMaxWait
	}
	if o.Judged == nil {
		o.Judged = func(Result) {}
	}
	return o
}

// A Plan is what a run will do, known before the scenarios begin.
type Plan struct {
	Checks    []Planned
	Scenarios []*Scenario
	// Requests and the device authorization requests among them, Starts, are those of
	// the whole run, preflight included. There are no more of Starts, unless a server
	// puts some off, or what it does is looked into.
	Requests, Starts int
	// Critical is the longest chain of waits: what the run takes when the
	// target answers at once. Worst adds what is repeated one code at a time, or with
	// nothing beside it, up to MaxWait.
	Critical, Worst time.Duration
	// Decisions is how often the approver is asked, at most. Attended is about how
	// long a person has to stay for them; 0 for a program.
	Decisions int
	Attended  time.Duration
	turns     []*Scenario // those that a person is asked for, in this order
	opening   []*Scenario // of the gate that decisions open
	sent      Cost        // by preflight
}

// Planned is a check in a plan. A check with a Verdict will not run.
type Planned struct {
	ID      string
	Verdict reports.Verdict // "", skipped or inconclusive
	Reason  string
	Lack    Lack   // for want of what it is skipped or left open
	Enable  string // what would bring that
}

// Count tells how many checks will run.
func (p *Plan) Count() int {
	n := 0
	for _, c := range p.Checks {
		if c.Verdict == "" {
			n++
		}
	}
	return n
}

// Select picks checks of all by id, group and level. A name that nothing has, and a
// selection with nothing in it, are errors.
func Select(all Checks, o Options) ([]Check, error) {
	var errs []error
	only, err := selector(o.Only)
	errs = append(errs, err)
	skip, err := selector(o.Skip)
	errs = append(errs, err)
	level := strings.ToUpper(o.Level)
	if level != "" && !slices.Contains([]string{"MUST", "SHOULD", "MAY", "DOC"}, level) {
		errs = append(errs, fmt.Errorf("unknown level %q (MUST, SHOULD, MAY or DOC)", o.Level))
	}
	if err := errors.Join(append(errs, spec.CheckSet(o.Set))...); err != nil {
		return nil, err
	}
	var out []Check
	for _, c := range all {
		r, err := spec.Lookup(c.ID)
		if err != nil {
			return nil, err
		}
		if (len(o.Only) == 0 || only[r.ID] || only[r.Group]) && !skip[r.ID] && !skip[r.Group] &&
			(level == "" || r.Level == level) && r.InSet(o.Set) {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("the selection leaves no check to run")
	}
	return out, nil
}

// selector resolves ids and groups; DF- may be left out, case is ignored, and so
// is an empty name, as a comma too many makes one.
func selector(names []string) (map[string]bool, error) {
	out := map[string]bool{}
	var errs []error
	for _, n := range names {
		up := strings.ToUpper(strings.TrimSpace(n))
		group := strings.TrimPrefix(up, "DF-")
		switch r, err := spec.Lookup(up); {
		case up == "":
		case slices.Contains(spec.Groups(), group):
			out[group] = true
		case err == nil:
			out[r.ID] = true
		case strings.ContainsAny(up, "0123456789"):
			errs = append(errs, err)
		default:
			errs = append(errs, fmt.Errorf("unknown check or group %q; the nearest is %q", n,
				strict.Nearest(group, spec.Groups())))
		}
	}
	return out, errors.Join(errs...)
}

// plan says which checks will run on this target, with which scenarios, and
// what that costs, with what was sent before.
func plan(all Checks, checks []Check, f *Facts, family spec.Family, sent Cost, o Options) *Plan {
	p := &Plan{opening: all.opening(), sent: sent}
	f.layOut(laidOut(o))
	f.Timing.Patience = f.patience()
	if f.Unasked = nil; f.Timing.Pace > 0 {
		p.turns = chosen(all, checks, f, family, o.mostDecisions())
		if !o.AllDecisions {
			f.Unasked = spared(checks, f, p.turns)
		}
	}
	for _, c := range checks {
		o := unable(c, f, family)
		pl := Planned{ID: c.ID, Verdict: o.verdict, Reason: o.reason, Lack: o.lack}
		if o.lack.Decisions == 0 { // of which the reason itself says how
			pl.Enable = o.lack.enable()
		}
		p.Checks = append(p.Checks, pl)
		if pl.Verdict == "" {
			p.add(c, f)
			for _, g := range all.gates(c, family) {
				p.add(g, f)
			}
		}
	}
	slices.SortStableFunc(p.Scenarios, func(a, b *Scenario) int { return cmp.Compare(p.turn(a), p.turn(b)) })
	f.Timing.Sample = p.sample(checks, f.Timing)
	for n := laidOut(o); p.starts(f) > o.MaxStarts && n > 1; n-- {
		f.layOut(n - 1)
	}
	p.ask(f)
	p.cost(f, o)
	return p
}

// turn is a scenario's place among those that a person is asked for.
func (p *Plan) turn(s *Scenario) int {
	if i := slices.Index(p.turns, s); i >= 0 {
		return i
	}
	return len(p.turns)
}

// first lists the scenarios that a person is asked for before anything else that
// waits: much rests on them.
func (p *Plan) first() []*Scenario {
	return slices.DeleteFunc(slices.Clone(p.turns), func(s *Scenario) bool { return !slices.Contains(p.opening, s) })
}

// starts counts the device authorization requests that --max-starts is about.
func (p *Plan) starts(f *Facts) int {
	n := p.sent.Starts
	for _, s := range p.Scenarios {
		if s.Lane != LaneAbuse {
			n += s.CostOn(f).Starts
		}
	}
	return n
}

// EnoughCodes is from how many codes on a code space can be estimated.
const EnoughCodes = 60

// SampleCodes start in a row, so that what follows from the order of starts can
// be seen. Where a code space is to be estimated and the run has made fewer than
// EnoughCodes, more are started.
const SampleCodes = 24

func isSample(s *Scenario) bool { return s.Sample }

// sample is how many codes have to be started in a row, besides what is started
// before, for the checks that estimate a code space: those that want the code sample
// for more than codes to go on with.
func (p *Plan) sample(checks []Check, t Timing) int {
	goesOn := func(s *Scenario) bool { return s.After != nil && s.After.Sample }
	estimates := func(c Check) bool {
		return slices.ContainsFunc(c.Reads, isSample) && !slices.ContainsFunc(c.Reads, goesOn)
	}
	if !slices.ContainsFunc(p.Scenarios, isSample) || !slices.ContainsFunc(checks, estimates) {
		return 0
	}
	n := EnoughCodes - 1 // preflight starts one
	for _, s := range p.Scenarios {
		// Where a contract says how many there are, some get no code.
		if s.Starts == nil && (s.Lane == LaneFirst || s.Lane == LaneIsolation || s.Lane == LaneInstant) {
			n -= s.Cost(t).Starts
		}
	}
	return max(n, SampleCodes)
}

// add takes in the scenarios that the check reads and the target allows.
func (p *Plan) add(c Check, f *Facts) {
	for _, s := range c.Scenarios() {
		if !slices.Contains(p.Scenarios, s) && s.runs(f) && s.fits(f) {
			p.Scenarios = append(p.Scenarios, s)
		}
	}
}

// runs reports whether the target has what the scenario needs. One that does
// without an approver runs also where a person is spared its decisions.
func (s *Scenario) runs(f *Facts) bool {
	return len(missing(s.Needs, f)) == 0 && !(f.unasked(s) && slices.Contains(s.Needs, NeedApprover))
}

// ask adds up the decisions, and what they take of a person's time: each with
// the interval that goes by before the next device is shown.
func (p *Plan) ask(f *Facts) {
	for _, s := range p.Scenarios {
		n := s.DecisionsOn(f)
		p.Decisions += n
		if f.Timing.Pace > 0 && n > 0 {
			p.Attended += time.Duration(n)*f.Timing.Pace + f.Timing.Interval
		}
	}
}

// fits reports whether a scenario's waits are within MaxWait. The expiry lane is
// bounded by the lifetime itself (NeedShortExpiry).
func (s *Scenario) fits(f *Facts) bool {
	return s.Lane == LaneExpiry || s.Cost(f.Timing).Wait <= f.MaxWait
}

func missing(needs []Capability, f *Facts) []Capability {
	return slices.DeleteFunc(slices.Clone(needs), f.Has)
}

// unable is what keeps a check from running on this target: the one place that
// decides (rule C19).
func unable(c Check, f *Facts, family spec.Family) obstacle {
	r, err := spec.Lookup(c.ID)
	if err != nil {
		return obstacle{verdict: reports.Error, reason: err.Error()}
	}
	if !r.AppliesTo(family) {
		return lacking(Lack{Contracts: r.Contracts})
	}
	if needs := lacks(c, f); len(needs) > 0 {
		return lacking(Lack{Needs: needs})
	}
	if slices.Contains(c.Needs, NeedShortExpiry) && !f.Has(NeedShortExpiry) {
		if f.Timing.Lifetime <= 0 {
			return obstacle{verdict: reports.Inconclusive, reason: fmt.Sprintf(
				"the announced lifetime is %s, so no code can expire in time", Seconds(f.Timing.Lifetime))}
		}
		return waitsLonger(f.Timing.Lifetime, f)
	}
	if n := unaskedFor(c, f); n > 0 {
		return lacking(Lack{Decisions: n})
	}
	for _, s := range c.Reads {
		if !s.fits(f) {
			return waitsLonger(s.Cost(f.Timing).Wait, f)
		}
	}
	return obstacle{}
}

func waitsLonger(wait time.Duration, f *Facts) obstacle {
	l := Lack{Wait: wait, MaxWait: f.MaxWait}
	return obstacle{reports.Inconclusive, l.String(), l}
}

func Seconds(d time.Duration) string { return fmt.Sprintf("%.0f s", d.Seconds()) }

// cost adds up the scenarios lane by lane: lanes that overlap cost the longer
// of the two, and no lane is faster than its requests are allowed to be.
func (p *Plan) cost(f *Facts, o Options) {
	t := f.Timing
	p.Requests, p.Starts = p.sent.Requests, p.sent.Starts
	requests, races := map[Lane]int{}, map[Lane]int{}
	wait, sum, last := map[Lane]time.Duration{}, map[Lane]time.Duration{}, map[Lane]time.Duration{}
	paced := func(n int) time.Duration {
		return time.Duration(float64(n)/o.MaxRPS*float64(time.Second)) + time.Duration(n)*t.RTT/16
	}
	crowded := func(n int) time.Duration { return paced(int(float64(n) / crowdShare)) }
	for _, s := range p.Scenarios {
		c := s.CostOn(f)
		requests[s.Lane] += c.Requests
		if s.Race {
			races[s.Lane] += c.Requests
		}
		if s.Race || s.After != nil && s.After.Race {
			last[s.Lane] = max(last[s.Lane], c.Wait)
		}
		wait[s.Lane] = max(wait[s.Lane], c.Wait+crowded(s.crowd(t)))
		sum[s.Lane] += c.Wait
		p.Requests += c.Requests
		p.Starts += c.Starts
	}
	lane := func(ls ...Lane) time.Duration {
		n, crowd, w, tail := 0, 0, time.Duration(0), time.Duration(0)
		for _, l := range ls {
			n, crowd, w, tail = n+requests[l], crowd+races[l], max(w, wait[l]), last[l]
		}
		if slices.Contains(ls, LaneApprove) { // beside which those of the expiry lane go on
			crowd += races[LaneExpiry]
		}
		return max(paced(n), crowded(max(0, crowd-roomBurst))+tail, w)
	}
	main := lane(LaneIsolation) + lane(LaneInstant) + max(lane(LaneInterval, LaneApprove), p.Attended) +
		sum[LaneAlone] + paced(requests[LaneAlone])
	var first time.Duration
	for _, s := range p.first() {
		first += s.Cost(t).Wait + t.Pace
	}
	p.Critical = lane(LaneFirst) + first + max(wait[LaneExpiry], main) + sum[LaneQuiet] + sum[LaneRisky] + sum[LaneAbuse] +
		paced(requests[LaneRisky]+requests[LaneAbuse]) + sum[LaneRestart]
	p.Worst = p.Critical + o.MaxWait
	for _, l := range []Lane{LanePace, LaneQuiet} {
		if slices.ContainsFunc(p.Scenarios, func(s *Scenario) bool { return s.Lane == l }) {
			p.Worst += o.MaxWait
		}
	}
}

// crowd is how many requests of races leave before a scenario has sent its last.
func (s *Scenario) crowd(t Timing) int {
	n := 0
	for ; s != nil; s = s.After {
		if s.Race {
			n += s.Cost(t).Requests
		}
	}
	return n
}
