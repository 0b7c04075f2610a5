package conformance

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// A PreflightError says that nothing can be tested, why, and what to change.
type PreflightError struct {
	Problem  string
	Hint     string
	See      Symptom
	Exchange *Exchange   // what shows the problem best
	Tried    []*Exchange // everything that was sent
	// Incomplete says that what is missing is for the configuration to name.
	Incomplete bool
}

// DoctorHint is the Hint where nothing is known but what came.
const DoctorHint = "`dfcheck doctor` shows the request and the answer"

// HTMLHint is the Hint where a page for people answers.
const HTMLHint = "the answer is an HTML page: is --host the authorization server itself, and is the path right?"

func (e *PreflightError) Error() string { return e.Problem }

// A Symptom is what a user meets where nothing can be tested: a heading of
// TROUBLESHOOTING.md, as links to it are spelled.
type Symptom string

// The symptoms that errors name.
const (
	NothingListens   Symptom = "nothing-listens-there"
	UnknownName      Symptom = "the-name-does-not-resolve"
	BadCertificate   Symptom = "the-certificate-does-not-verify"
	SpeaksHTTPS      Symptom = "the-server-speaks-https"
	SpeaksHTTP       Symptom = "the-server-speaks-plain-http"
	NoAnswer         Symptom = "no-answer-comes"
	AnswersHTML      Symptom = "the-answer-is-an-html-page"
	NoDeviceFlow     Symptom = "no-device-flow-was-found"
	HalfFound        Symptom = "only-one-endpoint-was-found"
	WantsCertificate Symptom = "the-endpoint-wants-a-client-certificate"
	OnAnotherHost    Symptom = "the-device-flow-is-on-another-host"
	WrongPath        Symptom = "nothing-answers-at-the-path"
	ClientRefused    Symptom = "the-client-is-refused"
	PKCERefused      Symptom = "the-server-demands-pkce-and-refuses-it"
	ScopeRefused     Symptom = "the-scope-is-refused"
	NoCode           Symptom = "no-code-comes"
	ApproverFails    Symptom = "the-approver-does-not-work"
	SignInFails      Symptom = "the-approver-cannot-sign-in"
)

// URL is where the symptom is explained.
func (s Symptom) URL() string {
	return "https://github.com/dfcheck/dfcheck/blob/main/conformance/TROUBLESHOOTING.md#" + string(s)
}

// preflight finds out whether there is anything to test: one start in the first
// encoding that works. It stops a run only when no start gives an answer that
// can be read; every other defect is for the checks to report.
func (s *session) preflight(ctx context.Context) error {
	scene := &ScenarioRun{session: s, scenario: preflightScenario}
	s.target.Timing = Timing{Interval: spec.DefaultInterval * time.Second, Documented: s.target.Documented(),
		Encodings: len(s.target.Contract.Token.Encodings), Refresh: s.target.Contract.Refreshes()}
	var last *Exchange
	for _, enc := range s.tried(OpStart) {
		f := scene.Start(ctx, In(enc), Step("preflight"))
		if ctx.Err() == nil && s.target.verifiers == nil && demandsPKCE(f.Authorization) {
			s.target.UsePKCE()
			s.target.PKCEDemanded = true
			f = scene.Start(ctx, In(enc), Step("preflight"))
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		x := f.Authorization
		if x.Response == nil {
			p := &PreflightError{Problem: "cannot reach " + s.target.StartURL + ": " + x.Error, Exchange: x, Tried: s.tries()}
			p.Hint, p.See = ReachHint(x.Error)
			return p
		}
		if last == nil {
			last = x // what the contract's own encoding got explains a refusal best
		}
		if f.OK() {
			s.works(OpStart, enc)
			s.announce(f)
			s.probeToken(ctx, scene, f)
			return nil
		}
	}
	if MissingPath(last) && s.tokenAnswers(ctx, scene) {
		return nil // the path is one check's business, not the end of the run
	}
	return s.refused(last)
}

// MissingPath is the predicate of DF-DISC-001: nothing answers there.
func MissingPath(x *Exchange) bool {
	return x.Class() == 3 || slices.Contains([]int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone},
		x.Status())
}

func (s *session) tokenAnswers(ctx context.Context, scene *ScenarioRun) bool {
	x := scene.PollCode(ctx, RandomCode(40), Step("preflight"), Provoked())
	return x != nil && x.Response != nil && !MissingPath(x)
}

// tries lists what was sent since somebody looked for the device flow.
func (s *session) tries() []*Exchange {
	var looked []*Exchange
	if s.target.Look != nil {
		looked = slices.Clone(s.target.Look.Tried)
	}
	return append(looked, s.transcript().Exchanges...)
}

// preflightScenario costs one more of each where PKCE is demanded.
var preflightScenario = &Scenario{Name: "preflight", Lane: LaneFirst, Cost: FixedCost(2, 1),
	Words: Words{"preflight": ""}}

// announce keeps what the start says of times.
func (s *session) announce(f *Flow) {
	s.first = f
	t := &s.target.Timing
	t.HasInterval = f.Codes.HasInterval
	t.Interval = f.Interval()
	t.Lifetime = span(f.Codes.ExpiresIn)
	t.RTT = f.Authorization.Received - f.Authorization.Sent
}

// probeToken finds the encoding in which the token endpoint can be spoken to:
// the first whose answer about a real code is not a complaint about the form.
func (s *session) probeToken(ctx context.Context, scene *ScenarioRun, f *Flow) {
	encs := s.tried(OpToken)
	for _, enc := range encs {
		x := f.Poll(ctx, In(enc), Step("preflight"))
		if x == nil {
			return
		}
		if code := x.ErrorCode(); x.StillPending() || code == spec.ErrInvalidGrant || code == spec.ErrExpiredToken ||
			code == spec.ErrAccessDenied {
			s.works(OpToken, enc)
			return
		}
	}
	s.works(OpToken, encs[0])
}

// tried are the contract's encodings and then the others, so that an endpoint
// that takes only another one fails that one check and is then spoken to in a
// way it understands (rules C13, C20).
func (s *session) tried(op Operation) []spec.Encoding {
	encs := slices.Clone(s.operation(op).Encodings)
	for _, enc := range spec.Encodings() {
		if !slices.Contains(encs, enc) {
			encs = append(encs, enc)
		}
	}
	return encs
}

func (s *session) works(op Operation, e spec.Encoding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.working[op] = e
}

// refused explains a start that gave no codes. Only when even the endpoint's
// existence is in doubt, or the client is refused, is there nothing to test.
func (s *session) refused(x *Exchange) error {
	code := x.ErrorCode()
	p := &PreflightError{Problem: fmt.Sprintf("the device authorization request to %s got no code: %s", s.target.StartURL,
		Describe(x)), Exchange: x, Tried: s.tries()}
	switch {
	case WantsHTTPS(x):
		p.Hint, p.See = HTTPSHint(s.target.Host), SpeaksHTTPS
	case MissingPath(x):
		p.Hint, p.See = "name the endpoints (--device-authorization-endpoint, --token-endpoint) or the contract (--spec)",
			WrongPath
	case slices.ContainsFunc(p.Tried, refusesClient):
		p.Hint = fmt.Sprintf("client %q is refused: register it for the device grant, or name another with --client-id",
			s.target.Client.ID)
		p.See = ClientRefused
	case demandsPKCE(x):
		p.Hint, p.See = "the server demands PKCE at the start; a code_challenge by S256 was sent, and it refuses that too",
			PKCERefused
	case code == spec.ErrInvalidScope:
		p.Hint, p.See = "name a scope that the server knows with --scope", ScopeRefused
	case strings.HasPrefix(x.MediaType(), "text/html"):
		p.Hint, p.See = HTMLHint, AnswersHTML
	default:
		p.Hint, p.See = DoctorHint, NoCode
	}
	return p
}

// refusesClient reports whether the client is what an answer finds fault with; a
// server may say so in one encoding and stumble over it in another.
func refusesClient(x *Exchange) bool {
	code := x.ErrorCode()
	return x.Op == OpStart && (code == spec.ErrInvalidClient || code == spec.ErrUnauthorizedClient ||
		x.Status() == http.StatusUnauthorized)
}
