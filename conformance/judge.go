package conformance

import (
	"fmt"
	"slices"
	"sync"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// Judge gives the verdicts that follow from a transcript, for the checks it was
// recorded for, in catalogue order. It needs nothing but the transcript and the
// checks, of which those are chosen.
func Judge(t *Transcript, all Checks) ([]Result, error) {
	e, err := NewEvidence(t, all)
	if err != nil {
		return nil, err
	}
	var out []Result
	for _, id := range t.Header.Checks {
		check, ok := all.Lookup(id)
		if !ok {
			return nil, fmt.Errorf("the transcript was recorded for %s, which this version does not have", id)
		}
		out = append(out, e.Verdict(check))
	}
	return out, nil
}

// Contract is the document the recording was made for.
func (t *Transcript) Contract() (*spec.Contract, error) {
	if c, err := spec.BuiltinContract(t.Header.Contract); err == nil {
		return c, nil
	}
	return spec.LoadContract(t.Header.Contract, t.Header.Document, t.Header.Target.Hints)
}

// Verdict decides one check: what cannot run, what cannot mean anything because
// its prerequisite failed, and what the judge finds.
func (e *Evidence) Verdict(c Check) Result {
	if o := unable(c, e.Facts, e.Contract.Family); o.verdict != "" {
		return o.result(c)
	}
	for _, g := range e.checks.gates(c, e.Contract.Family) {
		if unable(g, e.Facts, e.Contract.Family).verdict != "" {
			continue
		}
		if e.fails(g) && !e.Timing.Adapted.opens(g.ID, c) && !e.startsOtherwise(g) {
			return Result{Check: c, Verdict: reports.Inconclusive, Reason: "prerequisite " + g.ID + " failed"}
		}
	}
	res := e.Judge(c)
	decisive := slices.Contains([]reports.Verdict{reports.Fail, reports.Warning, reports.Error}, res.Verdict)
	if o := e.undecided(c); o.verdict != "" && !decisive {
		return o.result(c)
	}
	if reason := e.unfinished(c); reason != "" && !decisive {
		return Result{Check: c, Verdict: reports.Inconclusive, Reason: reason}
	}
	return res
}

// gated is what became of the gates of an Evidence: many checks have the same.
type gated struct {
	mu     sync.Mutex
	failed map[string]bool
}

// fails reports whether a gate fails; each is judged once.
func (e *Evidence) fails(gate Check) bool {
	e.gated.mu.Lock()
	defer e.gated.mu.Unlock()
	failed, known := e.gated.failed[gate.ID]
	if !known {
		failed = e.Judge(gate).Verdict == reports.Fail
		e.gated.failed[gate.ID] = failed
	}
	return failed
}

// startsOtherwise reports whether a gate is that of the start, and failed because the least
// request got no codes, where the configured one does: the rest of the run rests on that.
func (e *Evidence) startsOtherwise(gate Check) bool {
	if gate.ID != GateStart && gate.ID != GateStartStandard {
		return false
	}
	least, configured := false, false
	for _, x := range e.all {
		if x.Op == OpStart && x.HasCodes() && !x.Provoked {
			least = least || x.In(gate.Scenarios()...)
			configured = true
		}
	}
	return configured && !least
}

// Judge runs the check's own judge alone, whatever its prerequisites say. A panic
// there is our error.
func (e *Evidence) Judge(c Check) (res Result) {
	defer func() {
		if p := recover(); p != nil {
			res = Result{Check: c, Verdict: reports.Error, Reason: fmt.Sprintf("internal error: %v", p)}
		}
	}()
	e = e.of(c)
	j := newJudgement(e, c)
	c.Judge(e, j)
	e.crashed(c, j)
	e.evicting(c, j)
	e.merging(c, j)
	res = j.result(c)
	if res.Verdict != reports.Fail && res.Verdict != reports.Skipped {
		res.Power = j.power(e.rate())
	}
	return res
}

// unfinished tells why what the check reads is incomplete, "" when it is not.
func (e *Evidence) unfinished(c Check) string {
	for _, s := range c.Reads {
		if !s.runs(e.Facts) {
			continue
		}
		for _, why := range e.Noted(s, EventStopped) {
			return why
		}
		if len(e.Noted(s, EventDone)) > 0 {
			continue
		}
		for _, ev := range e.events[""] {
			if ev.Kind == EventDied {
				return ev.Detail
			}
		}
		return "interrupted"
	}
	return ""
}
