package checks

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/spec"
)

var denialChecks = []Check{
	{
		ID:    "DF-DENY-001",
		Gate:  GatePending,
		Needs: []Capability{NeedApprover},
		Reads: []*Scenario{deniedFlow},
		Judge: judgeDenied,
	},
	{
		ID:    "DF-DENY-002",
		Gate:  GatePending,
		Needs: []Capability{NeedApprover},
		Reads: []*Scenario{deniedFlow},
		Judge: func(e *Evidence, j *Judgement) {
			if denied := e.One(deniedFlow, "denied"); denied == nil || !IsTerminal(denied) {
				j.Inconclusive("the polls never reported the denial: " + Describe(denied))
				return
			}
			j.Each(e.Of(deniedFlow, "again"), ExpectRefusal, "a terminal error for every later poll too",
				PassIf(Class(4), IsTerminal), WarnIf(ErrorIs(spec.ErrSlowDown)), FailIf(StillPending), FailIf(GivesTokens))
		},
	},
	{
		ID:    "DF-DENY-003",
		Gate:  GatePending,
		Needs: []Capability{NeedApprover},
		Reads: []*Scenario{reversedDenial},
		Judge: judgeReversedDenial,
	},
	{
		ID:    "DF-DENY-004",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover},
		Reads: []*Scenario{withdrawnApproval},
		Judge: judgeWithdrawnApproval,
	},
	{
		ID:    "DF-DENY-005",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover},
		Reads: []*Scenario{twoDevices},
		Judge: judgeTwoDevices,
	},
	{
		ID:      "DF-DENY-006",
		Gate:    GatePending,
		Reads:   []*Scenario{firstPoll},
		Wants:   []*Scenario{deniedFlow, replayedCode},
		Shows:   "error response",
		Passive: true,
		Judge:   judgeQuietErrors,
	},
}

// deniedFlow is denied, polled until that shows, and polled three times more. Where the
// denial came to something else than it should have, one poll tells whether it approved.
var deniedFlow = &Scenario{
	Name: "denied flow", Lane: LaneApprove, Needs: []Capability{NeedApprover}, Cost: WaitingCost(5, 1, 4),
	Words: Words{"again": "after the denial was reported", "unclear": "after a denial that did not end as it should"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		switch f.Deny(ctx) {
		case Accepted:
		case Refused, Broken:
			f.PollDue(ctx, Step("unclear"))
			return
		default:
			return
		}
		f.Settle(ctx)
		f.Collect(ctx, "denied")
		for range 3 {
			if !f.WithinLifetime(f.Interval()) {
				return
			}
			f.PollDue(ctx, Step("again"))
		}
	},
}

func judgeDenied(e *Evidence, j *Judgement) {
	for _, f := range e.FlowsOf(deniedFlow) {
		unclear := WithTokens(e.Polls(f, "unclear"))
		switch d, _ := e.Decision(deniedFlow, f, ""); {
		case len(unclear) > 0:
			j.Warn("no tokens after the approver did what its recipe calls deny", "tokens; "+d.Undecided(), unclear...)
		case WasDecided(e, j, deniedFlow, f):
			judgeDenial(e, j, Unlimited(e.Polls(f, "denied")))
		}
	}
}

// judgeDenial: access_denied on the first compliant poll after the denial; the
// second or third will do with a warning.
func judgeDenial(e *Evidence, j *Judgement, polls []*Exchange) {
	for i, x := range polls {
		switch code := x.ErrorCode(); {
		case x.StillPending():
		case x.Class() == 4 && code == spec.ErrAccessDenied && i == 0:
			j.Pass(x)
			return
		case x.Class() == 4 && code == spec.ErrAccessDenied:
			j.Warn("access_denied on the first poll after the denial",
				fmt.Sprintf("it only on poll %d after the denial", i+1), polls[:i+1]...)
			return
		default:
			j.Each([]*Exchange{x}, ExpectRefusal, spec.ErrAccessDenied,
				WarnIf(ErrorIs(spec.ErrInvalidGrant, spec.ErrExpiredToken)), InconclusiveIf(Infrastructure), FailIf(AnyAnswer))
			return
		}
	}
	if n := len(polls); n == 3 && e.Alive(polls[n-1]) {
		j.Fail(spec.ErrAccessDenied+" within 3 polls", Describe(polls[n-1]), polls...)
	}
}

// reversedDenial approves a code that was denied a moment ago.
var reversedDenial = &Scenario{
	Name: "approval after a denial", Lane: LaneApprove, Needs: []Capability{NeedApprover}, Cost: WaitingCost(3, 1, 2),
	Decisions: DecisionCount(2),
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if f.Decide(ctx, approve.Deny, DecisionOptions{Label: "denial"}) != Accepted {
			return
		}
		f.Decide(ctx, approve.Approve, DecisionOptions{Label: "reversal"})
		for range 2 {
			f.PollDue(ctx, Step("after"))
		}
	},
}

func judgeReversedDenial(e *Evidence, j *Judgement) {
	for _, f := range e.FlowsOf(reversedDenial) {
		if !WasDecided(e, j, reversedDenial, f) {
			continue
		}
		reversal, asked := e.Decision(reversedDenial, f, "reversal")
		if !asked || !reversal.Decision.Outcome.Answered() {
			j.Inconclusive("nobody could be asked to approve the denied code: " + reversal.Detail)
			continue
		}
		j.Each(e.Polls(f, "after"), ExpectRefusal, "no tokens after the denial",
			FailIf(GivesTokens), InconclusiveIf(Infrastructure), PassIf(AnyAnswer))
		if reversal.Decision.Outcome == Accepted {
			j.Warn("the approval of a denied code to be refused", "the page reported success", e.Polls(f, "after")...)
		}
	}
}

// withdrawnApproval denies a code at once after approving it.
var withdrawnApproval = &Scenario{
	Name: "denial after an approval", Lane: LaneApprove, Needs: []Capability{NeedApprover}, Cost: WaitingCost(2, 1, 1),
	Decisions: DecisionCount(2),
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if f.Decide(ctx, approve.Approve, DecisionOptions{Label: "approval"}) != Accepted {
			return
		}
		f.Decide(ctx, approve.Deny, DecisionOptions{Label: "withdrawal"})
		f.PollDue(ctx, Step("after"))
	},
}

func judgeWithdrawnApproval(e *Evidence, j *Judgement) {
	for _, f := range e.FlowsOf(withdrawnApproval) {
		if !WasDecided(e, j, withdrawnApproval, f) {
			continue
		}
		d, ok := e.Decision(withdrawnApproval, f, "withdrawal")
		polls := e.Polls(f, "after")
		if !ok || len(polls) == 0 {
			continue
		}
		switch d.Decision.Outcome {
		case Accepted: // ruling R18: what the person was told is what the device sees
			j.Each(polls, ExpectRefusal, spec.ErrAccessDenied+" (the page told the user that access was denied)",
				// DF-DENY-001 tells late from never
				FailIf(GivesTokens), PassIf(ErrorIs(spec.ErrAccessDenied)), InconclusiveIf(StillPending),
				WarnIf(ErrorIs(spec.ErrInvalidGrant, spec.ErrExpiredToken)))
		case Told:
			j.Each(polls, ExpectRefusal, "tokens or "+spec.ErrAccessDenied, PassIf(GivesTokens),
				PassIf(ErrorIs(spec.ErrAccessDenied)), InconclusiveIf(StillPending))
		case Refused:
			j.Each(polls, ExpectTokens, "tokens (the page refused the denial that came after the approval)",
				PassIf(GivesTokens), InconclusiveIf(Infrastructure), InconclusiveIf(StillPending), WarnIf(AnyAnswer))
		case Unsupported:
			j.SkipUnsupported(d.Decision)
		default:
			j.Inconclusive("the denial could not be asked for: " + d.Detail)
		}
	}
}

// twoDevices denies one of a person's devices and approves the other.
var twoDevices = &Scenario{
	Name: "one device denied, one approved", Lane: LaneApprove, Needs: []Capability{NeedApprover},
	Cost:      WaitingCost(7, 3, 4),
	Decisions: DecisionCount(2),
	Words: Words{
		"approved device": "of the approved device",
		"denied device":   "of the denied device",
		"next":            "of the next device",
		"next device":     "of the next device",
	},
	Run: func(ctx context.Context, s *ScenarioRun) {
		// Both are of one make.
		a := s.Start(ctx, Sending(s.Target().BaseStart("household-1")), Step("denied device"))
		b := s.Start(ctx, Sending(s.Target().BaseStart("household-2")), Step("approved device"))
		if a.Deny(ctx) != Accepted || !s.Wait(ctx, 2e9) || b.Approve(ctx) != Accepted {
			return
		}
		s.Parallel(
			func() { a.Collect(ctx, "denied") },
			func() { b.Collect(ctx, "approved") },
			func() { s.Start(ctx, Step("next device")).PollDue(ctx, Step("next")) })
	},
}

func judgeTwoDevices(e *Evidence, j *Judgement) {
	flows := e.FlowsOf(twoDevices)
	if len(flows) < 2 || !WasDecided(e, j, twoDevices, flows[0]) || !WasDecided(e, j, twoDevices, flows[1]) {
		return
	}
	lastOf := func(step string) []*Exchange {
		if x := e.One(twoDevices, step); x != nil {
			return []*Exchange{x}
		}
		return nil
	}
	j.Each(lastOf("denied"), ExpectRefusal, "a terminal error for the denied device",
		PassIf(IsTerminal), InconclusiveIf(Infrastructure), WarnIf(StillPending))
	j.Each(lastOf("approved"), ExpectTokens, "tokens for the device that was approved",
		PassIf(GivesTokens), InconclusiveIf(Infrastructure), FailIf(AnyAnswer))
	j.Each(lastOf("next device"), ExpectSuccess, "a new device authorization request to succeed", PassIf(GivesCodes),
		InconclusiveIf(Infrastructure), FailIf(AnyAnswer))
	j.Each(lastOf("next"), ExpectPending, "the new grant to be pending", PassIf(StillPending))
}

var (
	emailShape = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]{2,}`)
	jwtShape   = regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.`)
)

// impersonal is what error answers carry whoever decided: the e-mail addresses in
// those about codes on which nobody has decided, and the cookies that starts set
// too, as load balancers do (ruling R31).
func impersonal(e *Evidence) (addresses, cookies map[string]bool) {
	addresses, cookies = map[string]bool{}, map[string]bool{}
	decided := map[string]bool{}
	for _, ev := range e.AllDecisions() {
		decided[ev.Flow] = true
	}
	for _, x := range e.Exchanges {
		switch {
		case x.Response == nil:
		case x.Op == OpStart && x.HasCodes():
			for _, c := range cookiesOf(x) {
				cookies[c] = true
			}
		case x.Flow == "" || !decided[x.Flow]:
			for _, a := range emailShape.FindAllString(x.Response.Body, -1) {
				addresses[a] = true
			}
		}
	}
	return addresses, cookies
}

// cookiesOf lists the names of the cookies that an answer sets.
func cookiesOf(x *Exchange) []string {
	var out []string
	for _, c := range x.Response.Header.Values("Set-Cookie") {
		name, _, _ := strings.Cut(c, "=")
		out = append(out, strings.TrimSpace(name))
	}
	return out
}

// judgeQuietErrors: an error answer carries nothing that its reader could use.
func judgeQuietErrors(e *Evidence, j *Judgement) {
	addresses, cookies := impersonal(e)
	personal := func(a string) bool { return !addresses[a] }
	ofSession := func(c string) bool { return c != "" && !cookies[c] }
	for _, x := range e.Exchanges {
		if x.Op != OpToken || x.Superseded || x.Class() < 4 || x.ErrorCode() == "" {
			continue
		}
		body := x.Response.Body
		switch {
		case hasAny(x, "access_token", "refresh_token", "id_token") || jwtShape.MatchString(body):
			j.Fail("an error response without tokens", "a member that looks like a token", x)
		case slices.ContainsFunc(emailShape.FindAllString(body, -1), personal):
			j.Fail("an error response that does not identify the user", "an e-mail address", x)
		case x.Response.Header.Get("Authorization") != "" || x.Response.Header.Get("Location") != "":
			j.Fail("an error response without credentials in its header", "an Authorization or Location field", x)
		case slices.ContainsFunc(cookiesOf(x), ofSession):
			j.Warn("an error response that sets no cookies", "a Set-Cookie field", x)
		default:
			j.Pass(x)
		}
	}
}

func hasAny(x *Exchange, members ...string) bool {
	for _, m := range members {
		if _, ok := x.Member(m); ok {
			return true
		}
	}
	return false
}
