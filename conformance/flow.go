package conformance

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/spec"
)

// A Flow is the life of one device code: it knows its interval, its end and
// when it was last answered.
type Flow struct {
	ID            string
	Codes         spec.StartResponse
	Authorization *Exchange // the start; nil when the run had ended
	Token         spec.TokenResponse

	run    *ScenarioRun
	mu     sync.Mutex
	last   time.Duration // receipt of the last answer, since the start of the run
	slows  int
	polled bool
	ended  bool // its end was waited for
	late   bool // its end came before the decision, or before what was to follow it
	shown  bool // the approver decided on it before
}

func (f *Flow) began() {
	if f.Authorization.Class() == 2 {
		f.Codes, _ = spec.DecodeStart(f.Authorization.raw) // what is wrong with it is for the checks
	}
	f.last = f.Authorization.Received
}

// Run is the run of the scenario that the flow is part of.
func (f *Flow) Run() *ScenarioRun { return f.run }

// OK reports whether the flow has a device code.
func (f *Flow) OK() bool { return f.Codes.DeviceCode != "" }

// Interval is what the device must wait now: announced (or 5 s), and 5 s more
// for every slow_down (RFC 8628 section 3.5; rule C2). Where the server enforces a longer
// one, it holds.
func (f *Flow) Interval() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.interval()
}

func (f *Flow) interval() time.Duration {
	n := int64(spec.DefaultInterval)
	if f.Codes.HasInterval {
		n = f.Codes.Interval
	}
	a := f.run.adapted.Load()
	return a.paced(pause(n)) + a.raised(f.slows)
}

// Earliest and Latest are when the lifetime may end, since the start of the
// run (rule C12).
func (f *Flow) Earliest() time.Duration {
	return f.Authorization.Sent + span(f.Codes.ExpiresIn)
}

func (f *Flow) Latest() time.Duration {
	return f.Authorization.Received + span(f.Codes.ExpiresIn)
}

// WithinLifetime reports whether something done d from now is still safely inside the
// lifetime (rule C16). When it is not, an event says so.
func (f *Flow) WithinLifetime(d time.Duration) bool {
	if f.Authorization == nil || !f.OK() {
		return false
	}
	s := f.run
	if s.now()+d < f.Earliest()-s.target.Timing.Tolerance() {
		return true
	}
	if f.overtaken(d) {
		return false
	}
	s.Event(EventCut, f.ID, fmt.Sprintf("the code expires %d s after it was issued", f.Codes.ExpiresIn))
	return false
}

// Poll sends a token request now. It returns nil when the flow has no code or
// the run has ended.
func (f *Flow) Poll(ctx context.Context, opts ...Option) *Exchange {
	if !f.OK() || f.overtaken(0) {
		return nil
	}
	opts = append([]Option{f.Attach}, opts...)
	x := f.run.PollCode(ctx, f.Codes.DeviceCode, opts...)
	if x == nil {
		return nil
	}
	if f.heard(x) && f.run.adapted.Load().repeats(x, opts) && f.WithinLifetime(f.Interval()+Slack) &&
		f.WaitInterval(ctx, Slack) {
		f.run.supersede(x)
		return f.Poll(ctx, opts...)
	}
	return x
}

// heard takes note of the answer to a poll, and reports whether it was the first.
func (f *Flow) heard(x *Exchange) (first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	first = !f.polled
	f.polled, f.last = true, max(f.last, x.Received)
	if x.ErrorCode() == spec.ErrSlowDown {
		f.slows++
	}
	if x.HasTokens() && f.Token.AccessToken == "" {
		f.Token = x.Tokens()
	}
	return first
}

// Attach makes a request that is no poll part of the flow.
func (f *Flow) Attach(c *Call) { c.flow = f }

// WaitInterval waits until the device may poll again, and extra beyond it.
func (f *Flow) WaitInterval(ctx context.Context, extra time.Duration) bool {
	f.mu.Lock()
	due := f.last + f.interval() + extra
	f.mu.Unlock()
	return f.run.wait(ctx, forPoll, due-f.run.now())
}

// WaitEnd waits until the code must have ended, clocks and the way allowed for.
func (f *Flow) WaitEnd(ctx context.Context) bool {
	f.mu.Lock()
	f.ended = true
	f.mu.Unlock()
	if !f.OK() || f.Codes.ExpiresIn <= 0 {
		return false
	}
	end := f.Latest() + f.run.target.Timing.Tolerance()
	return f.run.wait(ctx, forExpiry, end-f.run.now())
}

// Slowed reports whether the server has asked the device to slow down.
func (f *Flow) Slowed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.slows > 0
}

// PollDue waits for the interval with its slack and polls: what a device that
// keeps every rule does.
func (f *Flow) PollDue(ctx context.Context, opts ...Option) *Exchange {
	if !f.OK() || !f.WaitInterval(ctx, Slack) {
		return nil
	}
	return f.Poll(ctx, opts...)
}

// Approve and Deny ask the approver, as the first user and with the code as the
// server spelled it.
func (f *Flow) Approve(ctx context.Context) Outcome {
	return f.Decide(ctx, approve.Approve, DecisionOptions{})
}
func (f *Flow) Deny(ctx context.Context) Outcome {
	return f.Decide(ctx, approve.Deny, DecisionOptions{})
}

// entering is what a code that is entered without a decision is recorded as.
const entering = "enter"

// DecisionOptions varies a decision.
type DecisionOptions struct {
	Label string // how judges find it
	Code  string // typed instead of the user code
	User  string // "second" for the other user
	Way   approve.Way
}

// Decide asks the approver and records what came of it.
func (f *Flow) Decide(ctx context.Context, d approve.Decision, ask DecisionOptions) Outcome {
	s := f.run
	if !s.MayAsk() || !f.OK() {
		return Unsupported
	}
	if !s.takeTurn(ctx, true) {
		return Broken
	}
	v := f.verification(ask)
	return f.ask(v, string(d), ask.Label, func() error { return s.target.Approver.Decide(ctx, v, d) })
}

func (f *Flow) verification(ask DecisionOptions) approve.Verification {
	s := f.run
	v := approve.Verification{
		UserCode: f.Codes.UserCode, VerificationURI: f.Codes.VerificationURI,
		VerificationURIComplete: f.Codes.VerificationURIComplete,
		Host:                    s.target.Host, ClientID: s.target.Client.ID, User: ask.User, Way: ask.Way,
	}
	if f.Codes.ExpiresIn > 0 {
		v.ExpiresAt = s.started.Add(f.Earliest())
	}
	if ask.Code != "" {
		v.Raw, v.VerificationURIComplete = ask.Code, ""
	}
	return v
}

// Enter types a code up to the consent page and stops there.
func (f *Flow) Enter(ctx context.Context, ask DecisionOptions) Outcome {
	enterer, ok := f.run.target.Approver.(approve.Enterer)
	if !ok || !f.OK() {
		return Unsupported
	}
	v := f.verification(ask)
	return f.ask(v, entering, ask.Label, func() error { return enterer.Enter(ctx, v) })
}

// ask records what became of a question to the approver.
func (f *Flow) ask(v approve.Verification, what, label string, do func() error) Outcome {
	s := f.run
	defer s.asked()
	if f.overtaken(0) {
		return Late
	}
	begun := s.now()
	err := do()
	out, detail := outcomeOf(err), ""
	if err != nil {
		detail = s.secrets.Text(err.Error())
	}
	if s.held(s.now() - begun); out != Unsupported && out != Stopped && f.overtaken(0) {
		out = Late
	}
	if out == Accepted && s.target.person() != nil && f.spent() {
		out = Told
	}
	s.event(Event{Scenario: s.scenario.Name, Flow: f.ID, Kind: EventDecision, Detail: detail,
		Decision: &Decided{what, v.User, out, s.now() - begun, label, s.answerTo(v, err), failedBy(err)}})
	return out
}
