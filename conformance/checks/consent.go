package checks

import (
	"context"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
)

// consentChecks judge what a person is told and asked between the code and the decision:
// this file how the pages are looked at, consent_asked.go whether somebody is asked,
// consent_said.go what the pages say, consent_page.go how they are made.
var consentChecks = []Check{
	consentCheck("DF-CONSENT-001", judgeComparison),
	consentCheck("DF-CONSENT-002", judgeQuestion),
	consentCheck("DF-CONSENT-003", judgeSecondDevice),
	consentCheck("DF-CONSENT-004", judgeClientName),
	consentCheck("DF-CONSENT-005", judgeDeviceShown),
	consentCheck("DF-CONSENT-006", judgeScopeSaid),
	consentCheck("DF-CONSENT-007", judgeRefusal),
	consentCheck("DF-CONSENT-008", judgeDefaultButton, undecidedForm),
	consentCheck("DF-CONSENT-009", judgeWarning),
	consentCheck("DF-CONSENT-010", judgeOrigin),
	consentCheck("DF-CONSENT-011", judgePrivatePage),
	{ID: "DF-CONSENT-012", Gate: GateTokens, Needs: []Capability{NeedApprover, NeedPages},
		Reads: []*Scenario{manySessions},
		Judge: judgeManySessions},
	consentCheck("DF-CONSENT-013", judgeReturn),
}

// consentCheck makes a check of the pages that a person sees.
func consentCheck(id string, judge func(*Evidence, *Judgement), more ...*Scenario) Check {
	return Check{ID: id, Gate: GateTokens, Needs: []Capability{NeedApprover, NeedPages},
		Reads: append([]*Scenario{consentPages}, more...), Judge: judge}
}

// The devices whose pages are looked at, as the steps of their starts.
const (
	lookedAt    = "whose pages are looked at"
	inOneRow    = "of another device in the same session"
	ofAnother   = "of another client, whose pages are looked at"
	ofSecretive = "of a client with a secret, whose pages are looked at"
	formAlone   = "whose form is sent without a button"
	manyLookers = "whose code is entered in many sessions"
)

// consentPages looks at what a person sees who enters a code, and who opens a link. The
// first one approves, and enters the code of another device in the same session.
var consentPages = &Scenario{
	Name: "pages of the decision", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedPages},
	Cost:      WaitingCost(8, 5, 1),
	Starts:    together(exactly(3), where(NeedSecondClient, 1), where(NeedConfidential, 1)),
	Decisions: DecisionCount(0), // a look is none, and no person is asked for one
	Run: func(ctx context.Context, s *ScenarioRun) {
		ways := []func(){
			func() {
				first, second := s.Start(ctx, Step(lookedAt)), s.Start(ctx, Step(inOneRow))
				s.View(ctx, FlowLook{Flow: first, Way: approve.ByHand, Move: approve.Press},
					FlowLook{Flow: second, Way: approve.ByHand, Move: approve.Stop})
				first.Settle(ctx)
				first.PollDue(ctx, Step("looked at"))
				second.PollDue(ctx, Step("looked at"))
			},
			func() {
				f := s.Start(ctx, Step(byLink))
				if f.Codes.VerificationURIComplete != "" {
					s.View(ctx, FlowLook{Flow: f, Way: approve.ByLink, Move: approve.Stop})
					f.PollDue(ctx, Step("looked at"))
				}
			},
		}
		t := s.Target()
		for _, of := range []struct {
			client *Client
			there  bool
			step   string
		}{{t.Second, t.Second != nil, ofAnother}, {t.Confidential, t.Has(NeedConfidential), ofSecretive}} {
			if of.there {
				ways = append(ways, func() {
					f := s.Start(ctx, As(of.client), Step(of.step))
					s.View(ctx, FlowLook{Flow: f, Way: approve.ByHand, Move: approve.Stop})
				})
			}
		}
		s.Parallel(ways...)
	},
}

// undecidedForm sends the form of a decision as it is, with neither of its buttons.
var undecidedForm = &Scenario{
	Name: "form without a decision", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedPages},
	Cost:      WaitingCost(2, 1, 1),
	Decisions: DecisionCount(0),
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx, Step(formAlone))
		s.View(ctx, FlowLook{Flow: f, Way: approve.ByHand, Move: approve.Send})
		f.Settle(ctx)
		f.PollDue(ctx, Step("after"))
	},
}

// sessionsOfOneCode is in how many sessions one code is entered.
const sessionsOfOneCode = 10

// manySessions enters one code in one session after the other, as the people do to whom
// somebody has sent it.
var manySessions = &Scenario{
	Name: "one code in many sessions", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedPages},
	Cost:      WaitingCost(2, 1, 1),
	Decisions: DecisionCount(0),
	Run: func(ctx context.Context, s *ScenarioRun) {
		if fewSessions(&s.Target().Facts) {
			return
		}
		f := s.Start(ctx, Step(manyLookers))
		for range sessionsOfOneCode {
			if s.View(ctx, FlowLook{Flow: f, Way: approve.ByHand, Move: approve.Stop}) == 0 {
				break
			}
		}
		f.PollDue(ctx, Step("looked at"))
	},
}

// fewSessions reports whether the approver takes too long for so many.
func fewSessions(f *Facts) bool { return f.SlowApprover && !f.Thorough }
