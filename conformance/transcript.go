package conformance

import (
	"encoding/json"
	"math"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"weak"

	"github.com/dfcheck/dfcheck/conformance/traits"
	"github.com/dfcheck/dfcheck/spec"
)

// A Transcript is all that was recorded of a run: plain data, already free of
// secrets, from which every verdict follows. A judge never talks to the
// target, so a saved transcript gives the same verdicts again.
type Transcript struct {
	Header    Header
	Exchanges []*Exchange
	Events    []Event
	Secrets   map[string]traits.Secret // by pseudonym
	Pools     map[string]traits.Pool   // by kind of secret
}

// Operation says what an exchange was for.
type Operation string

const (
	OpStart    Operation = "start"    // device authorization endpoint
	OpToken    Operation = "token"    // token endpoint
	OpMetadata Operation = "metadata" // RFC 8414 and OpenID discovery documents
	OpPage     Operation = "page"     // verification page
	OpOther    Operation = "other"    // introspection, resources, probes of other paths
)

// An Exchange is one request and what came back. Times are monotonic, counted
// from the start of the run.
type Exchange struct {
	ID       string        `json:"id"`
	Scenario string        `json:"scenario"`
	Flow     string        `json:"flow,omitempty"` // the device code's life it belongs to
	Step     string        `json:"step,omitempty"` // what the scenario calls it
	Op       Operation     `json:"op"`
	Sent     time.Duration `json:"sent_ns"`
	Received time.Duration `json:"received_ns"`
	Request  Request       `json:"request"`
	Response *Response     `json:"response,omitempty"`
	Error    string        `json:"error,omitempty"`
	// Provoked marks a request that no ordinary device sends (hostile text,
	// wrong methods, forged hosts); judges of ordinary answers pass it over.
	Provoked bool `json:"provoked,omitempty"`
	// Superseded marks an answer of infrastructure (a bare 429 or 503, a reset
	// connection) after which the same request was sent again.
	Superseded bool `json:"superseded,omitempty"`

	raw     []byte   // the body with its secrets, for the scenario alone
	lenient *Lenient // what is known of the target's statuses
	words   Words    // of its scenario's steps
}

// Request is what was sent. Params are its parameters where it was made of
// parameters; Body is there for everything else.
type Request struct {
	Method   string        `json:"method"`
	URL      string        `json:"url"`
	Header   http.Header   `json:"header"`
	Client   string        `json:"client,omitempty"` // the client it speaks for
	Encoding spec.Encoding `json:"encoding,omitempty"`
	Params   spec.Params   `json:"params,omitempty"`
	Body     string        `json:"body,omitempty"`
	Length   int           `json:"length"`
}

// Response is what came back, its body cut at MaxBody.
type Response struct {
	Status      int         `json:"status"`
	Proto       string      `json:"proto"`
	Header      http.Header `json:"header"`
	Body        string      `json:"body"`
	Length      int64       `json:"length"` // bytes read, before the cut and before redaction
	SHA256      string      `json:"sha256"`
	InvalidUTF8 bool        `json:"invalid_utf8,omitempty"`
	TLSVersion  uint16      `json:"tls_version,omitempty"`
	// Deviations from the contract's document, found in the body as it came:
	// of a secret nothing is kept that a pattern could be tried on.
	Deviations []spec.Deviation `json:"deviations,omitempty"`

	reading *reading
}

// MaxBody is how much of a response body is kept, in bytes.
const MaxBody = 64 << 10

// An Event is something that happened beside the exchanges: a decision of the
// approver, a branch a scenario took, a scenario that could not go on.
type Event struct {
	At       time.Duration `json:"at_ns"`
	Scenario string        `json:"scenario,omitempty"`
	Flow     string        `json:"flow,omitempty"`
	Kind     EventKind     `json:"kind"`
	Detail   string        `json:"detail,omitempty"`
	Decision *Decided      `json:"decision,omitempty"`
	Exchange string        `json:"exchange,omitempty"` // at which it happened
}

// EventKind names what an event tells.
type EventKind string

const (
	EventDecision EventKind = "decision" // the approver was asked
	EventBranch   EventKind = "branch"   // the scenario chose a way, see Detail
	EventCut      EventKind = "cut"      // a step was left out because the code would have ended
	EventStopped  EventKind = "stopped"  // the scenario could not go on, see Detail
	EventDone     EventKind = "done"     // the scenario ran to its end
	EventReturned EventKind = "returned" // the target had stopped and answers again, see Detail and Exchange
	EventDied     EventKind = "died"     // the target stopped answering, Detail names the exchange
	EventFact     EventKind = "fact"     // something a judge needs, Detail is name=value
	EventView     EventKind = "view"     // what a person got to see, Detail is a Viewing
	EventLate     EventKind = "late"     // the code ended while the approver decided, see Detail
)

// Decided is what the approver was asked and what came of it.
type Decided struct {
	Decision string        `json:"decision"` // approve, deny or enter
	User     string        `json:"user,omitempty"`
	Outcome  Outcome       `json:"outcome"`
	Took     time.Duration `json:"took_ns"`
	Label    string        `json:"label,omitempty"` // what the scenario calls it
	// Answer is how the server refused, without the code that was typed; empty
	// where the approver does not tell.
	Answer string `json:"answer,omitempty"`
	// Failed is the status of 5xx with which the server answered instead of deciding.
	Failed int `json:"failed,omitempty"`
}

// Outcome of a decision.
type Outcome string

const (
	Accepted    Outcome = "accepted"
	Refused     Outcome = "refused"     // by the server
	Unsupported Outcome = "unsupported" // by the approver: it has no such decision
	Broken      Outcome = "broken"      // nobody could be asked
	Told        Outcome = "told"        // a person says that the page took what it was to refuse
	Late        Outcome = "late"        // the code had ended, or was about to
	Skipped     Outcome = "skipped"     // by the person, this time
	Stopped     Outcome = "stopped"     // by the person, once and for all
)

// Answered reports whether the page was asked, whatever it said.
func (o Outcome) Answered() bool { return o == Accepted || o == Told || o == Refused }

// Status of the answer, 0 when there was none.
func (x *Exchange) Status() int {
	if x.Response == nil {
		return 0
	}
	return x.Response.Status
}

// Class of the status: 2 for 2xx, 0 when there was no answer. An error under a
// status of success, or under one that the configuration knows of, is a refusal
// like any other: its status is DF-ERR-001's.
func (x *Exchange) Class() int {
	if x.Excused() || x.RefusedUnder2xx() {
		return http.StatusBadRequest / 100
	}
	return x.Status() / 100
}

// Object is the body as a JSON object, nil when it is none.
func (x *Exchange) Object() map[string]any {
	return x.parsed().object
}

// ErrorCode is the OAuth error code, read leniently (spec.ErrorCode); empty
// when there is none.
func (x *Exchange) ErrorCode() string {
	return x.parsed().code
}

// parsed is what judges ask of a body again and again.
type parsed struct {
	object map[string]any // never changed
	code   string
}

func parse(body string) *parsed {
	object := spec.Object([]byte(body))
	return &parsed{object, spec.ErrorCodeIn(object)}
}

// A reading is a body that was parsed. Values take many times the memory of their
// text: those of a long one are dropped when memory is wanted, and read again.
type reading struct {
	body  string
	short *parsed
	mu    sync.Mutex
	long  weak.Pointer[parsed]
}

// read parses a body.
func read(body string) *reading {
	const long = 1 << 10
	r := &reading{body: body}
	if len(body) <= long {
		r.short = parse(body)
	}
	return r
}

func (r *reading) parsed() *parsed {
	if r.short != nil {
		return r.short
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.long.Value()
	if p == nil {
		p = parse(r.body)
		r.long = weak.Make(p)
	}
	return p
}

// parsed is the body as it was read when it was recorded, or read now.
func (x *Exchange) parsed() *parsed {
	switch {
	case x.Response == nil:
		return &parsed{}
	case x.Response.reading != nil && x.Response.reading.body == x.Response.Body:
		return x.Response.reading.parsed()
	}
	return parse(x.Response.Body)
}

// StillPending reports whether the grant was reported undecided: the answer is
// authorization_pending or slow_down (rule C4).
func (x *Exchange) StillPending() bool {
	code := x.ErrorCode()
	return code == spec.ErrAuthorizationPending || code == spec.ErrSlowDown
}

// HasTokens reports whether the answer hands out an access token.
func (x *Exchange) HasTokens() bool { return x.Text("access_token") != "" }

// HasCodes reports whether the answer hands out a device code.
func (x *Exchange) HasCodes() bool { return x.Text("device_code") != "" }

// Tokens are the members of a token response, while the answer is still there with
// its secrets; what is wrong with them is for the checks.
func (x *Exchange) Tokens() spec.TokenResponse {
	t, _ := spec.DecodeToken(x.raw)
	return t
}

// GivesCredentials reports whether the answer hands out anything of value.
func (x *Exchange) GivesCredentials() bool { return x.HasTokens() || x.HasCodes() }

// Text is a string member of the JSON body. The name that verification_uri had
// before RFC 8628 counts as well: that it is the old one is for DF-AUTHZ-001 and
// 002 to say.
func (x *Exchange) Text(member string) string {
	s, ok := x.Object()[member].(string)
	if member == "verification_uri" && !ok {
		s, _ = x.Object()["verification_url"].(string)
	}
	return s
}

// Member returns a member of the JSON body and whether it is there.
func (x *Exchange) Member(name string) (any, bool) {
	v, ok := x.Object()[name]
	return v, ok
}

// Number returns an integral member of the JSON body, also one that was sent
// as a string: its type is one check's business, its value that of many.
func (x *Exchange) Number(name string) (int64, bool) {
	text := ""
	switch v := x.Object()[name].(type) {
	case json.Number:
		text = v.String()
	case string:
		text = v
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(text, 64)
	return int64(f), err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53
}

// MediaType of the answer in lower case, without parameters.
func (x *Exchange) MediaType() string {
	if x.Response == nil {
		return ""
	}
	mt, _, err := mime.ParseMediaType(x.Response.Header.Get("Content-Type"))
	if err != nil {
		mt, _, _ = strings.Cut(x.Response.Header.Get("Content-Type"), ";")
		mt = strings.ToLower(strings.TrimSpace(mt))
	}
	return mt
}

// HeaderTokens splits every field of a list-valued header into its lower-case
// elements.
func (x *Exchange) HeaderTokens(name string) []string {
	if x.Response == nil {
		return nil
	}
	var out []string
	for _, line := range x.Response.Header.Values(name) {
		for _, e := range strings.Split(line, ",") {
			if e = strings.ToLower(strings.TrimSpace(e)); e != "" {
				out = append(out, e)
			}
		}
	}
	return out
}

// NoStore reports whether the answer forbids storing it.
func (x *Exchange) NoStore() bool {
	return slices.Contains(x.HeaderTokens("Cache-Control"), "no-store")
}

// Overlaps reports whether two exchanges were in flight at the same time.
func (x *Exchange) Overlaps(y *Exchange) bool {
	return x.Sent <= y.Received && y.Sent <= x.Received
}

// TranscriptSchema names the form of a saved transcript.
const TranscriptSchema = "dfcheck/transcript/v1"

// Header is what must be known of a run to judge it.
type Header struct {
	Schema   string    `json:"schema"`
	Started  time.Time `json:"started"`
	Target   Facts     `json:"target"`
	Contract string    `json:"contract"`
	// Document is the user's OpenAPI document, for contracts that are not
	// built in.
	Document []byte   `json:"document,omitempty"`
	Checks   []string `json:"checks"` // selected, in catalogue order
}
