package checks

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
	"github.com/google/go-cmp/cmp"
)

// racingChecks are those whose faults show by chance.
var racingChecks = []string{"DF-REUSE-001", "DF-REUSE-002", "DF-REUSE-004", "DF-CONC-001", "DF-CONC-002", "DF-CONC-003",
	"DF-CONC-004", "DF-CONC-005", "DF-CONC-006", "DF-CONC-007", "DF-REFRESH-006"}

// What a default run sees and what a thorough one sees with 90 % probability, as a
// share of the rounds, and how many rounds that takes.
const (
	common          = 0.1
	enoughForCommon = 22
	rareShare       = 0.02
	enoughForRare   = 114
)

// mostRequests is what a default run of RFC 8628 sends, and some.
const mostRequests = 1450

// authorizations counts the device authorization requests of a run; those that were
// sent again are counted once.
func authorizations(run *Run) (all int, of map[string]int) {
	of = map[string]int{}
	for _, x := range run.Transcript().Exchanges {
		if x.Op == OpStart && x.Request.Method == http.MethodPost && !x.Superseded {
			of[x.Scenario]++
			all++
		}
	}
	return all, of
}

// rounds reads how many rounds a result's power rests on.
func roundsOf(t *testing.T, r Result) int {
	t.Helper()
	text, _, _ := strings.Cut(r.Power, " round")
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Errorf("%s %s says nothing of its power: %q %s", r.Check.ID, r.Verdict, r.Power, r.Reason)
	}
	return n
}

// TestRacesSayTheirPower: a default run sees a fault that shows in a tenth of the
// rounds, a thorough one in a fiftieth, with 90 % probability; and both keep to
// what the plan said.
func TestRacesSayTheirPower(t *testing.T) {
	for _, thorough := range []bool{false, true} {
		t.Run(fmt.Sprintf("thorough %t", thorough), func(t *testing.T) {
			t.Parallel()
			rate, enough := common, enoughForCommon
			if thorough {
				rate, enough = rareShare, enoughForRare
			}
			b := bench{server: embedded("rfc8628"), opts: Options{Thorough: thorough}}
			b.inBubble(t, func(ctx context.Context, run *Run) {
				begun := time.Now()
				for _, r := range run.Conform(ctx) {
					if !slices.Contains(racingChecks, r.Check.ID) {
						continue
					}
					if n := roundsOf(t, r); n < enough || r.Verdict != reports.Pass {
						t.Errorf("%s %s with %s", r.Check.ID, r.Verdict, r.Power)
					}
					if want := fmt.Sprintf("%g %% of rounds", 100*rate); !strings.Contains(r.Power, want) {
						t.Errorf("%s does not speak of %s: %s", r.Check.ID, want, r.Power)
					}
				}
				if took, most := time.Since(begun), run.Plan().Critical*13/10; took > most {
					t.Errorf("the run took %s, the plan said %s", took, run.Plan().Critical)
				}
				limit := DefaultMaxStarts
				if thorough {
					limit = ThoroughMaxStarts
				}
				if n, _ := authorizations(run); n > limit {
					t.Errorf("%d starts, at most %d were allowed", n, limit)
				}
				if n := len(run.Transcript().Exchanges); n > mostRequests && !thorough {
					t.Errorf("%d requests; one that shows nothing more than another is not to be sent", n)
				}
			})
		})
	}
}

// TestPlanIsBounded: what a default run costs, and that fewer starts make fewer
// rounds rather than more starts.
func TestPlanIsBounded(t *testing.T) {
	for _, contract := range []string{"documented-v1", "documented-v2", "rfc8628"} {
		o := Options{Skip: []string{"DF-EXPIRY-008"}} // nothing restarts the embedded server of a command
		bench{server: embedded(contract), opts: o}.inBubble(t, func(_ context.Context, run *Run) {
			p := run.Plan()
			if p.Critical > time.Minute || p.Starts > DefaultMaxStarts || p.Requests > 1700 {
				t.Errorf("%s: %d requests, %d starts, critical path %s", contract, p.Requests, p.Starts, p.Critical)
			}
			if n := run.Target.Timing.Decided; n < enoughForCommon {
				t.Errorf("%s: %d rounds", contract, n)
			}
		})
	}
	for _, o := range []Options{{MaxStarts: 450}, {MaxStarts: 600, Thorough: true}} {
		bench{server: embedded("documented-v1"), opts: o}.inBubble(t, func(_ context.Context, run *Run) {
			if p := run.Plan(); p.Starts > o.MaxStarts || p.Starts < o.MaxStarts-10 {
				t.Errorf("%d starts are planned where %d are allowed", p.Starts, o.MaxStarts)
			}
		})
	}
}

// TestSmallPlansAreKept: what is selected alone takes about as long, and as many
// codes, as its plan said.
func TestSmallPlansAreKept(t *testing.T) {
	for _, only := range []string{"CONC", "REUSE", "USERCODE", "DF-CONC-001", "DF-CONC-003", "DF-CONC-004", "DF-CONC-005",
		"DF-CONC-006"} {
		b := bench{server: embedded("documented-v1"), opts: Options{Only: []string{only}}}
		b.inBubble(t, func(ctx context.Context, run *Run) {
			begun := time.Now()
			run.Record(ctx)
			if took, most := time.Since(begun), run.Plan().Critical*13/10; took > most {
				t.Errorf("%s took %s, the plan said %s", only, took, run.Plan().Critical)
			}
			if n, _ := authorizations(run); n > run.Plan().Starts {
				t.Errorf("%s: %d starts, the plan said %d", only, n, run.Plan().Starts)
			}
		})
	}
}

// seeds are those of ten runs against one server.
const seeds = 10

// TestRaceVerdictsDoNotFlip: on a server with a race that shows in a tenth of the rounds,
// at random, ten runs give ten times the same verdict and exit code.
func TestRaceVerdictsDoNotFlip(t *testing.T) {
	for _, f := range refserver.Faults() {
		if f.Races() && !f.Thorough {
			t.Run(f.Name, func(t *testing.T) { t.Parallel(); doesNotFlip(t, f, common, f.Check) })
		}
	}
}

// TestRaceVerdictsDoNotFlipLong: nor do those of the other races beside it. A thorough
// run sees one that shows in a fiftieth of the rounds, nine times of ten at least.
func TestRaceVerdictsDoNotFlipLong(t *testing.T) {
	long(t)
	for _, f := range refserver.Faults() {
		if !f.Races() {
			continue
		}
		if !f.Thorough {
			t.Run(f.Name, func(t *testing.T) { t.Parallel(); doesNotFlip(t, f, common, "CONC", "REUSE") })
		}
		t.Run(f.Name+"/thorough", func(t *testing.T) {
			t.Parallel()
			f.Thorough = true
			seen := 0
			for seed := range uint64(seeds) {
				b := benchFor(f.AtRandom(rareShare, seed))
				b.opts.Only = []string{f.Check}
				if b.outcome(t)[f.Check] == string(reports.Fail) {
					seen++
				}
			}
			if t.Logf("seen in %d of %d runs", seen, seeds); seen < seeds*9/10 {
				t.Fail()
			}
		})
	}
}

// doesNotFlip runs a selection ten times against a server with a fault that shows in a
// share of the rounds.
func doesNotFlip(t *testing.T, f refserver.Fault, share float64, only ...string) {
	var first map[string]string
	for seed := range uint64(seeds) {
		b := benchFor(f.AtRandom(share, seed))
		b.opts.Only = only
		got := b.outcome(t)
		if seed == 0 {
			first = got
		}
		if d := cmp.Diff(first, got); d != "" {
			t.Errorf("seed %d differs from seed 0 (-seed 0 +now):\n%s", seed, d)
		}
	}
	if first[f.Check] != string(reports.Fail) || first["exit"] != "1" {
		t.Errorf("%s is %s, exit code %s", f.Check, first[f.Check], first["exit"])
	}
}

// outcome is a run's verdicts and its exit code.
func (b bench) outcome(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	b.inBubble(t, func(ctx context.Context, run *Run) {
		results := run.Conform(ctx)
		for _, r := range results {
			out[r.Check.ID] = string(r.Verdict)
		}
		r := reports.New(reports.KindConformance, "v0")
		r.Conformance = Section(run.Transcript(), results, run.Plan(), nil, nil)
		out["exit"] = fmt.Sprint(reports.ExitCode(r, reports.ExitOptions{}))
	})
	return out
}

// TestEveryConcurrency: a barrier is never larger than what may be in flight, and
// where nothing can overlap the plan says so.
func TestEveryConcurrency(t *testing.T) {
	for _, n := range []int{1, 2, 3, 8, 23} {
		b := bench{server: embedded("rfc8628"), opts: Options{Only: []string{"CONC", "REFRESH"}, Concurrency: n}}
		b.inBubble(t, func(ctx context.Context, run *Run) {
			for _, p := range run.Plan().Checks {
				if told := strings.Contains(p.Reason, string(NeedOverlap)); told != (n == 1 &&
					slices.Contains(racingChecks, p.ID) && p.ID != "DF-CONC-006") {
					t.Errorf("--concurrency %d: the plan says %q of %s", n, p.Reason, p.ID)
				}
			}
			for _, line := range worse(run.Conform(ctx)) {
				t.Errorf("--concurrency %d: %s", n, line)
			}
		})
	}
}

// unhurried is the reference approver that calls itself slow.
type unhurried struct{ *approve.Reference }

func (s unhurried) Powers() approve.Powers {
	p := s.Reference.Powers()
	p.Slow = true
	return p
}

// TestFewRoundsForASlowApprover: an approver that takes seconds is asked for few decisions, and
// the pass says how little that proves.
func TestFewRoundsForASlowApprover(t *testing.T) {
	b := bench{server: embedded("rfc8628"), opts: Options{Only: []string{"CONC"}}}
	b.target = func(t *Target) { t.Approver = unhurried{t.Approver.(*approve.Reference)} }
	b.inBubble(t, func(ctx context.Context, run *Run) {
		for _, r := range run.Conform(ctx) {
			n := roundsOf(t, r)
			switch r.Check.ID {
			case "DF-CONC-002", "DF-CONC-003": // nobody is asked
				if n < enoughForCommon {
					t.Errorf("%s: %s", r.Check.ID, r.Power)
				}
			default:
				if n > 18 || !strings.Contains(r.Power, "90 % takes 22 rounds") {
					t.Errorf("%s: %s", r.Check.ID, r.Power)
				}
			}
		}
		run.Target.Approver = run.Target.Approver.(unhurried).Reference
	})
}

// TestAfter: codes are handed on to scenarios that can take them.
func TestAfter(t *testing.T) {
	all := map[*Scenario]bool{}
	for _, c := range All() {
		for i, s := range c.Scenarios() {
			all[s] = true
			if s.After != nil && !slices.Contains(c.Scenarios()[:i], s.After) {
				t.Errorf("%s reads %q and not, before it, %q", c.ID, s.Name, s.After.Name)
			}
		}
	}
	for s := range maps.Keys(all) {
		if s.After != nil && (s.After.Lane > s.Lane || s.After.Lane == LaneExpiry) {
			t.Errorf("%q comes after %q, whose lane is later", s.Name, s.After.Name)
		}
	}
}

// TestRacesBehindAProxy: what a proxy answers to a burst is nobody's fault, and the
// polls that came through are judged all the same.
func TestRacesBehindAProxy(t *testing.T) {
	v, err := refserver.VariantNamed("proxy-limits-bursts")
	if err != nil {
		t.Fatal(err)
	}
	for fault, want := range map[string]string{"": string(reports.Pass), "redeem-unlocked": string(reports.Fail)} {
		b := bench{server: embedded("rfc8628"), faults: []refserver.Fault{v},
			opts: Options{Only: []string{"CONC", "REUSE", "DF-REFRESH-006"}}}
		if f, err := refserver.FaultNamed(fault); err == nil {
			b.faults = append(b.faults, f)
		}
		got := b.outcome(t)
		if got["DF-CONC-001"] != want {
			t.Errorf("DF-CONC-001 with %q: %s", fault, got["DF-CONC-001"])
		}
		for id, verdict := range got {
			if id != "DF-CONC-001" && (verdict == string(reports.Fail) || verdict == string(reports.Warning)) {
				t.Errorf("%s with %q: %s", id, fault, verdict)
			}
		}
	}
}

// TestStepsHaveWords: a step that is a single word says nothing to a reader, so it
// has other words, unless it is a method.
func TestStepsHaveWords(t *testing.T) {
	t.Parallel()
	for _, contract := range spec.ContractNames() {
		b := bench{server: embedded(contract), opts: Options{Abuse: true}}
		b.inBubble(t, func(ctx context.Context, run *Run) {
			run.Conform(ctx)
			seen := map[string]bool{}
			for _, x := range run.Transcript().Exchanges {
				if word := regexp.MustCompile(`^[a-z]+$`); word.MatchString(x.Step) &&
					strings.HasSuffix(x.Asked(), "("+x.Step+")") {
					t.Errorf("scenario %q, step %q: a finding would say %q", x.Scenario, x.Step, x.Asked())
				}
				seen[x.Step] = true
			}
			if len(seen) < 100 {
				t.Errorf("%s: only %d different steps were seen", contract, len(seen))
			}
		})
	}
}
