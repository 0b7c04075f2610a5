package conformance

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// A Scenario is what is done to the server for one or several checks, with
// its own device codes. It records and never judges; where it must choose a
// way, it asks the judge's own predicates and leaves an event (rule C21).
type Scenario struct {
	Name  string
	Lane  Lane
	Needs []Capability // without one of these it is not run
	// After is a scenario of no later lane that leaves its codes to this one, which
	// takes them as they come. Whoever reads this one reads that one before it.
	After *Scenario
	// Race scenarios send so much that they ask for Room first.
	Race bool
	// Sample scenarios start codes in a row, whose order is looked at.
	Sample bool
	// Cost tells the plan what a run takes of the target and of the clock, at most.
	Cost func(Timing) Cost
	// Starts are those of Cost where their number follows from the contract, or from
	// what the target can; nil: it does not.
	Starts func(*Facts) int
	// Decisions tells the plan how often the approver is asked, at most; nil is
	// once where the scenario needs an approver, and never elsewhere.
	Decisions func(*Facts) int
	AsksLate  bool  // long after the start: the person's turn begins with the decision
	Spared    bool  // a person decides on it after everything else, if at all
	Words     Words // of its own steps; those that several scenarios have stand in asked.go
	Run       func(ctx context.Context, s *ScenarioRun)
}

// DecisionCount is the number of decisions of a scenario that always wants as many.
func DecisionCount(n int) func(*Facts) int { return func(*Facts) int { return n } }

// Cost of a scenario: requests (starts among them), and how long it waits.
type Cost struct {
	Requests, Starts int
	Wait             time.Duration
}

// CostOn is what the scenario takes of a target, at most.
func (s *Scenario) CostOn(f *Facts) Cost {
	c := s.Cost(f.Timing)
	if s.Starts != nil {
		n := s.Starts(f)
		c.Requests, c.Starts = c.Requests+n-c.Starts, n
	}
	return c
}

// FixedCost is the cost of a scenario that waits for nothing.
func FixedCost(requests, starts int) func(Timing) Cost {
	return func(Timing) Cost { return Cost{Requests: requests, Starts: starts} }
}

// WaitingCost is the cost of a scenario that waits n intervals with their slack.
func WaitingCost(requests, starts, n int) func(Timing) Cost {
	return func(t Timing) Cost {
		return Cost{requests, starts, time.Duration(n) * (t.Interval + Slack)}
	}
}

// A Lane says when a scenario runs. Lanes that wait overlap, lanes that could
// colour another lane's answers do not.
type Lane int

const (
	LaneFirst     Lane = iota // discovery and gates, before anything else
	LanePace                  // which pace is served, where the announced interval is not
	LaneExpiry                // started next, harvested when the lifetime has passed (L2)
	LaneIsolation             // do devices of one client disturb each other?
	LaneInstant               // positives and negatives that wait for nothing (L0)
	LaneAlone                 // one after the other, with nothing beside it but LaneExpiry
	LaneInterval              // everything timed by the interval (L1)
	LaneApprove               // everything that needs a decision, beside LaneInterval (L3)
	LaneQuiet                 // one after the other, with nothing beside it: what a limit may have coloured
	LaneRisky                 // the same, for requests that are known to end servers
	LaneAbuse                 // limits and sizes, last and alone (L4)
	LaneRestart               // when everything else is over
)

// A ScenarioRun is a scenario that is running.
type ScenarioRun struct {
	*session
	scenario *Scenario
	serial   bool
	asking   asking
}

// Start begins a flow: one device authorization request.
func (s *ScenarioRun) Start(ctx context.Context, opts ...Option) *Flow {
	s.mu.Lock()
	s.flows++
	id := fmt.Sprintf("f%d", s.flows)
	s.starts++
	over := s.starts > s.opts.MaxStarts && s.scenario.Lane < LaneAbuse
	s.mu.Unlock()
	f := &Flow{ID: id, run: s}
	if over {
		s.Event(EventStopped, id, fmt.Sprintf("the run's %d device authorization requests are used up (--max-starts)",
			s.opts.MaxStarts))
		return f
	}
	c := Call{Op: OpStart, Step: "start", Method: http.MethodPost, URL: s.target.StartURL,
		Encoding: s.encoding(OpStart), Params: s.target.BaseStart(id), Client: &s.target.Client}
	f.Authorization = s.Send(ctx, c, append(opts, func(c *Call) { c.flow = f })...)
	if f.Authorization != nil {
		f.began()
	}
	return f
}

// Send carries out a call that the scenario made itself. It returns nil when
// the run has ended.
func (s *ScenarioRun) Send(ctx context.Context, c Call, opts ...Option) *Exchange {
	for _, o := range opts {
		o(&c)
	}
	c.crowd, c.words = s.scenario.Race, s.scenario.Words
	return s.send(ctx, s.scenario.Name, c)
}

// PollCode is a token request for any device code, outside every flow.
func (s *ScenarioRun) PollCode(ctx context.Context, deviceCode string, opts ...Option) *Exchange {
	return s.Send(ctx, Call{Op: OpToken, Step: "poll", Method: http.MethodPost, URL: s.target.TokenURL,
		Encoding: s.encoding(OpToken), Params: s.target.BasePoll(deviceCode), Client: &s.target.Client}, opts...)
}

// Decided lists what the approver was asked so far, in the whole run.
func (s *ScenarioRun) Decided() []Decided {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Decided
	for _, ev := range s.events {
		if ev.Kind == EventDecision {
			out = append(out, *ev.Decision)
		}
	}
	return out
}

// Recorded lists what the run has sent to an operation so far.
func (s *ScenarioRun) Recorded(op Operation) []*Exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.all), func(x *Exchange) bool { return x.Op != op })
}

// Authorizations is how many codes the run has asked for so far.
func (s *ScenarioRun) Authorizations() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.starts
}

// Target is the server under test.
func (s *ScenarioRun) Target() *Target { return s.target }

// hide names a secret that the scenario sends, so that the recording does not
// hold it.
func (s *ScenarioRun) hide(kind, secret string) { s.secrets.Sent(kind, secret) }

// Redacted is a text without the secrets of the run.
func (s *ScenarioRun) Redacted(text string) string { return s.secrets.Text(text) }

// Event leaves a note in the transcript.
func (s *ScenarioRun) Event(kind EventKind, flow, detail string) {
	s.event(Event{Scenario: s.scenario.Name, Flow: flow, Kind: kind, Detail: detail})
}

// Wait sleeps; false means the run has ended.
func (s *ScenarioRun) Wait(ctx context.Context, d time.Duration) bool {
	return s.wait(ctx, inScenario+s.scenario.Name, d)
}

// WaitUntil waits for a moment of the run, as Wait does.
func (s *ScenarioRun) WaitUntil(ctx context.Context, at time.Duration) bool {
	return s.Wait(ctx, at-s.now())
}

// Parallel runs the functions side by side, or one after the other when
// devices of one client were found to disturb each other (rule C14) or a person
// decides on them.
func (s *ScenarioRun) Parallel(fs ...func()) {
	if s.serial || s.hasTurn() {
		for _, f := range fs {
			f()
		}
		return
	}
	var wg sync.WaitGroup
	for _, f := range fs {
		wg.Go(f)
	}
	wg.Wait()
}

// Times runs f(0) … f(n-1) as Parallel does.
func (s *ScenarioRun) Times(n int, f func(i int)) {
	fs := make([]func(), n)
	for i := range fs {
		fs[i] = func() { f(i) }
	}
	s.Parallel(fs...)
}

// Burst reserves the pace for n requests that follow each other, so that none of
// them is held up by the rest of the run. f must send with the Unpaced option
// it is given.
func (s *ScenarioRun) Burst(ctx context.Context, n int, f func(unpaced Option)) {
	var last time.Duration
	for range n {
		last = max(last, s.pace.Reserve().Delay())
	}
	if Sleep(ctx, last) {
		f(func(c *Call) { c.Unpaced = true })
	}
}

// Operation is the one that the contract declares.
func (s *ScenarioRun) Operation(op Operation) *spec.Operation { return s.operation(op) }

// Encoding is the one that works for an operation, or the first declared.
func (s *ScenarioRun) Encoding(op Operation) spec.Encoding { return s.encoding(op) }

// Now is the time since the start of the run.
func (s *ScenarioRun) Now() time.Duration { return s.now() }

// Encodings that the contract declares for an operation.
func (s *ScenarioRun) Encodings(op Operation) []spec.Encoding { return s.operation(op).Encodings }

// Documented reports whether the documented API is checked, and not RFC 8628 with or
// without a user's document.
func (s *ScenarioRun) Documented() bool { return s.target.Documented() }

// An Option varies a call.
type Option func(*Call)

// Step names a request for the judge, within its scenario.
func Step(name string) Option { return func(c *Call) { c.Step = name } }

// In chooses the encoding.
func In(e spec.Encoding) Option { return func(c *Call) { c.Encoding = e } }

// With sets a parameter.
func With(name, value string) Option { return func(c *Call) { c.Params = c.Params.With(name, value) } }

// Without leaves parameters out.
func Without(names ...string) Option { return func(c *Call) { c.Params = c.Params.Without(names...) } }

// Sending replaces all parameters.
func Sending(p spec.Params) Option { return func(c *Call) { c.Params = p } }

// Provoked marks a request that no device would send: passive checks do not look at it.
func Provoked() Option { return func(c *Call) { c.Provoked = true } }

// Fresh sends on a connection of its own.
func Fresh() Option { return func(c *Call) { c.Fresh = true } }

// Kept sends on one connection that is kept open until done is called.
func (s *ScenarioRun) Kept() (kept Option, done func()) {
	client := s.target.HTTPClient()
	tr := client.Transport.(*http.Transport)
	tr.IdleConnTimeout, tr.MaxConnsPerHost = 0, 1
	return func(c *Call) { c.HTTP = client }, client.CloseIdleConnections
}

// Once sends nothing again, whatever a limiter or a proxy answers.
func Once() Option { return func(c *Call) { c.Once = true } }

// Labelled sends the body under another media type.
func Labelled(contentType string) Option { return func(c *Call) { c.ContentType = contentType } }

// Punctual sends at once, past the queue for the run's pace: for the few polls
// that must meet a moment, such as the last one before a code's end.
func Punctual() Option { return func(c *Call) { c.Unpaced = true } }

// Also appends parameters, names that are there already included.
func Also(p ...spec.Param) Option {
	return func(c *Call) { c.Params = append(slices.Clone(c.Params), p...) }
}

// Held sends a request when hold has returned, which is called when the connection
// is there and the request built.
func Held(hold func()) Option { return func(c *Call) { c.hold = hold } }

// Body sends these bytes under this media type instead of parameters.
func Body(contentType string, body []byte) Option {
	return func(c *Call) { c.ContentType, c.Raw, c.Params = contentType, body, nil }
}

// As speaks for another client, with its credentials. A request without client_id, of a
// document that has none, stays without.
func As(cl *Client) Option {
	return func(c *Call) {
		c.Client = cl
		if _, named := c.Params.Get("client_id"); named {
			c.Params = c.Params.With("client_id", cl.ID)
		}
	}
}

// Field sets a header field; no value leaves it out.
func Field(name string, values ...string) Option {
	return func(c *Call) {
		h := c.Header.Clone()
		if h == nil {
			h = http.Header{}
		}
		h[http.CanonicalHeaderKey(name)] = values
		c.Header = h
	}
}
