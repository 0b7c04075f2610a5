package conformance

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// An approver that takes its time is never held against the server. Where a code
// ended before its decision, or before what was to follow it, nothing more is
// sent, and judges do not see the flow: what rests on it stays undecided.

// held adds to the time that the approver has taken in this scene.
func (s *ScenarioRun) held(d time.Duration) {
	s.asking.mu.Lock()
	defer s.asking.mu.Unlock()
	s.asking.took += d
	s.session.mu.Lock()
	defer s.session.mu.Unlock()
	s.session.deciding += d
}

// overtaken reports whether the flow's code ends, or is about to, within d because
// the approver took so long for a device of its scene. That is noted once.
func (f *Flow) overtaken(d time.Duration) bool {
	s := f.run
	s.asking.mu.Lock()
	took := s.asking.took
	s.asking.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	tolerance := s.target.Timing.Tolerance()
	if f.ended || took <= tolerance || f.Codes.ExpiresIn <= 0 || s.now()+d < f.Earliest()-tolerance {
		return false
	}
	if !f.late {
		f.late = true
		s.Event(EventLate, f.ID, f.lateness(took))
	}
	return true
}

func (f *Flow) lateness(took time.Duration) string {
	who := "the approver"
	if f.run.target.person() != nil {
		who = "the person"
	}
	return fmt.Sprintf("too late: %s took %s to decide, and the code, which expires after %d s, had ended or was about to",
		who, Seconds(took), f.Codes.ExpiresIn)
}

// A gap is a flow that tells nothing of the server, because of the approver.
type gap struct {
	scenario string
	obstacle // to what rests on the flow
}

// gapsOf finds the flows that were decided too late or not at all.
func gapsOf(events []Event) map[string]gap {
	gaps := map[string]gap{}
	for _, ev := range events {
		switch {
		case ev.Kind == EventLate:
			gaps[ev.Flow] = gap{ev.Scenario, obstacle{verdict: reports.Inconclusive, reason: ev.Detail}}
		case ev.Kind != EventDecision:
		case ev.Decision.Outcome == Skipped:
			gaps[ev.Flow] = gap{ev.Scenario, obstacle{verdict: reports.Inconclusive, reason: ev.Detail}}
		case ev.Decision.Outcome == Stopped:
			gaps[ev.Flow] = gap{ev.Scenario, lacking(Lack{Needs: []Capability{needAnswers}, Because: ev.Detail})}
		}
	}
	return gaps
}

// undecided is what keeps a check from being decided as a whole: flows that it rests
// on are missing. What the others showed against the server stands.
func (e *Evidence) undecided(c Check) (o obstacle) {
	for _, s := range c.Reads {
		for _, ev := range e.Events { // in order, so that the first is told
			g, ok := e.gaps[ev.Flow]
			if ok && g.scenario == s.Name &&
				(o.verdict == "" || g.verdict == reports.Inconclusive && o.verdict != reports.Inconclusive) {
				o = g.obstacle
			}
		}
	}
	return o
}

// outcomeOf reads an approver's error (see approve.Approver).
func outcomeOf(err error) Outcome {
	switch {
	case err == nil:
		return Accepted
	case errors.Is(err, approve.ErrRefused):
		return Refused
	case errors.Is(err, approve.ErrUnsupported):
		return Unsupported
	case errors.Is(err, approve.ErrSkipped):
		return Skipped
	case errors.Is(err, approve.ErrStopped):
		return Stopped
	}
	return Broken
}

// failedBy is the status of the server's own error that ended a question, 0 for none:
// what comes from in front of the server says nothing of it (rule C11).
func failedBy(err error) int {
	failed, ok := errors.AsType[*approve.ServerError](err)
	if !ok || failed.Status/100 != 5 || ofInfrastructure(failed.Status) {
		return 0
	}
	return failed.Status
}

// answerTo is how the server refused the decision, "" where the approver does not
// tell. Secrets are taken out, and so is the typed code, so that answers to different
// codes can be compared.
func (s *session) answerTo(v approve.Verification, err error) string {
	refused, ok := errors.AsType[*approve.RefusedError](err)
	if !ok {
		return ""
	}
	answer := s.secrets.Text(refused.Answer)
	for _, form := range []string{v.Typed(), spec.NormalUserCode(v.Typed())} {
		if form != "" {
			answer = strings.ReplaceAll(answer, form, "…")
		}
	}
	return answer
}

// A ApproverTrial is one device of dfcheck's own, with which an approver is tried.
type ApproverTrial struct {
	Verification approve.Verification
	session      *session
	flow         *Flow
}

// TryApprover starts a device at the target, whose contract is chosen. Its errors
// are those of Prepare.
func TryApprover(ctx context.Context, t *Target) (*ApproverTrial, error) {
	s := newSession(t, Options{}.withDefaults())
	if err := s.preflight(ctx); err != nil {
		return nil, err
	}
	f := (&ScenarioRun{session: s, scenario: rehearsalScenario}).Start(ctx)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if !f.OK() {
		return nil, s.refused(f.Authorization)
	}
	return &ApproverTrial{f.verification(DecisionOptions{}), s, f}, nil
}

var rehearsalScenario = &Scenario{Name: "rehearsal", Lane: LaneFirst, Cost: FixedCost(2, 1)}

// Ends polls at the interval until the device hears of the decision, and tells what
// it got. The error says that this is not what follows from the decision; how a
// denial is worded is for the checks.
func (r *ApproverTrial) Ends(ctx context.Context, d approve.Decision) (string, error) {
	var x *Exchange
	polls := 0
	for polls < trialPolls && (x == nil || x.StillPending()) && r.flow.WithinLifetime(r.flow.Interval()) {
		if x = r.flow.PollDue(ctx); x == nil {
			return "", context.Cause(ctx)
		}
		polls++
	}
	got := Describe(x)
	switch {
	case x == nil:
		return got, errors.New("the code had ended, or was about to, before the device could poll")
	case d == approve.Approve && !x.HasTokens(), d == approve.Deny && !IsTerminal(x):
		after := "the next poll"
		if polls > 1 {
			after = fmt.Sprintf("after %d polls the device still", polls)
		}
		return got, fmt.Errorf("the approver has finished, and %s got %s", after, got)
	}
	return got, nil
}

// trialPolls is how often a device polls for a decision that the approver has made:
// parts of a server may hear of it a little later.
const trialPolls = 4

// Close ends the connections.
func (r *ApproverTrial) Close() { r.session.client.CloseIdleConnections() }

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
	// Leaks are the addresses on the way with a secret in them, by its pseudonym. All else
	// that their parameters hold is left out.
	Leaks []string `json:"leaks,omitempty"`
}

var (
	addressValue = regexp.MustCompile(`=[^&;?#]*`)
	pseudonym    = regexp.MustCompile(`[a-z_]+:[0-9a-f]{6,}`)
)

// leaks are those of addresses.
func (s *session) leaks(addresses []string) (out []string) {
	for _, a := range addresses {
		told := s.secrets.URL(a)
		if told == a || !pseudonym.MatchString(told) {
			continue
		}
		told = addressValue.ReplaceAllStringFunc(told, func(value string) string {
			return "=" + cmp.Or(strings.Join(pseudonym.FindAllString(value, -1), "…"), "…")
		})
		out = append(out, Truncate(told, maxAddress))
	}
	return out
}

// maxAddress is how much of an address is kept, in bytes.
const maxAddress = 2 << 10

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
		seen := Viewing{View: v, Refused: errors.Is(v.Err, approve.ErrRefused), Leaks: s.leaks(v.Addresses)}
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
			v.Pages = slices.DeleteFunc(v.Pages, func(p approve.Sight) bool { return ofInfrastructure(p.Status) })
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
