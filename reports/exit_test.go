package reports

import "testing"

func checks(cs ...Check) *Report {
	return &Report{Conformance: &Conformance{Checks: cs}}
}

func TestExitCode(t *testing.T) {
	pass := Check{Level: "MUST", Verdict: Pass}
	fail := Check{Level: "SHOULD", Verdict: Fail}
	warning := Check{Level: "MUST", Verdict: Warning}
	open := Check{Level: "MUST", Verdict: Inconclusive}
	stale := func(r *Report) *Report {
		r.Conformance.StaleWaivers = []StaleWaiver{{ID: "DF-POLL-001", Why: "passed"}}
		return r
	}
	lacking := func(other Check, level string) *Report {
		r := checks(other, Check{ID: "DF-TOKEN-001", Level: level, Verdict: Skipped})
		r.Conformance.Gaps = []Gap{{Needs: "approve", Checks: []string{"DF-TOKEN-001"}}}
		return r
	}
	with := func(k ProblemKind, r *Report) *Report { r.Run.Problem = &Problem{Kind: k}; return r }
	load := func(l Load) *Report { return &Report{Load: &l} }
	ended := Shard{Complete: true}

	for _, c := range []struct {
		name string
		r    *Report
		o    ExitOptions
		want int
	}{
		{"nothing wrong", checks(pass), ExitOptions{}, 0},
		{"skipped and waived are no failures", checks(Check{Verdict: Skipped}, Check{Verdict: Waived}),
			ExitOptions{Strict: true}, 0},
		{"a fail at any level", checks(pass, fail), ExitOptions{}, 1},
		{"a warning", checks(warning), ExitOptions{Strict: true}, 0},
		{"a warning that counts", checks(warning), ExitOptions{FailOnWarning: true}, 1},
		{"an open MUST", checks(open), ExitOptions{}, 0},
		{"an open MUST, strict", checks(open), ExitOptions{Strict: true}, 4},
		{"an open DOC, strict", checks(Check{Level: "DOC", Verdict: Inconclusive}), ExitOptions{Strict: true}, 4},
		{"an open SHOULD, strict", checks(Check{Level: "SHOULD", Verdict: Inconclusive}), ExitOptions{Strict: true}, 0},
		{"skipped for want of a capability", lacking(pass, "MUST"), ExitOptions{}, 0},
		{"the same, strict", lacking(pass, "MUST"), ExitOptions{Strict: true}, 4},
		{"a DOC check, strict", lacking(pass, "DOC"), ExitOptions{Strict: true}, 4},
		{"a SHOULD, strict", lacking(pass, "SHOULD"), ExitOptions{Strict: true}, 0},
		{"a fail before what was not judged", lacking(fail, "MUST"), ExitOptions{Strict: true}, 1},
		{"skipped for another reason, strict", checks(pass, Check{ID: "a", Level: "MUST", Verdict: Skipped}),
			ExitOptions{Strict: true}, 0},
		{"everything was skipped", checks(Check{Verdict: Skipped}, Check{Verdict: Skipped}), ExitOptions{}, 2},
		{"everything was skipped, strict", checks(Check{Level: "MUST", Verdict: Skipped}),
			ExitOptions{Strict: true}, 2},
		{"interrupted with everything skipped", &Report{Run: Run{Interrupted: true},
			Conformance: checks(Check{Verdict: Skipped}).Conformance}, ExitOptions{}, 130},
		{"a stale waiver", stale(checks(pass)), ExitOptions{}, 5},
		{"a stale waiver before an open check", stale(checks(open)), ExitOptions{Strict: true}, 5},
		{"a fail before a stale waiver", stale(checks(fail)), ExitOptions{}, 1},
		{"dfcheck broke, before a fail", checks(fail, Check{Verdict: Error}), ExitOptions{}, 3},
		{"a verdict nobody knows", checks(Check{Verdict: "maybe"}), ExitOptions{}, 3},
		{"preflight", with(ProblemPreflight, &Report{}), ExitOptions{}, 3},
		{"the approver broke, before a fail", with(ProblemApprover, checks(fail)), ExitOptions{}, 3},
		{"the target died", with(ProblemDied, checks(pass)), ExitOptions{}, 3},
		{"the target died after a fail", with(ProblemDied, checks(fail)), ExitOptions{}, 1},
		{"usage", with(ProblemUsage, &Report{}), ExitOptions{}, 2},
		{"interrupted comes first", &Report{Run: Run{Interrupted: true, Problem: &Problem{Kind: ProblemUsage}}},
			ExitOptions{}, 130},
		{"thresholds met", load(Load{Thresholds: []Threshold{{OK: true, Verdict: Pass}}}),
			ExitOptions{Strict: true}, 0},
		{"a threshold missed", load(Load{Thresholds: []Threshold{{Verdict: Fail}}}), ExitOptions{}, 1},
		{"a threshold that could not be judged", load(Load{Thresholds: []Threshold{{OK: true, Verdict: Pass},
			{Verdict: Inconclusive}}}), ExitOptions{}, 3},
		{"the same beside one that was missed",
			load(Load{Thresholds: []Threshold{{Verdict: Inconclusive}, {Verdict: Fail}}}), ExitOptions{}, 1},
		{"the target died under load",
			with(ProblemDied, load(Load{Thresholds: []Threshold{{OK: true, Verdict: Pass}}})), ExitOptions{}, 3},
		{"and missed a threshold", with(ProblemDied, load(Load{Thresholds: []Threshold{{Verdict: Fail}}})),
			ExitOptions{}, 1},
		{"a violation", load(Load{Violations: []Violation{{Count: 1}}}), ExitOptions{}, 1},
		{"a violation the profile allows", load(Load{Violations: []Violation{{Count: 1}},
			Thresholds: []Threshold{{Expression: "violations < 5", OK: true, Verdict: Pass}}}), ExitOptions{}, 0},
		{"an offence for information", load(Load{Violations: []Violation{{Count: 1, Information: true}}}),
			ExitOptions{}, 0},
		{"one shard of two, by itself", load(Load{Shard: Shard{Count: 2}}), ExitOptions{}, 0},
		{"a merge with an incomplete shard", load(Load{Shards: []Shard{ended, {}}}), ExitOptions{}, 4},
		{"the same with a breach already seen", load(Load{Shards: []Shard{ended, {}},
			Thresholds: []Threshold{{Verdict: Fail}}}), ExitOptions{}, 1},
		{"a whole merge", load(Load{Shards: []Shard{ended, ended}}), ExitOptions{}, 0},
		{"a capacity", &Report{Capacity: &Capacity{Devices: 5, Low: 4, High: 6}}, ExitOptions{}, 0},
		{"not one crowd was held", &Report{Capacity: &Capacity{High: 1}}, ExitOptions{}, 1},
		{"a search that ended before it began", &Report{Capacity: &Capacity{}}, ExitOptions{}, 0},
	} {
		if got := ExitCode(c.r, c.o); got != c.want {
			t.Errorf("%s: exit code %d, want %d", c.name, got, c.want)
		}
	}
}

func TestWorse(t *testing.T) {
	for i, better := range Verdicts {
		for _, worse := range Verdicts[i:] {
			if Worse(better, worse) != worse || Worse(worse, better) != worse {
				t.Errorf("Worse(%s, %s) is not %s", better, worse, worse)
			}
		}
	}
}
