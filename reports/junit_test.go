package reports

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"
	"time"
)

// junit renders a report and reads it back.
func junit(t *testing.T, r *Report) junitSuites {
	t.Helper()
	var b bytes.Buffer
	if err := writeJUnit(&b, r); err != nil {
		t.Fatal(err)
	}
	var back junitSuites
	if err := xml.Unmarshal(b.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	return back
}

func TestJUnitIsXML(t *testing.T) {
	all := junit(t, sample())
	skipped := 0
	for _, s := range all.Suites {
		skipped += s.Skipped
	}
	if all.Tests != 6 || all.Failures != 1 || all.Errors != 1 || skipped != 2 {
		t.Errorf("counts are %d tests, %d failures, %d errors, %d skipped", all.Tests, all.Failures, all.Errors, skipped)
	}
	if len(all.Suites) != 5 || !strings.HasPrefix(all.Suites[1].Name, "POLL: ") || all.Suites[1].Tests != 3 {
		t.Errorf("the suites are not those of the run and of its four groups: %+v", all.Suites)
	}
}

// TestJUnitIsRedWithTheExitCode: CI that reads the file comes to the same end as CI
// that reads the exit code, whatever made it.
func TestJUnitIsRedWithTheExitCode(t *testing.T) {
	check := func(v Verdict) *Conformance {
		checks := []Check{{ID: "DF-POLL-001", Level: "MUST", Verdict: v}}
		return &Conformance{Checks: checks, Summary: Tally(checks)}
	}
	stale := check(Pass)
	stale.StaleWaivers = []StaleWaiver{{ID: "DF-POLL-001", Why: "passed"}}
	violated := Load{Violations: []Violation{{Title: "a token twice", Count: 2}}}
	informed := Load{Violations: []Violation{{Title: "a token twice", Count: 2, Information: true}}}
	problem := func(k ProblemKind) Run { return Run{Problem: &Problem{Kind: k, Message: "no"}} }
	threshold := func(v Verdict) *Load { return &Load{Thresholds: []Threshold{{Verdict: v}}} }
	for name, tt := range map[string]struct {
		r    Report
		o    ExitOptions
		want int
	}{
		"pass":                 {Report{Conformance: check(Pass)}, ExitOptions{}, ExitOK},
		"fail":                 {Report{Conformance: check(Fail)}, ExitOptions{}, ExitFailed},
		"warning":              {Report{Conformance: check(Warning)}, ExitOptions{}, ExitOK},
		"warning that fails":   {Report{Conformance: check(Warning)}, ExitOptions{FailOnWarning: true}, ExitFailed},
		"inconclusive":         {Report{Conformance: check(Inconclusive)}, ExitOptions{}, ExitOK},
		"strict":               {Report{Conformance: check(Inconclusive)}, ExitOptions{Strict: true}, ExitUndecided},
		"nothing judged":       {Report{Conformance: check(Skipped)}, ExitOptions{}, ExitUsage},
		"error":                {Report{Conformance: check(Error)}, ExitOptions{}, ExitUntested},
		"stale waiver":         {Report{Conformance: stale}, ExitOptions{}, ExitStaleWaiver},
		"interrupted":          {Report{Run: Run{Interrupted: true}}, ExitOptions{}, ExitInterrupted},
		"unreachable":          {Report{Run: problem(ProblemPreflight)}, ExitOptions{}, ExitUntested},
		"died":                 {Report{Run: problem(ProblemDied), Load: &Load{}}, ExitOptions{}, ExitUntested},
		"load":                 {Report{Load: &Load{}}, ExitOptions{}, ExitOK},
		"threshold":            {Report{Load: threshold(Fail)}, ExitOptions{}, ExitFailed},
		"threshold not judged": {Report{Load: threshold(Inconclusive)}, ExitOptions{}, ExitUntested},
		"violation":            {Report{Load: &violated}, ExitOptions{}, ExitFailed},
		"information":          {Report{Load: &informed}, ExitOptions{}, ExitOK},
		"shard missing":        {Report{Load: &Load{Shards: []Shard{{Missing: true}}}}, ExitOptions{}, ExitUndecided},
		"capacity":             {Report{Capacity: &Capacity{Devices: 5, High: 6}}, ExitOptions{}, ExitOK},
		"no capacity":          {Report{Capacity: &Capacity{High: 6}}, ExitOptions{}, ExitFailed},
	} {
		r := tt.r
		if r.Run.ExitCode = ExitCode(&r, tt.o); r.Run.ExitCode != tt.want {
			t.Fatalf("%s: exit code %d, want %d", name, r.Run.ExitCode, tt.want)
		}
		if all := junit(t, &r); (all.Failures+all.Errors > 0) != (tt.want != ExitOK) {
			t.Errorf("%s: %d failures and %d errors with exit code %d", name, all.Failures, all.Errors, tt.want)
		}
	}
}

// TestJUnitForm: what Jenkins and GitLab ask for beyond well-formed XML. Names tell
// cases apart, a number counts what is there, times are seconds without separators.
func TestJUnitForm(t *testing.T) {
	twice := filledReport(KindLoad)
	twice.Load.Thresholds[1].Expression = twice.Load.Thresholds[0].Expression
	for _, r := range []*Report{sample(), filledReport(KindConformance), filledReport(KindLoad), twice,
		filledReport(KindCapacity)} {
		all := junit(t, r)
		names := map[string]bool{}
		for _, s := range all.Suites {
			if names[s.Name] {
				t.Errorf("two suites are called %q", s.Name)
			}
			names[s.Name] = true
			if s.Tests != len(s.Cases) {
				t.Errorf("%s has %d cases and counts %d", s.Name, len(s.Cases), s.Tests)
			}
			if _, err := time.Parse("2006-01-02T15:04:05", s.Timestamp); err != nil {
				t.Errorf("%s: %v", s.Name, err)
			}
			for _, c := range s.Cases {
				key := c.Class + "\x00" + c.Name
				if names[key] || c.Name == "" || c.Class == "" {
					t.Errorf("a second case %q of class %q, or none", c.Name, c.Class)
				}
				names[key] = true
				if _, err := time.ParseDuration(c.Time + "s"); err != nil || strings.Contains(c.Time, ",") {
					t.Errorf("%s took %q", c.Name, c.Time)
				}
			}
		}
	}
}
