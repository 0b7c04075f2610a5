package reports

import (
	"slices"
	"strings"
)

// Exit codes of a run. README.md says what each proves.
const (
	ExitOK          = 0   // nothing that was judged failed
	ExitFailed      = 1   // the target failed a check or a threshold
	ExitUsage       = 2   // usage or configuration; also a selection of which nothing was judged
	ExitUntested    = 3   // could not test
	ExitUndecided   = 4   // --strict and a MUST or DOC check was not judged, or a shard is incomplete
	ExitStaleWaiver = 5   // a waiver no longer applies
	ExitStopped     = 10  // a shard was stopped before it started
	ExitLate        = 75  // a shard was there after the start instant
	ExitInterrupted = 130 // by a signal
)

// exitMeaning says what exit codes mean, shorter than README.md does.
var exitMeaning = map[int]string{
	ExitOK: "nothing that was judged failed", ExitFailed: "the target failed", ExitUsage: "usage or configuration",
	ExitUntested: "could not test", ExitUndecided: "something that --strict demands was not judged",
	ExitStaleWaiver: "a waiver no longer applies", ExitStopped: "stopped before the start",
	ExitLate: "late for the start instant", ExitInterrupted: "interrupted",
}

// ExitOptions are what the user wants to be told by the exit code.
type ExitOptions struct {
	Strict        bool // MUST and DOC checks that were not judged count
	FailOnWarning bool // warnings count as failures
}

// ExitCode tells how the run ended: the first code that applies, in the order
// interrupted, usage, a merge without all shards that is no failure, could not
// test, failed, stale waiver, undecided.
func ExitCode(r *Report, o ExitOptions) int {
	failed := r.failed(o)
	switch {
	case r.Run.Interrupted:
		return ExitInterrupted
	case r.problem(ProblemUsage) || r.Conformance.empty():
		return ExitUsage
	case r.Load != nil && r.Load.IsPart():
		return r.Load.partCode()
	case r.Load != nil && len(r.Load.Shards) > 0 && !r.Load.Complete() && !failed:
		return ExitUndecided
	case r.untested(failed):
		return ExitUntested
	case failed:
		return ExitFailed
	case r.Conformance != nil && len(r.Conformance.StaleWaivers) > 0:
		return ExitStaleWaiver
	case r.undecided(o):
		return ExitUndecided
	}
	return ExitOK
}

// partCode is the exit code of one shard, whose figures nothing is judged by.
func (l *Load) partCode() int {
	switch s := l.Shard; {
	case s.Late:
		return ExitLate
	case s.Breach != "" || l.Stopped != nil:
		return ExitUntested
	case !s.Complete:
		return ExitUndecided
	}
	return ExitOK
}

// empty reports whether every check of the selection was skipped: the run proved
// nothing.
func (c *Conformance) empty() bool {
	return c != nil && len(c.Checks) > 0 && Tally(c.Checks).Skipped == len(c.Checks)
}

func (r *Report) problem(k ProblemKind) bool {
	return r.Run.Problem != nil && r.Run.Problem.Kind == k
}

// untested: a target that died under test is a result once something failed, and
// no result before. The same goes for a threshold that could not be judged.
func (r *Report) untested(failed bool) bool {
	if r.Conformance != nil && Tally(r.Conformance.Checks).Error > 0 {
		return true
	}
	if r.problem(ProblemDied) || r.Load != nil && r.Load.unjudged() {
		return !failed
	}
	return r.Run.Problem != nil
}

func (r *Report) failed(o ExitOptions) bool {
	if c := r.Conformance; c != nil {
		s := Tally(c.Checks)
		if s.Fail > 0 || o.FailOnWarning && s.Warning > 0 {
			return true
		}
	}
	return r.Load != nil && r.Load.failed() || r.Capacity != nil && r.Capacity.failed()
}

// failed: not even the smallest crowd was held.
func (c *Capacity) failed() bool { return c.Devices == 0 && c.High > 0 }

// failed reports whether a threshold was missed, or a rule broken that no threshold
// is about.
func (l *Load) failed() bool {
	return slices.ContainsFunc(l.Thresholds, func(t Threshold) bool { return t.Verdict == Fail }) || l.failedByViolations()
}

// failedByViolations: a violation fails the run by itself, unless the profile has a
// separate threshold for them.
func (l *Load) failedByViolations() bool {
	own := slices.ContainsFunc(l.Thresholds, func(t Threshold) bool {
		return strings.HasPrefix(strings.TrimSpace(t.Expression), "violations")
	})
	return !own && l.Violated() > 0
}

// unjudged: somebody wants a figure to be met, and it cannot be said that it was.
func (l *Load) unjudged() bool {
	return slices.ContainsFunc(l.Thresholds, func(t Threshold) bool { return t.Verdict == Inconclusive })
}

func (r *Report) undecided(o ExitOptions) bool {
	return o.Strict && r.Conformance != nil && len(r.Conformance.Unjudged()) > 0
}
