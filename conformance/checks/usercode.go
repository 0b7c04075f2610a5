package checks

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/traits"
	"github.com/dfcheck/dfcheck/spec"
)

// userCodeChecks judge the code that a person types: this file its look,
// usercode_random.go its randomness, usercode_entry.go what the server makes of
// what is typed, usercode_page.go the page it is typed into, usercode_ways.go the two ways
// to it.
var userCodeChecks = []Check{
	{
		ID:      "DF-USERCODE-001",
		Gate:    GateStart,
		Reads:   []*Scenario{codeSample},
		Passive: true,
		Judge:   judgeLegibleCodes,
	},
	{
		ID:      "DF-USERCODE-002",
		Gate:    GateStart,
		Reads:   []*Scenario{codeSample},
		Passive: true,
		Judge:   judgeCodeSpace,
	},
	{
		ID:      "DF-USERCODE-003",
		Gate:    GateStart,
		Reads:   []*Scenario{codeSample},
		Passive: true,
		Judge:   judgeUniqueCodes,
	},
	{
		ID:      "DF-USERCODE-004",
		Gate:    GateStart,
		Reads:   []*Scenario{codeSample},
		Passive: true,
		Judge:   judgeCodeOrder,
	},
	{
		ID:    "DF-USERCODE-005",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedRawCodes},
		Reads: []*Scenario{swappedEntry},
		Judge: judgeSwappedEntry,
	},
	{
		ID:    "DF-USERCODE-006",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedRawCodes},
		Reads: []*Scenario{separatedEntry},
		Judge: judgeSeparatedEntry,
	},
	{
		ID:      "DF-USERCODE-007",
		Gate:    GateStart,
		Reads:   []*Scenario{codeSample},
		Passive: true,
		Judge:   judgeRelatedCodes,
	},
	{
		ID:    "DF-USERCODE-008",
		Gate:  GatePending,
		Reads: []*Scenario{typedAtTokens, unknownCodes},
		Judge: judgeTypedAtTokens,
	},
	{
		ID:    "DF-USERCODE-009",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedRawCodes},
		Reads: []*Scenario{mistypedEntry},
		Judge: judgeMistypedEntry,
	},
	{
		ID:    "DF-USERCODE-010",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedSecondUser},
		Reads: []*Scenario{twoPeople},
		Judge: judgeTwoPeople,
	},
	{
		ID:    "DF-USERCODE-011",
		Gate:  GatePending,
		Reads: []*Scenario{openedLink},
		Wants: []*Scenario{bothWays},
		Judge: judgeOpenedLink,
	},
	{
		ID:    "DF-USERCODE-012",
		Gate:  GateStart,
		Reads: []*Scenario{verificationPage},
		Judge: judgeVerificationPage,
	},
	{
		ID:    "DF-USERCODE-013",
		Gate:  GateStart,
		Reads: []*Scenario{verificationPage},
		Judge: judgeFramedPage,
	},
	{
		ID:         "DF-USERCODE-014",
		Gate:       GateStart,
		Needs:      []Capability{NeedApprover, NeedRawCodes, NeedAbuse},
		Reads:      []*Scenario{guessing},
		OwnsLimits: true,
		Judge:      judgeGuessing,
	},
	{
		ID:         "DF-USERCODE-015",
		Gate:       GateTokens,
		Needs:      []Capability{NeedApprover, NeedRawCodes, NeedSecondUser, NeedAbuse},
		Reads:      []*Scenario{guessing},
		OwnsLimits: true,
		Judge:      judgeGuessedAround,
	},
	{
		ID:    "DF-USERCODE-016",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover},
		Reads: []*Scenario{bothWays},
		Wants: []*Scenario{askedScopes, unprimedFlow, consentPages},
		Judge: judgeBothWays,
	},
}

var codeSample = &Scenario{
	Name: "code sample", Lane: LaneAlone, Sample: true,
	Cost: func(t Timing) Cost { n := max(SampleCodes, t.Sample); return Cost{Requests: n, Starts: n, Wait: 0} },
	Run: func(ctx context.Context, s *ScenarioRun) {
		n := SampleCodes
		if s.Target().Timing.Sample > 0 {
			n = max(n, EnoughCodes-s.Authorizations())
		}
		for range n { // all of one make
			f := s.Start(ctx, Sending(s.Target().BaseStart("sample")))
			if f.Authorization == nil || f.Authorization.Infrastructure() {
				return
			}
			s.Leave(f)
		}
	},
}

// userCodes are the user codes of starts, oldest first and each once, without
// separators, case, and what nobody can type.
func userCodes(xs []*Exchange) []string {
	var out []string
	for _, x := range xs {
		code := strings.Map(func(r rune) rune {
			if r > 0x7e {
				return -1
			}
			return r
		}, spec.NormalUserCode(x.Text("user_code")))
		if code != "" && !slices.Contains(out, code) {
			out = append(out, code)
		}
	}
	return out
}

// maxTyped is how many significant characters people put up with.
const maxTyped = 12

func judgeLegibleCodes(e *Evidence, j *Judgement) {
	seen := map[rune]*Exchange{} // who showed a character first
	n := 0
	for _, x := range e.Starts() {
		code := x.Text("user_code")
		if code == "" {
			continue
		}
		n++
		if !plainASCII(code) {
			j.Fail("user_code to be printable ASCII without white space at its ends", fmt.Sprintf("%+q", code), x)
			continue
		}
		if l := len(spec.NormalUserCode(code)); l > maxTyped {
			j.Warn(fmt.Sprintf("a user code of at most %d characters", maxTyped), fmt.Sprintf("%d characters: %q", l, code), x)
		}
		for _, r := range code {
			if _, ok := seen[r]; !ok && strings.ContainsRune(Letters+strings.ToLower(Letters)+"0123456789", r) {
				seen[r] = x
			}
		}
	}
	if n < traits.InRow {
		j.Inconclusive(fmt.Sprintf("too few user codes were seen: %d of the %d needed", n, traits.InRow))
	}
	judgeAlphabet(j, seen)
	j.Saw(n, "user code")
}

func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return strings.TrimSpace(s) == s
}

// judgeAlphabet looks for what people mistake in the characters of all codes.
func judgeAlphabet(j *Judgement, seen map[rune]*Exchange) {
	has := func(set string) (string, []*Exchange) {
		var found string
		var by []*Exchange
		for _, r := range set {
			if x, ok := seen[r]; ok {
				found, by = found+string(r), append(by, x)
			}
		}
		return found, by
	}
	upper, u := has(Letters)
	lower, l := has(strings.ToLower(Letters))
	if upper != "" && lower != "" {
		j.Warn("user codes whose letters are all upper case or all lower case", "both", u[0], l[0])
	}
	for _, alike := range []string{"0Oo", "1Il"} {
		if found, by := has(alike); len(found) > 1 && !strings.EqualFold(found[:1], found[1:]) {
			j.Warn("user codes without characters that look alike", fmt.Sprintf("%q", found), by...)
		}
	}
	vowels, by := has("AEIOUaeiou")
	if consonants := len(upper) + len(lower) - len(vowels); vowels != "" && consonants > 0 {
		j.Warn("user codes without vowels, which can spell words", fmt.Sprintf("%q", vowels), by...)
	}
}

// judgeUniqueCodes: one live grant per user code. Requests in flight at the same
// time are DF-CONC-003's, those that got one grant together DF-AUTHZ-010's.
func judgeUniqueCodes(e *Evidence, j *Judgement) {
	by, codes := map[string][]*Exchange{}, userCodes(e.Starts())
	n := 0
	for _, x := range e.Starts() {
		code := spec.NormalUserCode(x.Text("user_code"))
		if code == "" {
			continue
		}
		n++
		for _, y := range by[code] {
			if x.Overlaps(y) || x.Text("device_code") == y.Text("device_code") {
				continue
			}
			if first, second := inTime(x, y); second.Sent < e.EndOfLife(first) {
				j.Fail("a different user code for each live grant", fmt.Sprintf("%q for two of them", code), first, second)
			} else if !byChance(len(e.Starts()), codes) {
				j.Warn("a new user code for each grant", fmt.Sprintf("%q, the code of an earlier grant", code), first, second)
			}
		}
		by[code] = append(by[code], x)
	}
	if n < traits.InRow {
		j.Inconclusive(fmt.Sprintf("too few user codes were seen: %d of the %d needed", n, traits.InRow))
	}
	j.Saw(n, "user code")
}

// byChance reports whether a code may return by accident among n: the code space
// is DF-USERCODE-002's.
func byChance(n int, codes []string) bool {
	bits, _ := traits.ChoiceBits(traits.UsualLength(codes), 36)
	return float64(n)*float64(n)/math.Exp2(bits+1) > 0.01
}

func inTime(x, y *Exchange) (first, second *Exchange) {
	if y.Sent < x.Sent {
		return y, x
	}
	return x, y
}

// judgeRelatedCodes: the two codes of a start are independent.
func judgeRelatedCodes(e *Evidence, j *Judgement) {
	var related []*Exchange
	n, how := 0, ""
	for _, x := range e.Starts() {
		s, ok := e.Secrets[x.Text("device_code")]
		if !ok || x.Text("user_code") == "" {
			continue
		}
		n++
		if s.UserCode != "" {
			related, how = append(related, x), s.UserCode
		}
	}
	switch {
	case len(related) >= 3:
		j.Fail("a user code that reveals nothing of the device code",
			fmt.Sprintf("%d user codes, each of which %s", len(related), how), related[:3]...)
	case len(related) == 1 && len(spec.NormalUserCode(related[0].Text("user_code"))) < 6:
		j.Pass(related...) // so short that it is found in something by accident
	case len(related) > 0:
		j.Warn("a user code that reveals nothing of the device code", "a user code that "+how, related...)
	case n < 10:
		j.Inconclusive(fmt.Sprintf("too few device authorization responses were seen: %d of the 10 needed", n))
	default:
		j.Saw(n, "pair of codes")
	}
}

// typedAtTokens polls with the user code in place of the device code, before the decision
// and after it; then it polls properly, so that nothing is left behind.
var typedAtTokens = &Scenario{
	Name: "user code at the token endpoint", Lane: LaneApprove, Cost: WaitingCost(7, 1, 1),
	Decisions: DecisionCount(1),
	Words: Words{
		"the user code":               "with the user code in place of the device code",
		"the undecided user code":     "with the user code in place of the device code, before the decision",
		"a user code that nobody has": "with a user code that nobody has",
	},
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if !f.OK() || f.Codes.UserCode == "" {
			return
		}
		poll := func(code, step string) { s.PollCode(ctx, code, Step(step), Provoked()) }
		plain := spec.NormalUserCode(f.Codes.UserCode)
		poll(LookAlike(f.Codes.UserCode), "a user code that nobody has")
		if s.MayAsk() {
			poll(f.Codes.UserCode, "the undecided user code")
			if plain != f.Codes.UserCode {
				poll(plain, "the undecided user code without separators")
			}
		}
		if f.Approve(ctx) == Accepted {
			f.Settle(ctx)
		}
		poll(f.Codes.UserCode, "the user code")
		if plain != f.Codes.UserCode {
			poll(plain, "the user code without separators")
		}
		f.PollDue(ctx, Step("properly"))
	},
}

// judgeTypedAtTokens: whoever sends user codes to the token endpoint learns nothing of
// which are in use, whether they were decided on or not (RFC 8628 section 5.2).
func judgeTypedAtTokens(e *Evidence, j *Judgement) {
	unknown := e.One(typedAtTokens, "a user code that nobody has")
	told := func(x *Exchange) bool {
		return unknown != nil && unknown.Class() == 4 && !unknown.Infrastructure() && unknown.ErrorCode() != x.ErrorCode()
	}
	expected := spec.ErrInvalidGrant
	if unknown != nil && unknown.ErrorCode() != "" {
		expected = "the answer to a user code that nobody has (" + unknown.ErrorCode() + ")"
	}
	j.Against(e.One(unknownCodes, "of another shape"), "DF-POLL-011").Each(
		e.Of(typedAtTokens, "the undecided user code", "the undecided user code without separators", "the user code",
			"the user code without separators"), ExpectRefusal, expected,
		FailIf(GivesTokens), FailIf(StillPending), InconclusiveIf(Infrastructure), WarnIf(Class(4), told), PassIf(Class(4)))
}
