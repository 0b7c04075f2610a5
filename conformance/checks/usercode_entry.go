package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// swappedEntry has the code typed in the other letter case.
var swappedEntry = &Scenario{
	Name: "code typed in the other case", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedRawCodes},
	Cost: WaitingCost(2, 1, 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if f.OK() && foldable(f.Codes.UserCode) {
			typedAs(ctx, f, SwapCase(f.Codes.UserCode))
		}
	},
}

// typedAs approves by another spelling of the code and polls.
func typedAs(ctx context.Context, f *Flow, code string) {
	if f.Decide(ctx, approve.Approve, DecisionOptions{Code: code}) == Accepted {
		f.Settle(ctx)
		f.Collect(ctx, "after")
	}
}

// foldable reports whether a code has letters, all of one case.
func foldable(code string) bool {
	upper, lower := strings.ToUpper(code), strings.ToLower(code)
	return upper != lower && (code == upper || code == lower)
}

func judgeSwappedEntry(e *Evidence, j *Judgement) {
	for _, f := range e.FlowsOf(swappedEntry) {
		if x := e.Authorization(f); x != nil && x.Text("user_code") != "" && !foldable(x.Text("user_code")) {
			j.Skip("the user codes have no letters, or both upper and lower case letters")
			return
		}
		judgeTyped(e, j, swappedEntry, f, "the code to be accepted whether it is typed in upper or lower case")
	}
}

// judgeTyped: the code was known in the other spelling.
func judgeTyped(e *Evidence, j *Judgement, s *Scenario, flow, expected string) {
	d, ok := e.Decision(s, flow, "")
	switch {
	case !ok:
	case d.Decision.Outcome == Refused:
		j.Warn(expected, "refused: "+d.Detail, e.Authorization(flow))
	case !WasDecided(e, j, s, flow):
	default:
		polls := e.Polls(flow, "after")
		j.Each(polls[max(0, len(polls)-1):], ExpectTokens, expected, PassIf(GivesTokens), InconclusiveIf(Infrastructure),
			InconclusiveIf(StillPending), WarnIf(AnyAnswer))
	}
}

// separatedEntry has the code typed without its separators, or with some it does
// not have.
var separatedEntry = &Scenario{
	Name: "code typed with other separators", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedRawCodes},
	Cost: WaitingCost(2, 1, 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		code := f.Codes.UserCode
		switch {
		case !f.OK() || len(code) < 2:
		case separated(code):
			typedAs(ctx, f, withoutSeparators(code))
		default:
			typedAs(ctx, f, " "+code[:len(code)/2]+"-"+code[len(code)/2:]+" ")
		}
	},
}

func withoutSeparators(code string) string {
	return strings.NewReplacer("-", "", " ", "", "_", "", ".", "").Replace(code)
}

func separated(code string) bool { return withoutSeparators(code) != code }

func judgeSeparatedEntry(e *Evidence, j *Judgement) {
	for _, f := range e.FlowsOf(separatedEntry) {
		d, ok := e.Decision(separatedEntry, f, "")
		if x := e.Authorization(f); ok && x != nil && !separated(x.Text("user_code")) && d.Decision.Outcome == Refused {
			j.Skip("the user codes have no separators, and are not accepted with any")
			return
		}
		judgeTyped(e, j, separatedEntry, f, "the code to be accepted whatever separators it is typed with")
	}
}

// mistypedEntry has three wrong codes typed, each close to a live one.
var mistypedEntry = &Scenario{
	Name: "code mistyped", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedRawCodes}, Cost: WaitingCost(2, 1, 1),
	Decisions: DecisionCount(3),
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		code := f.Codes.UserCode
		if !f.OK() || len(spec.NormalUserCode(code)) < 4 {
			return
		}
		last := code[len(code)-1]
		other := otherThan(last, code)
		for _, wrong := range []DecisionOptions{
			{Label: "with its last character changed", Code: code[:len(code)-1] + string(other)},
			{Label: "without its last character", Code: code[:len(code)-1]},
			{Label: "with one character more", Code: code + string(other)},
		} {
			f.Decide(ctx, approve.Approve, wrong)
		}
		f.Settle(ctx)
		f.PollDue(ctx, Step("after"))
	},
}

// otherThan picks a character of a code that nobody takes for the given one.
func otherThan(last byte, code string) byte {
	twins := "0O1IL"
	for _, set := range []string{withoutSeparators(code), "BCDFGHJKMN", "bcdfghjkmn", "2345678"} {
		for _, c := range []byte(set) {
			if c != last && !strings.ContainsRune(twins, rune(c)) &&
				strings.ContainsRune(Letters, rune(c)) == strings.ContainsRune(Letters, rune(last)) {
				return c
			}
		}
	}
	return 'X'
}

func judgeMistypedEntry(e *Evidence, j *Judgement) {
	for _, f := range e.FlowsOf(mistypedEntry) {
		polls := e.Polls(f, "after")
		if len(polls) == 0 {
			continue
		}
		var wrong []string
		refused := 0
		for _, d := range e.Decisions(mistypedEntry) {
			switch d.Decision.Outcome {
			case Accepted:
				wrong = append(wrong, d.Decision.Label)
			case Refused:
				refused++
			default:
				j.Inconclusive("typed " + d.Decision.Label + ", the approver could not decide: " + d.Detail)
			}
		}
		switch x := polls[0]; {
		case x.HasTokens():
			j.Fail("a mistyped code to approve nothing", "tokens after approving a code "+strings.Join(wrong, ", or "),
				e.Authorization(f), x)
		case len(wrong) > 0:
			j.Inconclusive("the approver reports success for a code "+strings.Join(wrong,
				", or ")+", but the grant is still pending", x)
		case refused > 0:
			j.Each(polls, ExpectPending, "the grant to stay pending (only wrong codes were typed)", PassIf(StillPending))
		}
	}
}

// twoPeople has two people approve one code, and for comparison one person
// another.
var twoPeople = &Scenario{
	Name: "two people and one code", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedSecondUser},
	Cost:      WaitingCost(6, 2, 1),
	Starts:    together(exactly(1), where(NeedIntrospection, 1)),
	Decisions: func(f *Facts) int { return 2 + f.Count(NeedIntrospection) },
	Words:     Words{"shared": "", "owner": ""},
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx, Step("shared"))
		if f.Approve(ctx) != Accepted {
			return
		}
		f.Decide(ctx, approve.Approve, DecisionOptions{Label: "second person", User: "second"})
		f.Settle(ctx)
		if x := f.Collect(ctx, "after"); x == nil || !x.HasTokens() || !s.Target().Has(NeedIntrospection) {
			return
		}
		s.InspectToken(ctx, f.Token.AccessToken, "owner")
		if g, ok := s.Redeem(ctx); ok {
			s.InspectToken(ctx, g.Token.AccessToken, "first person")
		}
	},
}

func judgeTwoPeople(e *Evidence, j *Judgement) {
	flows := e.FlowsOf(twoPeople)
	if len(flows) == 0 || !WasDecided(e, j, twoPeople, flows[0]) {
		return
	}
	second := e.Decisions(twoPeople, "second person")
	if len(second) == 0 {
		return
	}
	owner, first := e.One(twoPeople, "owner"), e.One(twoPeople, "first person")
	polls := e.Polls(flows[0], "after")
	if len(polls) == 0 || polls[len(polls)-1].StillPending() {
		j.Inconclusive("no tokens came; see "+GateTokens, polls...)
		return
	}
	known := owner != nil && first != nil && subject(owner) != "" && subject(first) != ""
	switch out := second[0].Decision.Outcome; {
	case known && subject(owner) != subject(first):
		j.Fail("tokens for the user who approved first", "tokens for the user who approved later", owner, first)
	case out == Accepted && known:
		j.Warn("the second approval to be refused", "a page that reports success, though the tokens are the first user's",
			owner)
	case out == Accepted:
		j.Warn("the second approval to be refused", "a page that reports success; it does not show whose tokens they are",
			polls...)
	case out == Refused:
		j.Each(polls[len(polls)-1:], ExpectTokens, "tokens for the first user's device",
			PassIf(GivesTokens), InconclusiveIf(Infrastructure), FailIf(AnyAnswer))
	default:
		j.Inconclusive("the second user's decision was " + string(out) + ": " + second[0].Detail)
	}
}

// subject is whose token introspection says it is.
func subject(x *Exchange) string {
	if s := x.Text("sub"); s != "" {
		return s
	}
	return x.Text("username")
}

// guesses is how many random codes one person types, at most five a second.
const (
	guessesTried = 30
	guessEvery   = 200 * time.Millisecond
)

// guessing types random codes as one person until that is held up; then another
// person approves a real one.
var guessing = &Scenario{
	Name: "guessing codes", Lane: LaneAbuse, Needs: []Capability{NeedApprover, NeedRawCodes, NeedAbuse},
	Cost: func(t Timing) Cost {
		return Cost{Requests: 3, Starts: 2, Wait: guessesTried*guessEvery + t.Interval + Slack}
	},
	Decisions: func(f *Facts) int { return guessesTried + f.Count(NeedSecondUser) },
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if !f.OK() {
			return
		}
		first := Decided{}
		for i := range guessesTried {
			d := guess(ctx, f, LookAlike(f.Codes.UserCode))
			if i == 0 {
				first = d
			} else if heldUp(first, d) {
				break
			}
			if !s.Wait(ctx, guessEvery) {
				return
			}
		}
		if s.Target().Has(NeedSecondUser) {
			g := s.Start(ctx)
			g.Decide(ctx, approve.Approve, DecisionOptions{Label: "another person", User: "second"})
			g.Settle(ctx)
			g.Collect(ctx, "after")
		}
	},
}

// guess enters a random code, without deciding where the approver can, so that a
// stranger's device whose code is hit by chance gets nothing of it.
func guess(ctx context.Context, f *Flow, code string) Decided {
	ask := DecisionOptions{Label: "guess", Code: code}
	if f.Run().Target().Has(NeedSteps) {
		f.Enter(ctx, ask)
	} else {
		f.Decide(ctx, approve.Deny, ask)
	}
	for _, d := range slices.Backward(f.Run().Decided()) {
		if d.Label == "guess" {
			return d
		}
	}
	return Decided{}
}

// heldUp reports whether a guess met a limit: it was answered otherwise than the
// first one, or a second later.
func heldUp(first, d Decided) bool {
	return d.Outcome == Broken && first.Outcome != Broken || d.Answer != first.Answer || d.Took >= first.Took+time.Second
}

func judgeGuessing(e *Evidence, j *Judgement) {
	guesses := e.Decisions(guessing, "guess")
	if len(guesses) == 0 {
		return
	}
	first := *guesses[0].Decision
	for i, g := range guesses {
		if heldUp(first, *g.Decision) {
			j.Saw(len(guesses), "guess")
			return
		}
		if g.Decision.Outcome == Broken {
			j.Inconclusive(fmt.Sprintf("guess %d: the approver could not try it: %s", i+1, g.Detail))
			return
		}
	}
	switch {
	case len(guesses) < guessesTried:
		j.Inconclusive("only " + reports.Count(len(guesses), "guess", "guesses") + " could be made")
	case first.Answer == "":
		j.Inconclusive("the approver does not report how the server refuses a code, so a limit would not show")
	default:
		j.Warn(fmt.Sprintf("wrong user codes to be rate-limited within %d guesses", guessesTried),
			fmt.Sprintf("the same answer to all %d: %s", len(guesses), first.Answer))
	}
}

// judgeGuessedAround: somebody else can still approve. What comes from one
// address may be limited by the address, which only the embedded server is
// known not to do.
func judgeGuessedAround(e *Evidence, j *Judgement) {
	guesses := e.Decisions(guessing, "guess")
	if len(guesses) == 0 || !heldUp(*guesses[0].Decision, *guesses[len(guesses)-1].Decision) {
		j.Inconclusive("the guesser was not rate-limited; see DF-USERCODE-014")
		return
	}
	for _, d := range e.Decisions(guessing, "another person") {
		switch {
		case d.Decision.Outcome == Accepted:
			polls := e.Polls(d.Flow, "after")
			j.Each(polls[max(0, len(polls)-1):], ExpectTokens, "tokens for the other user's device",
				PassIf(GivesTokens), InconclusiveIf(Infrastructure), WarnIf(AnyAnswer))
		case d.Decision.Outcome == Refused && e.Embedded:
			j.Warn("another user's approval to be accepted while somebody guesses codes", "refused: "+d.Detail)
		default:
			j.Inconclusive("the other user's approval was " + string(d.Decision.Outcome) +
				", from the same address as the guesses: " + d.Detail)
		}
	}
}
