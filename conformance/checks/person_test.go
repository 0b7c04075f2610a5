package checks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// slow is a program that takes its time for each decision.
type slow struct {
	*approve.Reference
	takes func() time.Duration

	mu    sync.Mutex
	asked int
	left  []time.Duration // of the codes' lifetimes, when they were shown
}

func (s *slow) reference() *approve.Reference { return s.Reference }

func (s *slow) Decide(ctx context.Context, v approve.Verification, d approve.Decision) error {
	s.shown(v)
	Sleep(ctx, s.takes())
	return s.Reference.Decide(ctx, v, d)
}

func (s *slow) Enter(ctx context.Context, v approve.Verification) error {
	s.shown(v)
	Sleep(ctx, s.takes())
	return s.Reference.Enter(ctx, v)
}

func (s *slow) shown(v approve.Verification) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	s.left = append(s.left, time.Until(v.ExpiresAt))
}

// human is a person in front of the prompt, as slow as people are.
type human struct {
	*slow
	expected int
	answers  func() error // instead of a decision; nil for none
	sloppy   bool         // says that it is done when it was refused
	busy     sync.Mutex
}

func (h *human) Powers() approve.Powers { return approve.Powers{} }
func (h *human) Pace() time.Duration    { return 8 * time.Second }
func (h *human) Expect(n int)           { h.expected = n }

func (h *human) Ready(context.Context) error { return nil }

func (h *human) Decide(ctx context.Context, v approve.Verification, d approve.Decision) error {
	if !h.busy.TryLock() {
		return fmt.Errorf("two devices at once") // breaks the check
	}
	defer h.busy.Unlock()
	if h.answers != nil {
		if err := h.answers(); err != nil {
			h.shown(v)
			return err
		}
	}
	err := h.slow.Decide(ctx, v, d)
	if h.sloppy && errors.Is(err, approve.ErrRefused) {
		return nil
	}
	return err
}

// slowly puts somebody between a bench's target and its server.
func slowly(person bool, takes func() time.Duration) func(*Target) {
	return func(t *Target) {
		s := &slow{Reference: t.Approver.(*approve.Reference), takes: takes}
		if t.Approver = s; person {
			t.Approver = &human{slow: s}
		}
	}
}

func always(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

// upTo takes any time up to a limit, the same in every run of a test.
func upTo(limit time.Duration, seed uint64) func() time.Duration {
	var mu sync.Mutex
	r := rand.New(rand.NewPCG(seed, 8628))
	return func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return time.Duration(r.Int64N(int64(limit)))
	}
}

// TestSlowApprover: whoever decides, and however late: a correct server is not
// accused, and what rests on a late decision says so.
func TestSlowApprover(t *testing.T) {
	const lifetime = 20 * time.Second
	for _, contract := range spec.ContractNames() {
		for name, takes := range map[string]func() time.Duration{
			"after the end":  always(lifetime + 5*time.Second),
			"just before it": always(lifetime - 2500*time.Millisecond),
			"within a third": always(lifetime / 3),
			"at any time":    upTo(lifetime*3/2, 8628),
		} {
			if testing.Short() && name != "at any time" {
				continue
			}
			for who, person := range map[string]bool{"a person": true, "a program": false} {
				t.Run(contract+"/"+who+"/"+name, func(t *testing.T) {
					t.Parallel()
					var results []Result
					var problem *reports.Problem
					b := bench{server: embedded(contract), target: slowly(person, takes), opts: Options{AllDecisions: true}}
					b.inBubble(t, func(ctx context.Context, run *Run) {
						results = run.Conform(ctx)
						problem = run.Transcript().Problem()
						sameAgain(t, run, results)
					})
					late := 0
					for _, r := range results {
						switch r.Verdict {
						case reports.Fail, reports.Warning, reports.Error:
							t.Errorf("%s %s: %s", r.Check.ID, r.Verdict, r.Reason)
						case reports.Inconclusive:
							late++
							if !strings.Contains(r.Reason, "too late: ") {
								t.Errorf("%s: %s", r.Check.ID, r.Reason)
							}
						}
					}
					if hopeless := name == "after the end" && person; hopeless && late < 20 || hopeless != (problem != nil) {
						t.Errorf("%d checks are open, and the problem is %+v", late, problem)
					}
				})
			}
		}
	}
}

// indispensable are checks that a person is asked for whatever else is left out.
var indispensable = []string{GateTokens, "DF-DENY-001", "DF-DENY-002", "DF-REUSE-001", "DF-POLL-008", "DF-CLIENT-002"}

// decisionsIn names the scenarios whose decisions were made, in this order.
func decisionsIn(t *Transcript) []string {
	var out []string
	for _, ev := range t.Events {
		if ev.Kind == EventDecision {
			out = append(out, ev.Scenario)
		}
	}
	return out
}

// TestPerson: a person who takes 8 s is asked at most ten times, one device after
// the other, each code with its lifetime before it, and decides the gates.
func TestPerson(t *testing.T) {
	for _, contract := range spec.ContractNames() {
		for name, server := range map[string]refserver.Config{
			"60s": {Contract: contract, Interval: time.Second, Lifetime: time.Minute},
			"10m": {Contract: contract, Interval: 5 * time.Second, Lifetime: 10 * time.Minute},
		} {
			t.Run(contract+"/"+name, func(t *testing.T) {
				t.Parallel()
				b := bench{server: server, target: slowly(true, always(8*time.Second))}
				b.inBubble(t, func(ctx context.Context, run *Run) {
					h := run.Target.Approver.(*human)
					results := run.Conform(ctx)
					sameAgain(t, run, results)
					byID := map[string]Result{}
					for _, r := range results {
						byID[r.Check.ID] = r
					}
					for _, line := range worse(results) {
						if !strings.Contains(line, "--max-wait") {
							t.Error(line)
						}
					}
					for _, id := range indispensable {
						if byID[id].Verdict != reports.Pass {
							t.Errorf("%s is %s: %s", id, byID[id].Verdict, byID[id].Reason)
						}
					}
					asked := decisionsIn(run.Transcript())
					if first := approvedFlow.Name; len(asked) == 0 || asked[0] != first {
						t.Errorf("the person is asked for %v, not first for the %s", asked, first)
					}
					for _, s := range []*Scenario{replayedCode, foreignRedemption} { // where the gravest faults show
						if !slices.Contains(asked, s.Name) {
							t.Errorf("the person is not asked for the %s, but for %v", s.Name, asked)
						}
					}
					if h.asked > MaxDecisions || h.asked != h.expected {
						t.Errorf("the person was asked %d times and told of %d", h.asked, h.expected)
					}
					for _, left := range h.left {
						if left < server.Lifetime-9*time.Second && left > 0 {
							t.Errorf("a code of %s was shown with %s left", server.Lifetime, left)
						}
					}
				})
			})
		}
	}
}

// TestWantedDecisions: what checks only want to be played counts as a decision too.
func TestWantedDecisions(t *testing.T) {
	for _, c := range []struct {
		only    []string
		raced   bool
		atLeast int
	}{
		{[]string{"DF-REUSE-001"}, true, 4},
		{[]string{"DF-REUSE-001", "TOKEN", "DENY"}, false, 9},
	} {
		b := bench{server: embedded("rfc8628"), target: slowly(true, always(time.Second)), opts: Options{Only: c.only}}
		b.inBubble(t, func(_ context.Context, run *Run) {
			p := run.Plan()
			if p.Decisions > MaxDecisions || p.Decisions < c.atLeast || slices.Contains(p.Scenarios, redeemingRace) != c.raced {
				t.Errorf("%v: %d decisions", c.only, p.Decisions)
			}
		})
	}
}

// TestSloppyPerson: a person who says "done" whatever the page said, takes no notice
// of some devices, and goes away before the end, accuses nobody.
func TestSloppyPerson(t *testing.T) {
	for _, contract := range spec.ContractNames() {
		for name, after := range map[string]int{"to the end": 1000, "stops": 8, "stops at once": 1} {
			t.Run(contract+"/"+name, func(t *testing.T) {
				t.Parallel()
				n := 0
				b := bench{server: embedded(contract), opts: Options{AllDecisions: true}, target: func(target *Target) {
					slowly(true, always(time.Second))(target)
					h := target.Approver.(*human)
					h.sloppy = true
					h.answers = func() error {
						if n++; n >= after {
							return approve.ErrStopped
						}
						if n%5 == 0 {
							return approve.ErrSkipped
						}
						return nil
					}
				}}
				skipped := 0
				for _, r := range b.conform(t) {
					switch {
					case r.Verdict == reports.Skipped && r.Reason == approve.ErrStopped.Error():
						skipped++
					case r.Verdict == reports.Fail, r.Verdict == reports.Warning, r.Verdict == reports.Error:
						t.Errorf("%s %s: %s", r.Check.ID, r.Verdict, r.Reason)
					case r.Verdict == reports.Inconclusive && r.Reason != approve.ErrSkipped.Error():
						t.Errorf("%s: %s", r.Check.ID, r.Reason)
					}
				}
				if stops := after < 1000; stops != (skipped > 15) {
					t.Errorf("%d checks are skipped", skipped)
				}
			})
		}
	}
}

// sameAgain: the saved recording gives the same verdicts.
func sameAgain(t *testing.T, run *Run, results []Result) {
	t.Helper()
	var file bytes.Buffer
	if err := run.Transcript().Save(&file); err != nil {
		t.Fatal(err)
	}
	saved, err := Load(&file)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Judge(saved, All())
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range again {
		if r.Verdict != results[i].Verdict || r.Reason != results[i].Reason {
			t.Errorf("%s is %s (%s), and %s (%s) from the file", r.Check.ID, results[i].Verdict, results[i].Reason, r.Verdict,
				r.Reason)
		}
	}
}

// fewer are scenarios that ask less than the plan says, where a correct server
// gives no reason to ask on.
var fewer = map[string]string{
	"refreshing race":           "no refresh token comes, or no new one",
	"second approval":           "a code that was lost in its race is not approved again",
	"code challenge":            "the server takes no notice of the challenge",
	"guessing codes":            "the server holds the guesser up",
	"polls across the approval": "spare rounds are for polls that missed the approval",
}

// TestDecisionsPlanned: the plan's number of decisions is that of the run.
func TestDecisionsPlanned(t *testing.T) {
	for _, contract := range spec.ContractNames() {
		for name, b := range map[string]bench{
			"a program":           {opts: Options{Abuse: true}},
			"a person":            {target: slowly(true, always(time.Second))},
			"a person, all of it": {target: slowly(true, always(time.Second)), opts: Options{AllDecisions: true}},
		} {
			t.Run(contract+"/"+name, func(t *testing.T) {
				t.Parallel()
				b.server = embedded(contract)
				b.inBubble(t, func(ctx context.Context, run *Run) {
					run.Conform(ctx)
					asked, planned := map[string]int{}, 0
					for _, ev := range run.Transcript().Events {
						if ev.Kind == EventDecision {
							asked[ev.Scenario]++
						}
					}
					for _, s := range run.Plan().Scenarios {
						n := s.DecisionsOn(&run.Target.Facts)
						planned += n
						if asked[s.Name] != n && (fewer[s.Name] == "" || asked[s.Name] > n) {
							t.Errorf("%q asks %d times, planned are %d", s.Name, asked[s.Name], n)
						}
					}
					if planned == 0 || planned != run.Plan().Decisions {
						t.Errorf("the plan says %d decisions, its scenarios %d", run.Plan().Decisions, planned)
					}
					t.Logf("%d decisions", planned)
				})
			})
		}
	}
}
