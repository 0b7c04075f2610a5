package conformance

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// Evidence is a judge's view of a transcript: exchanges by scenario, by flow
// and by kind, and the times that verdicts on pace rest on.
type Evidence struct {
	*Transcript
	*Facts
	Contract *spec.Contract

	checks     Checks // all that there are
	byScenario map[string][]*Exchange
	byFlow     map[string][]*Exchange
	events     map[string][]Event // by scenario
	gaps       map[string]gap     // by flow
	all        []*Exchange        // of the run, for statistics of the codes it issued
	issued     func() issued      // in the whole run; few checks ask
	told       map[string][]int   // the places in all of a scenario's exchanges
	races      map[string]bool    // scenarios
	gated      *gated             // what became of the gates
	named      []*Scenario        // what may be asked for by name; nil allows all
	reader     string             // the check that looks
	evictions  func() *evictions  // found when they are asked for
	redeeming  func() []*Exchange // token requests of the whole run that gave tokens
	lost       func() []*Exchange // those whose answers were lost
}

// NewEvidence is what the judges of all checks may see of a transcript. It fails
// where the transcript's contract cannot be loaded.
func NewEvidence(t *Transcript, all Checks) (*Evidence, error) {
	c, err := t.Contract()
	if err != nil {
		return nil, err
	}
	all.word(t.Exchanges)
	return newEvidence(t, c, all), nil
}

func newEvidence(t *Transcript, c *spec.Contract, all Checks) *Evidence {
	e := &Evidence{Transcript: t, Facts: &t.Header.Target, Contract: c, checks: all, events: map[string][]Event{},
		all: t.Exchanges, gaps: gapsOf(t.Events), told: map[string][]int{}, races: all.races(),
		gated:  &gated{failed: map[string]bool{}},
		issued: sync.OnceValue(func() issued { return issuedIn(t.Exchanges) })}
	e.index()
	for i, x := range t.Exchanges {
		e.told[x.Scenario] = append(e.told[x.Scenario], i)
	}
	e.evictions = sync.OnceValue(e.findEvictions)
	e.redeeming, e.lost = e.tokens((*Exchange).HasTokens), e.tokens((*Exchange).lostAnswer)
	for _, ev := range t.Events {
		if _, gap := e.gaps[ev.Flow]; gap {
			continue
		}
		e.events[ev.Scenario] = append(e.events[ev.Scenario], ev)
	}
	return e
}

// tokens looks for token requests of the whole run once, when somebody asks for them.
func (e *Evidence) tokens(keep func(*Exchange) bool) func() []*Exchange {
	return sync.OnceValue(func() []*Exchange {
		return slices.DeleteFunc(slices.Clone(e.all), func(x *Exchange) bool { return x.Op != OpToken || !keep(x) })
	})
}

func (e *Evidence) index() {
	e.byScenario, e.byFlow = map[string][]*Exchange{}, map[string][]*Exchange{}
	for _, x := range e.Exchanges {
		if g, gap := e.gaps[x.Flow]; !gap || g.scenario != x.Scenario {
			e.byScenario[x.Scenario] = append(e.byScenario[x.Scenario], x)
		}
		if x.Flow != "" {
			e.byFlow[x.Flow] = append(e.byFlow[x.Flow], x)
		}
	}
}

// of is what one check may see, so that its verdict is the same whatever else
// was selected: the scenarios it names and no others. A passive check sees the
// whole run as well, less what says nothing of ordinary answers: provoked
// exchanges of scenarios it does not name, and answers of infrastructure.
func (e *Evidence) of(c Check) *Evidence {
	view := *e
	view.named, view.reader = c.Scenarios(), c.ID
	t := *e.Transcript
	if c.Passive {
		t.Exchanges = slices.DeleteFunc(slices.Clone(t.Exchanges), func(x *Exchange) bool {
			return x.Infrastructure() || x.Superseded || x.Provoked && !x.In(view.named...)
		})
	} else {
		t.Exchanges = e.inOrder(view.named)
	}
	view.Transcript = &t
	view.index()
	return &view
}

// inOrder are the exchanges of some scenarios in the order of the recording.
func (e *Evidence) inOrder(scenarios []*Scenario) []*Exchange {
	var places []int
	for _, s := range scenarios {
		places = append(places, e.told[s.Name]...)
	}
	slices.Sort(places)
	var out []*Exchange
	for _, i := range slices.Compact(places) { // a scenario may be named twice
		out = append(out, e.Exchanges[i])
	}
	return out
}

// may stops a judge that looks into a scenario its check does not name.
func (e *Evidence) may(s *Scenario) {
	if e.named != nil && !slices.Contains(e.named, s) {
		panic(fmt.Sprintf("%s looks into the scenario %q, which it does not name", e.reader, s.Name))
	}
}

// Documented reports whether the documented API is checked.
func (e *Evidence) Documented() bool { return e.Contract.Family == spec.Documented }

// OwnDocument reports whether a user's document is, which adds to RFC 8628.
func (e *Evidence) OwnDocument() bool { return e.Contract.Family == spec.Document }

// Of returns a scenario's exchanges in the order they were recorded, less the
// superseded ones. With steps, only those.
func (e *Evidence) Of(s *Scenario, steps ...string) []*Exchange {
	e.may(s)
	return slices.DeleteFunc(slices.Clone(e.byScenario[s.Name]), func(x *Exchange) bool {
		return x.Superseded || len(steps) > 0 && !slices.Contains(steps, x.Step)
	})
}

// One returns the last exchange of a step, nil when it was not recorded.
func (e *Evidence) One(s *Scenario, step string) *Exchange {
	xs := e.Of(s, step)
	if len(xs) == 0 {
		return nil
	}
	return xs[len(xs)-1]
}

// FlowsOf lists the flows of a scenario in order of their start.
func (e *Evidence) FlowsOf(s *Scenario) []string {
	e.may(s)
	var out []string
	for _, x := range e.byScenario[s.Name] {
		if x.Flow != "" && !slices.Contains(out, x.Flow) {
			out = append(out, x.Flow)
		}
	}
	return out
}

// Flow returns the exchanges of one flow in the order they were answered.
func (e *Evidence) Flow(id string) []*Exchange {
	xs := slices.DeleteFunc(slices.Clone(e.byFlow[id]), func(x *Exchange) bool { return x.Superseded })
	slices.SortStableFunc(xs, func(a, b *Exchange) int { return int(a.Received - b.Received) })
	return xs
}

// Authorization returns the start of a flow, nil when it failed.
func (e *Evidence) Authorization(id string) *Exchange {
	for _, x := range e.byFlow[id] {
		if x.Op == OpStart && !x.Superseded {
			return x
		}
	}
	return nil
}

// Polls returns the token requests of a flow in the order they were answered;
// with steps, only those.
func (e *Evidence) Polls(id string, steps ...string) []*Exchange {
	return slices.DeleteFunc(e.Flow(id), func(x *Exchange) bool {
		return x.Op != OpToken || len(steps) > 0 && !slices.Contains(steps, x.Step)
	})
}

// AllDecisions returns what the approver was asked in the whole run, in order.
func (e *Evidence) AllDecisions() []Event {
	var out []Event
	for _, ev := range e.Events {
		if _, gap := e.gaps[ev.Flow]; !gap && ev.Kind == EventDecision {
			out = append(out, ev)
		}
	}
	return out
}

// Decisions returns what the approver was asked in a scenario, in order; with
// labels, only those.
func (e *Evidence) Decisions(s *Scenario, labels ...string) []Event {
	e.may(s)
	var out []Event
	for _, ev := range e.events[s.Name] {
		if ev.Kind == EventDecision && (len(labels) == 0 || slices.Contains(labels, ev.Decision.Label)) {
			out = append(out, ev)
		}
	}
	return out
}

// Decision returns the first decision on a flow under a label ("" for any).
func (e *Evidence) Decision(s *Scenario, flow, label string) (Event, bool) {
	for _, ev := range e.Decisions(s) {
		if ev.Flow == flow && (label == "" || ev.Decision.Label == label) {
			return ev, true
		}
	}
	return Event{}, false
}

// Noted returns the details of a scenario's events of one kind.
func (e *Evidence) Noted(s *Scenario, kind EventKind) []string {
	e.may(s)
	var out []string
	for _, ev := range e.events[s.Name] {
		if ev.Kind == kind {
			out = append(out, ev.Detail)
		}
	}
	return out
}

// Fact returns the value of a fact event "name=value" of a scenario.
func (e *Evidence) Fact(s *Scenario, name string) (string, bool) {
	for _, d := range e.Noted(s, EventFact) {
		if v, ok := strings.CutPrefix(d, name+"="); ok {
			return v, true
		}
	}
	return "", false
}

// AnnouncedInterval is the interval of a flow as the server announced it, or 5 s
// (RFC 8628 section 3.2).
func (e *Evidence) AnnouncedInterval(flow string) time.Duration {
	if b := e.Authorization(flow); b != nil {
		if n, ok := b.Number("interval"); ok {
			return pause(n)
		}
	}
	return spec.DefaultInterval * time.Second
}

// Pace is the interval that holds for a flow: announced, or the longer one that the
// server enforces.
func (e *Evidence) Pace(flow string) time.Duration {
	return e.Timing.Adapted.paced(e.AnnouncedInterval(flow))
}

// Interval is what the device had to keep before x was sent: its pace, and 5 s more for
// each slow_down answered before (rule C2).
func (e *Evidence) Interval(x *Exchange) time.Duration {
	slows := 0
	for _, y := range e.Polls(x.Flow) {
		if y != x && y.Received <= x.Sent && y.ErrorCode() == spec.ErrSlowDown {
			slows++
		}
	}
	return e.Pace(x.Flow) + e.Timing.Adapted.raised(slows)
}

// Waited is how long the device had waited when x was sent: from the receipt of
// the previous answer to the sending (rule C3). ok is false for a first poll.
func (e *Evidence) Waited(x *Exchange) (d time.Duration, ok bool) {
	for _, y := range e.Polls(x.Flow) {
		if y != x && y.Received <= x.Sent {
			d, ok = x.Sent-y.Received, true
		}
	}
	return d, ok
}

// TooFast reports whether a poll was too fast wherever the server takes the time:
// the previous one was sent less than an interval before this one was answered
// (rule C3).
func (e *Evidence) TooFast(x *Exchange) bool {
	return slices.ContainsFunc(e.Polls(x.Flow), func(y *Exchange) bool {
		return y != x && y.Received <= x.Sent && x.Received-y.Sent < e.Pace(x.Flow)
	})
}

// Earliest and Latest bound the end of a flow's lifetime (rule C12).
func (e *Evidence) Earliest(flow string) time.Duration {
	if b := e.Authorization(flow); b != nil {
		return b.Sent + lifetime(b)
	}
	return 0
}

func (e *Evidence) Latest(flow string) time.Duration {
	if b := e.Authorization(flow); b != nil {
		return b.Received + lifetime(b)
	}
	return 0
}

// lifetime is what the answer to a start announces.
func lifetime(start *Exchange) time.Duration {
	n, _ := start.Number("expires_in")
	return span(n)
}

// Alive reports whether x was answered safely inside its code's lifetime
// (rule C16): only then may a missing pending answer be held against anybody.
func (e *Evidence) Alive(x *Exchange) bool {
	return x.Received < e.Earliest(x.Flow)-e.Timing.Tolerance()
}

// ended reports whether the lifetime of a poll's code may have been over, or nearly
// so, when it was answered with the end of the flow: on a slow machine any poll can
// come that late. Codes without a lifetime do not end.
func (e *Evidence) ended(x *Exchange) bool {
	if e == nil || x.Op != OpToken || !IsTerminal(x) {
		return false
	}
	start := e.startOf(x)
	if start == nil {
		return false
	}
	_, lives := start.Number("expires_in")
	return lives && x.Received >= start.Sent+lifetime(start)-e.Timing.Tolerance()
}

// startOf returns the start that gave the code of a poll, of its flow or of no flow;
// nil when there is none.
func (e *Evidence) startOf(x *Exchange) *Exchange {
	if x.Flow != "" {
		return e.Authorization(x.Flow)
	}
	code, _ := x.Request.Params.Get("device_code")
	for _, y := range e.all {
		if code != "" && y.Op == OpStart && y.Flow != "" && !y.Superseded && y.Text("device_code") == code {
			return y
		}
	}
	return nil
}

// JustEnded reports whether a poll was answered so soon after the end of its code that
// the server should still know what became of it (ruling R4).
func (e *Evidence) JustEnded(x *Exchange) bool {
	return x.Received < e.Latest(x.Flow)+e.Timing.Tolerance()+e.Timing.Interval+Slack
}

// Starts are the ordinary successful device authorization responses of the run.
func (e *Evidence) Starts() []*Exchange {
	return e.ordinary(OpStart, func(x *Exchange) bool { return x.Class() == 2 && x.Object() != nil })
}

// TokenAnswers are the ordinary successful answers of the device grant.
func (e *Evidence) TokenAnswers() []*Exchange {
	return e.ordinary(OpToken, func(x *Exchange) bool {
		grant, _ := x.Request.Params.Get("grant_type")
		return x.Class() == 2 && x.HasTokens() && grant != spec.GrantRefreshToken
	})
}

func (e *Evidence) ordinary(op Operation, keep func(*Exchange) bool) []*Exchange {
	var out []*Exchange
	for _, x := range e.Exchanges {
		if x.Op == op && !x.Provoked && !x.Superseded && x.Response != nil && keep(x) {
			out = append(out, x)
		}
	}
	return out
}

// EndOfLife is the earliest moment at which the grant of a start may have ended: its
// lifetime, or the answer that ended it.
func (e *Evidence) EndOfLife(start *Exchange) time.Duration {
	end := e.Earliest(start.Flow)
	for _, x := range e.Polls(start.Flow) {
		if x.HasTokens() || IsTerminal(x) {
			end = min(end, x.Sent)
		}
	}
	return end
}

// Raced reports whether an exchange is one of a race.
func (e *Evidence) Raced(x *Exchange) bool { return e.races[x.Scenario] }

// In reports whether an exchange belongs to one of some scenarios.
func (x *Exchange) In(scenarios ...*Scenario) bool {
	return slices.ContainsFunc(scenarios, func(s *Scenario) bool { return x.Scenario == s.Name })
}
