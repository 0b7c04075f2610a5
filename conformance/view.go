package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/dfcheck/dfcheck/conformance/approve"
)

// A FlowLook is a device whose pages are looked at, by what way, and the move at its
// decision.
type FlowLook struct {
	Flow *Flow
	Way  approve.Way
	Move approve.Move
}

// A Viewing is what a person saw on the way to one decision, as it is recorded.
type Viewing struct {
	approve.View
	Problem string `json:"problem,omitempty"` // why the way ended early
	Refused bool   `json:"refused,omitempty"` // by the server
}

// View has a person look at devices, one after the other in one session, and records what
// they saw. It returns how many decisions were come to.
func (s *ScenarioRun) View(ctx context.Context, looks ...FlowLook) (reached int) {
	viewer, can := s.target.Approver.(approve.Viewer)
	if !can || !s.MayAsk() {
		return 0
	}
	var asked []approve.Look
	for _, l := range looks {
		if !l.Flow.OK() || l.Flow.overtaken(0) {
			return 0
		}
		asked = append(asked, approve.Look{Verification: l.Flow.verification(DecisionOptions{Way: l.Way}), Move: l.Move})
	}
	begun := s.now()
	views := viewer.View(ctx, asked...)
	s.held(s.now() - begun)
	for i, v := range views {
		if ctx.Err() != nil || i >= len(looks) || looks[i].Flow.overtaken(0) {
			return reached
		}
		seen := Viewing{View: v, Refused: errors.Is(v.Err, approve.ErrRefused)}
		if v.Err != nil {
			seen.Problem = s.secrets.Text(v.Err.Error())
		} else {
			reached++
		}
		detail, _ := json.Marshal(seen) // plain data
		s.Event(EventView, looks[i].Flow.ID, string(detail))
	}
	return reached
}

// Viewings are what was seen of a flow, in the order of the looks.
func (e *Evidence) Viewings(s *Scenario, flow string) (out []Viewing) {
	e.may(s)
	for _, ev := range e.events[s.Name] {
		if ev.Kind != EventView || ev.Flow != flow {
			continue
		}
		var v Viewing
		if json.Unmarshal([]byte(ev.Detail), &v) == nil {
			out = append(out, v)
		}
	}
	return out
}

// Between are the pages between the code and the decision: those that came when the code
// had reached the server, or the last one where it is sent with the decision.
func (v Viewing) Between() []approve.Sight {
	out := slices.DeleteFunc(slices.Clone(v.Pages), func(p approve.Sight) bool { return !p.After })
	if len(out) == 0 && len(v.Pages) > 0 {
		out = v.Pages[len(v.Pages)-1:]
	}
	return out
}
