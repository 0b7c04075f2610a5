package conformance

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"regexp"
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
			if x := s.probeToken(ctx, scene, f); x != nil && refusesClient(x) && s.target.lacksCredentials() {
				return &PreflightError{Problem: fmt.Sprintf("the device authorization request got a code, and the poll at %s "+
					"was refused: %s", s.target.TokenURL, Describe(x)), Hint: clientHint(s.target), See: ClientRefused,
					Exchange: x, Tried: s.tries()}
			}
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
// the first whose answer about a real code is not a complaint about the form. It
// returns what the first was answered.
func (s *session) probeToken(ctx context.Context, scene *ScenarioRun, f *Flow) (first *Exchange) {
	encs := s.tried(OpToken)
	for _, enc := range encs {
		x := f.Poll(ctx, In(enc), Step("preflight"))
		if x == nil {
			return first
		}
		first = cmp.Or(first, x)
		if speaksOfCode(x) {
			s.works(OpToken, enc)
			return first
		}
	}
	s.works(OpToken, encs[0])
	return first
}

// speaksOfCode reports whether a poll was answered with what became of the code, whatever
// its status is: whoever gets to hear that was not refused.
func speaksOfCode(x *Exchange) bool {
	code := x.ErrorCode()
	return x.StillPending() || code == spec.ErrInvalidGrant || code == spec.ErrExpiredToken || code == spec.ErrAccessDenied
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
	p := &PreflightError{Problem: fmt.Sprintf("the device authorization request to %s got no code: %s", s.target.StartURL,
		Describe(x)), Exchange: x, Tried: s.tries()}
	switch {
	case WantsHTTPS(x):
		p.Hint, p.See = HTTPSHint(s.target.Host), SpeaksHTTPS
	case MissingPath(x):
		p.Hint, p.See = "name the endpoints (--device-authorization-endpoint, --token-endpoint) or the contract (--spec)",
			WrongPath
	case WantsScope(x): // whatever another encoding of the request got: a body that is not read names no client
		p.Hint, p.See = "name a scope that the server knows with --scope"+
			named("; its metadata lists ", s.target.scopeListed()), ScopeRefused
	case slices.ContainsFunc(p.Tried, refusesClient):
		p.Hint, p.See = clientHint(s.target), ClientRefused
	case demandsPKCE(x):
		p.Hint, p.See = "the server demands PKCE at the start; a code_challenge by S256 was sent, and it refuses that too",
			PKCERefused
	case strings.HasPrefix(x.MediaType(), "text/html"):
		p.Hint, p.See = HTMLHint, AnswersHTML
	default:
		p.Hint, p.See = DoctorHint, NoCode
	}
	return p
}

// A server that refuses a client often wants a secret of it that nobody has configured.
// Its metadata tells how clients authenticate (RFC 8414 section 2), and what is missing
// in dfcheck.yaml is told in the keys of that file.

// authMethods are the registered names of the methods that dfcheck speaks (RFC 7591
// section 2), and what auth: calls them; the one that servers have to know comes first.
var authMethods = [][2]string{{"client_secret_basic", "basic"}, {"client_secret_post", "post"},
	{AuthAssertion, AuthAssertion}, {AuthCertificate, AuthCertificate},
	{AuthSelfSigned, AuthSelfSigned}}

// publicClient is the registered name for not authenticating.
const publicClient = "none"

// methodName is what the name of a method looks like. Metadata may hold anything.
var methodName = regexp.MustCompile(`^[a-z0-9_]{1,40}$`)

// AuthMethods are those of a metadata document, nil where it does not say.
func AuthMethods(metadata map[string]any) []string {
	var out []string
	list, _ := metadata["token_endpoint_auth_methods_supported"].([]any)
	for _, m := range list {
		if name, ok := m.(string); ok && methodName.MatchString(name) && !slices.Contains(out, name) && len(out) < 8 {
			out = append(out, name)
		}
	}
	return out
}

// methods are how the server's metadata lets clients authenticate, nil where nobody knows,
// and what auth: calls those that dfcheck speaks.
func (t *Target) methods() (registered, auth []string) {
	if t.Look == nil {
		return nil, nil
	}
	for _, m := range authMethods {
		if slices.Contains(t.Look.AuthMethods, m[0]) {
			auth = append(auth, m[1])
		}
	}
	return t.Look.AuthMethods, auth
}

// lacksCredentials reports whether the client does not authenticate at a server whose
// metadata says that all clients do.
func (t *Target) lacksCredentials() bool {
	methods, _ := t.methods()
	return t.Client.Auth == "none" && len(methods) > 0 && !slices.Contains(methods, publicClient)
}

// keysOfClient is what to write for a client that authenticates.
func (t *Target) keysOfClient() string {
	auth := authMethods[0][1]
	if _, spoken := t.methods(); len(spoken) > 0 {
		auth = spoken[0]
	}
	if auth == AuthAssertion {
		return fmt.Sprintf("client: {id: %s, auth: %s, key: FILE} in dfcheck.yaml, or --client-key FILE, with the client's "+
			"private key in the file", t.Client.ID, auth)
	}
	if ByCertificate(auth) {
		return fmt.Sprintf("client: {id: %s, cert: FILE, key: FILE} in dfcheck.yaml, or --client-cert FILE --client-key "+
			"FILE, with the client's certificate and its private key in the files", t.Client.ID)
	}
	return fmt.Sprintf("client: {id: %s, secret_env: CLIENT_SECRET, auth: %s} in dfcheck.yaml, or --client-secret-env "+
		"CLIENT_SECRET --client-auth %s, with the secret in the environment variable CLIENT_SECRET", t.Client.ID, auth, auth)
}

// keyAsWell is what to write where a key is as good as a secret; "" where it is not.
func (t *Target) keyAsWell() string {
	if _, spoken := t.methods(); slices.Index(spoken, AuthAssertion) > 0 {
		return "; with a key, --client-key FILE"
	}
	return ""
}

// MissingCredentials says what to write where the client has no secret and the server's
// metadata takes none without; "" where nothing is missing.
func (t *Target) MissingCredentials() string {
	methods, spoken := t.methods()
	if !t.lacksCredentials() {
		return ""
	}
	takes := "the server's metadata takes only clients that authenticate, by " + strings.Join(methods, " or ")
	if len(spoken) == 0 {
		return takes + ", which dfcheck does not speak"
	}
	return takes + ": " + t.keysOfClient()
}

// clientHint says what to do where the server refuses the client.
func clientHint(t *Target) string {
	methods, spoken := t.methods()
	id, by := t.Client.ID, strings.Join(methods, " or ")
	switch {
	case t.Client.Auth == AuthAssertion:
		return t.assertionHint()
	case t.Client.Certificate != nil:
		return t.certificateHint()
	case t.Client.Auth != "none" && len(spoken) > 0 && !slices.Contains(spoken, t.Client.Auth):
		return fmt.Sprintf("client %q is refused with auth: %s, and the server's metadata takes %s: write auth: %s for it "+
			"in dfcheck.yaml, or --client-auth %s", id, t.Client.Auth, by, spoken[0], spoken[0])
	case t.Client.Auth != "none":
		return fmt.Sprintf("client %q is refused with auth: %s: is the secret that secret_env (--client-secret-env) names "+
			"the client's, and is the client registered for the device grant?", id, t.Client.Auth)
	case !t.lacksCredentials():
		return fmt.Sprintf("client %q is refused: register it for the device grant, or name another with --client-id; one "+
			"that authenticates needs %s", id, t.keysOfClient()+t.keyAsWell())
	case len(spoken) == 0:
		return fmt.Sprintf("client %q is refused, and the server's metadata takes only clients that authenticate by %s, "+
			"which dfcheck does not speak: register one with a secret, or a public one", id, by)
	}
	return fmt.Sprintf("client %q is refused, and the server's metadata takes only clients that authenticate, by %s: "+
		"write %s", id, by, t.keysOfClient())
}

// assertionHint says what to do where the server refuses a client with a key.
func (t *Target) assertionHint() string {
	c := &t.Client
	sent := t.Assertor(c).Audience
	hint := fmt.Sprintf("client %q is refused. Its assertion was for %s (aud)", c.ID, sent)
	if others := t.otherAudiences(sent); others != "" {
		hint += "; a server may want " + others + " there: client: {audience: URL} in dfcheck.yaml"
	}
	return hint + fmt.Sprintf(". The public key has to be registered (alg %s%s), and both clocks have to agree",
		c.Key.Algorithm, named(", kid ", c.Key.KeyID))
}

// certificateHint says what to do where the server refuses a client with its certificate.
func (t *Target) certificateHint() string {
	hint := fmt.Sprintf("client %q is refused with the certificate of %s. Is that registered for it, and is the client "+
		"registered for the device grant?", t.Client.ID, t.Shown())
	registered, _ := t.methods()
	if registered != nil && !slices.ContainsFunc(registered, ByCertificate) {
		hint += " The server's metadata lists no " + AuthCertificate + ", only " + strings.Join(registered, ", ")
	}
	return hint
}

func named(what, name string) string {
	if name == "" {
		return ""
	}
	return what + name
}

// otherAudiences are those that servers want beside the one that was sent.
func (t *Target) otherAudiences(sent string) string {
	var others []string
	for _, a := range []string{t.Issuer, t.Host, t.TokenURL, t.StartURL} {
		if a != "" && strings.TrimSuffix(a, "/") != strings.TrimSuffix(sent, "/") {
			others = append(others, a)
		}
	}
	return strings.Join(slices.Compact(others), ", ")
}

// refusesClient reports whether the client is what an answer finds fault with; a
// server may say so in one encoding and stumble over it in another.
func refusesClient(x *Exchange) bool {
	code := x.ErrorCode()
	return (x.Op == OpStart || x.Op == OpToken) && (code == spec.ErrInvalidClient || code == spec.ErrUnauthorizedClient ||
		x.Status() == http.StatusUnauthorized && !speaksOfCode(x) || asksForCredentials(x))
}

// asksForCredentials reports whether an error is about credentials in so many words, under
// whatever code and in whatever member.
func asksForCredentials(x *Exchange) bool {
	if x.Class() != 4 || x.Object() == nil {
		return false
	}
	said := strings.ToLower(x.Response.Body)
	return slices.ContainsFunc([]string{"client_secret", "client secret", "client authentication", "client credentials",
		"client_assertion"}, func(words string) bool { return strings.Contains(said, words) })
}
