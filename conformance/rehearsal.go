package conformance

import (
	"context"
	"fmt"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/spec"
)

// A Rehearsal is one device of dfcheck's own, with which an approver is tried.
type Rehearsal struct {
	Verification approve.Verification
	session      *session
	flow         *Flow
}

// Rehearse starts a device at the target, whose contract is chosen. Its errors
// are those of Prepare.
func Rehearse(ctx context.Context, t *Target) (*Rehearsal, error) {
	s := newSession(t, Options{}.withDefaults())
	if err := s.preflight(ctx); err != nil {
		return nil, err
	}
	f := (&Scene{session: s, scenario: rehearsalScenario}).Start(ctx)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if !f.OK() {
		return nil, s.refused(f.Begun)
	}
	return &Rehearsal{f.verification(Ask{}), s, f}, nil
}

var rehearsalScenario = &Scenario{Name: "rehearsal", Lane: LaneFirst, Cost: fixed(2, 1)}

// Ends waits for the interval, polls once and tells what the device got. The
// error says that this is not what follows from the decision.
func (r *Rehearsal) Ends(ctx context.Context, d approve.Decision) (string, error) {
	x := r.flow.PollDue(ctx)
	if x == nil {
		return "", context.Cause(ctx)
	}
	got := describe(x)
	if d == approve.Approve && !x.HasTokens() || d == approve.Deny && x.ErrorCode() != spec.ErrAccessDenied {
		return got, fmt.Errorf("the approver has finished, and the next poll got %s", got)
	}
	return got, nil
}

// Close ends the connections.
func (r *Rehearsal) Close() { r.session.client.CloseIdleConnections() }
