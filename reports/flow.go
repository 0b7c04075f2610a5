package reports

import (
	"fmt"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

// Flow is the life of one device code as the run saw it, so that it can be drawn.
type Flow struct {
	ID       string `json:"id"`
	Scenario string `json:"scenario"`
	// IntervalSeconds is what the device authorization response announced, 5 where
	// it announced nothing (RFC 8628 section 3.2); LifetimeSeconds is expires_in.
	IntervalSeconds float64  `json:"interval_seconds"`
	LifetimeSeconds float64  `json:"lifetime_seconds,omitempty"`
	Moments         []Moment `json:"moments"` // in the order they began
}

// Moment is something that happened in a flow: a request and its answer, or a
// decision of the person. Times are milliseconds from the start of the run.
type Moment struct {
	Kind       MomentKind `json:"kind"`
	AtMS       float64    `json:"at_ms"`
	DurationMS float64    `json:"duration_ms"`
	Step       string     `json:"step,omitempty"`     // what the scenario calls it
	Exchange   string     `json:"exchange,omitempty"` // its id
	Status     int        `json:"status,omitempty"`   // 0 when nothing came back
	Error      string     `json:"error,omitempty"`    // the OAuth error code
	Tokens     bool       `json:"tokens,omitempty"`   // the answer handed out tokens
	// Early is set on a poll that was sent before the interval in force had passed;
	// IntervalSeconds is the one in force after this moment.
	Early           bool    `json:"early,omitempty"`
	IntervalSeconds float64 `json:"interval_seconds"`
	Decision        string  `json:"decision,omitempty"` // approve, deny or enter
	Outcome         string  `json:"outcome,omitempty"`  // of the decision
}

// MomentKind tells what a moment is.
type MomentKind string

const (
	MomentStart    MomentKind = "start"    // the device authorization request
	MomentPoll     MomentKind = "poll"     // a token request
	MomentDecision MomentKind = "decision" // of the person
	MomentOther    MomentKind = "other"    // any other request
)

// Answer is what came of a moment in a word or two: slow_down, token, 200.
func (m Moment) Answer() string {
	switch {
	case m.Kind == MomentDecision:
		return strings.TrimSpace(m.Decision + " " + m.Outcome)
	case m.Tokens:
		return "token"
	case m.Error != "":
		return m.Error
	case m.Status == 0:
		return "no answer"
	}
	return fmt.Sprint(m.Status)
}

// Sentence tells a moment to somebody who does not see the drawing.
func (m Moment) Sentence(from float64) string {
	text := figure((m.AtMS-from)/1000) + " s: "
	switch m.Kind {
	case MomentStart:
		text += "device authorization request"
	case MomentPoll:
		text += "poll"
	case MomentDecision:
		text += "the person is asked"
	case MomentOther:
		text += "another request"
	default:
		text += string(m.Kind)
	}
	if m.Early {
		text += ", too early"
	}
	text += after(" to ", m.Decision) + after(": ", m.Outcome)
	if m.Kind != MomentDecision {
		text += ", answered " + m.Answer()
		if m.Status != 0 && m.Answer() != fmt.Sprint(m.Status) {
			text += fmt.Sprintf(" (%d)", m.Status)
		}
	}
	if m.Kind == MomentStart || m.Error == spec.ErrSlowDown {
		text += fmt.Sprintf("; the interval is %g s from here", m.IntervalSeconds)
	}
	return text + bracketed(m.Step)
}
