package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// A hostileValue is text that has broken servers before. What goes together is
// sent together, so that a run stays within its manners.
type hostileValue struct{ name, text string }

// injected is a header that a server makes when it puts CR LF into its own.
const injected = "X-Dfcheck-Injected"

// The first is harmless and what the others are held against: how a server
// treats any unknown value is not theirs.
var hostileValues = []hostileValue{
	{plainText, "dfcheck-none"},
	{"10 KiB", strings.Repeat("A", 10<<10)},
	{longText, strings.Repeat("A", 60<<10)}, // an echo of it still fits into MaxBody
	{"NUL", "dfcheck\x00code"},
	{"CR LF and a header", "dfcheck\r\n" + injected + ": 1"},
	{"a lone surrogate", loneSurrogate},
	{"Unicode of many kinds", "\u202edfcheck😀" + strings.Repeat("\u0301", 1000) + "１２３%00"},
	{"query and path operators", `' OR 1=1-- "; DROP TABLE x; *)(uid=* ../../etc/passwd`},
	{"template and format operators", `${7*7}{{7*7}}%n%n%s<script>alert(1)</script>`},
}

// A hostileCase is a value in one parameter of a request in one encoding.
type hostileCase struct {
	value, param string
	encoding     spec.Encoding
}

func (c hostileCase) step() string { return c.value + " as " + c.param + " in " + string(c.encoding) }

// plain is the harmless value in the same place.
func (c hostileCase) plain() hostileCase { return hostileCase{plainText, c.param, c.encoding} }

// hostileCaseOf finds the case that a request was sent for.
func hostileCaseOf(x *Exchange) (c hostileCase) {
	for _, v := range hostileValues {
		for param := range ordinaryOwners {
			if c = (hostileCase{v.name, param, x.Request.Encoding}); c.step() == x.Step {
				return c
			}
		}
	}
	return hostileCase{}
}

// ordinaryOwners are the parameters that get hostile values, with the check of what
// a server makes of an ordinary one that it does not know.
var ordinaryOwners = map[string]string{"client_id": "DF-AUTHZ-012", "scope": "DF-AUTHZ-018",
	"device_type": "DF-AUTHZ-003", "device_os": "DF-AUTHZ-003",
	"device_code": "DF-POLL-011", "grant_type": "DF-POLL-015"}

// elsewhere are the values tried in every encoding; the others go in the one
// that works.
var elsewhere = []string{plainText, "NUL", "a lone surrogate"}

const (
	plainText     = "plain text"
	longText      = "60 KiB"
	loneSurrogate = "\xed\xa0\x80" // U+D800 as CESU-8, \ud800 in JSON
)

// hostileText puts hostile values into every parameter of both operations.
var hostileText = &Scenario{
	Name: "hostile text", Lane: LaneInstant,
	Cost: func(t Timing) Cost {
		per := len(hostileValues) + len(elsewhere)*(t.Encodings-1)
		starts := 2
		if t.Documented {
			starts = 4
		}
		return Cost{Requests: per*(starts+2) + 1, Starts: per*starts + 1}
	},
	Run: func(ctx context.Context, s *ScenarioRun) {
		fields := []string{"client_id", "scope"}
		if s.Documented() {
			fields = append(fields, "device_type", "device_os")
		}
		var probes []textProbe
		for _, f := range fields {
			hostile(s, &probes, OpStart, f, func(opts ...Option) *Exchange { return s.Start(ctx, opts...).Authorization })
		}
		for _, f := range []string{"device_code", "grant_type"} {
			hostile(s, &probes, OpToken, f, func(opts ...Option) *Exchange {
				return s.PollCode(ctx, RandomCode(40), opts...)
			})
		}
		confirmHanging(sendAll(s, probes))
		s.Start(ctx, Step(afterwards))
	},
}

// A textProbe sends a hostile value, and the harmless one in its place.
type textProbe struct{ send, plain func() *Exchange }

// sendAll sends the hostile values and returns those whose answers were late.
func sendAll(s *ScenarioRun, probes []textProbe) (slow []textProbe) {
	var mu sync.Mutex
	for some := range slices.Chunk(probes, probesAtOnce) {
		var sends []func()
		for _, p := range some {
			sends = append(sends, func() {
				if late(p.send()) {
					mu.Lock()
					defer mu.Unlock()
					slow = append(slow, p)
				}
			})
		}
		s.Parallel(sends...)
	}
	return slow
}

// What shows that a value makes a server hang, and not a machine that has too much to do:
// it is late again, as often, each time between harmless ones that are not.
const (
	confirmations = 2
	mostSuspects  = 3 // values that are tried so, as long as none is confirmed
)

func confirmHanging(slow []textProbe) {
	for _, p := range slow[:min(len(slow), mostSuspects)] {
		p.plain()
		confirmed := 0
		for confirmed < confirmations && late(p.send()) {
			p.plain()
			confirmed++
		}
		if confirmed == confirmations {
			return
		}
	}
}

// probesAtOnce keeps the queue for the run's pace short: behind it other scenarios
// wait with polls that must be on time.
const probesAtOnce = 16

// hostile adds the probes of one parameter.
func hostile(s *ScenarioRun, probes *[]textProbe, op Operation, field string, send func(...Option) *Exchange) {
	for _, v := range hostileValues {
		for _, enc := range s.Encodings(op) {
			if enc != s.Encoding(op) && !slices.Contains(elsewhere, v.name) {
				continue
			}
			of := func(v hostileValue) []Option {
				return []Option{Step(hostileCase{v.name, field, enc}.step()), In(enc), Provoked(),
					With(field, v.text+field)} // different for each, so that an echo tells whose it is
			}
			opts := of(v)
			if enc == spec.JSON && v.text == loneSurrogate {
				opts = append(opts, surrogateJSON(field))
			}
			*probes = append(*probes, textProbe{func() *Exchange { return send(opts...) },
				func() *Exchange { return send(of(hostileValues[0])...) }})
		}
	}
}

// surrogateJSON writes a lone surrogate as JSON can.
func surrogateJSON(field string) Option {
	return func(c *Call) {
		_, body := spec.JSON.Encode(c.Params.With(field, "@@"))
		Body(string(spec.JSON), []byte(strings.Replace(string(body), `"@@"`, `"\ud800`+field+`"`, 1)))(c)
	}
}

// tooSlow is how long an answer may take that is not stuck.
const tooSlow = 10 * time.Second

func late(x *Exchange) bool { return x != nil && took(x) > tooSlow }

func took(x *Exchange) time.Duration { return x.Received - x.Sent }

func judgeHostileText(e *Evidence, j *Judgement) {
	for _, x := range e.Of(hostileText) {
		due := Expectation(ExpectRefusal)
		rules := []Rule{InconclusiveIf(Infrastructure), FailIf(GivesTokens), FailIf(StillPending), PassIf(Class(4)),
			PassIf(HasError)}
		if x.Op == OpStart { // unknown clients are DF-AUTHZ-012's
			due, rules = ExpectSuccess, []Rule{InconclusiveIf(Infrastructure), PassIf(Class(2)), PassIf(Class(4))}
		}
		const expected = "a refusal with 4xx, and no trace of the hostile text"
		against := j.Against(plainAnswer(e, x))
		switch {
		case hostileCaseOf(x).value == plainText:
		case x.Step == afterwards:
			j.Each([]*Exchange{x}, ExpectSuccess, "device authorization to work afterwards", PassIf(GivesCodes),
				InconclusiveIf(Infrastructure), FailIf(AnyAnswer))
		case late(x):
			judgeStuck(e, j, x)
		case x.Response == nil:
			j.Inconclusive(x.Replied(), x) // ruling R22
		case x.Response.Header.Get(injected) != "":
			j.Fail(expected, "a response header field made from the text, in the answer to "+x.Asked(), x)
		default:
			against.Each([]*Exchange{x}, due, expected, rules...)
		}
	}
}

// judgeStuck blames hostile text for late answers where it was late each time it was
// tried, and plain text was answered in time before and after each: a machine that has too
// much to do is late with anything.
func judgeStuck(e *Evidence, j *Judgement, x *Exchange) {
	tries := e.Of(hostileText, x.Step)
	if x != tries[len(tries)-1] || slices.ContainsFunc(tries, func(x *Exchange) bool { return !late(x) }) {
		return // which is judged
	}
	actual := fmt.Sprintf("%s after %.0f s", x.Replied(), took(x).Seconds())
	between, quick := 0, true
	for _, y := range e.Of(hostileText, hostileCaseOf(x).plain().step()) {
		if y.Sent >= tries[0].Received {
			between++
			quick = quick && took(y) <= tooSlow/2
		}
	}
	switch {
	case len(tries) <= confirmations:
		j.Inconclusive(actual+"; it was not tried often enough to tell", x)
	case between <= confirmations || !quick:
		j.Inconclusive(actual+"; plain text was not answered any faster", x)
	default:
		j.Fail(fmt.Sprintf("an answer within %s", tooSlow), actual, x)
	}
}

// plainAnswer is the harmless value in the place of x's hostile one, and the check
// of what a server makes of that.
func plainAnswer(e *Evidence, x *Exchange) (*Exchange, string) {
	c := hostileCaseOf(x).plain()
	return e.One(hostileText, c.step()), ordinaryOwners[c.param]
}

// queryOperators sends what document stores, SQL and form parsers read as more
// than text, while a live and an approved grant are there to be hit.
var queryOperators = &Scenario{
	Name: "query operators", Lane: LaneApprove,
	Cost:      func(t Timing) Cost { return Cost{Requests: 13 + 2*t.Encodings, Starts: 2, Wait: t.Interval + Slack} },
	Decisions: DecisionCount(1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		live := s.Start(ctx)
		if !live.OK() {
			return
		}
		approved := live
		if s.MayAsk() {
			if approved = s.Start(ctx); approved.OK() && approved.Approve(ctx) == Accepted {
				approved.Settle(ctx)
			}
		}
		code := live.Codes.DeviceCode
		for _, enc := range s.Encodings(OpToken) { // what the others are held against
			s.PollCode(ctx, LookAlike(code), In(enc), Step(plainGuess), Provoked())
			s.PollCode(ctx, "", In(enc), Without("device_code"), Step(noCode), Provoked())
		}
		if s.Operation(OpToken).Accepts(spec.JSON) {
			for _, operator := range []string{`{"$ne":""}`, `{"$gt":""}`, `{"$regex":"."}`} {
				s.PollCode(ctx, "@@", In(spec.JSON), operatorJSON(operator), Step("the operator "+operator), Provoked())
			}
		}
		if s.Operation(OpToken).Accepts(spec.Form) {
			s.PollCode(ctx, code, In(spec.Form), renamed("device_code[$ne]", ""), Step("device_code[$ne]="), Provoked())
			s.PollCode(ctx, code, In(spec.Form), renamed("device_code[]", code), Step(inBrackets), Provoked())
		}
		for _, text := range []string{"%", strings.Repeat("_", len(code)), "*", code[:len(code)-1] + "' OR '1'='1"} {
			s.PollCode(ctx, text, Step("a wildcard or a quote"), Provoked())
		}
		if approved != live {
			approved.PollDue(ctx, Step(properly))
		}
	},
}

const (
	inBrackets = "the device code as device_code[]"
	plainGuess = "a code that means nothing"
	properly   = "properly"
	noCode     = "no code"
)

// operatorJSON replaces the device code by a JSON value.
func operatorJSON(value string) Option {
	return func(c *Call) {
		_, body := spec.JSON.Encode(c.Params.With("device_code", "@@"))
		Body(string(spec.JSON), []byte(strings.Replace(string(body), `"@@"`, value, 1)))(c)
	}
}

func renamed(name, value string) Option {
	return func(c *Call) { c.Params = c.Params.Without("device_code").With(name, value) }
}

func judgeQueryOperators(e *Evidence, j *Judgement) {
	for _, x := range e.Of(queryOperators) {
		if x.Op != OpToken || x.Step == properly || x.Step == plainGuess || x.Step == noCode {
			continue
		}
		read := FailIf(StillPending)
		if x.Step == inBrackets {
			read = WarnIf(StillPending)
		}
		plain, owner := plainPoll(e, x, plainGuess), "DF-POLL-011"
		// another name: to a strict parser there is none
		if _, named := x.Request.Params.Get("device_code"); !named && x.Request.Params != nil {
			plain, owner = plainPoll(e, x, noCode), "DF-POLL-013"
		}
		j.Against(plain, owner).Each([]*Exchange{x}, ExpectRefusal, spec.ErrInvalidRequest+" or "+spec.ErrInvalidGrant,
			FailIf(GivesTokens), read, PassIf(Class(4)))
	}
}

// plainPoll is the poll of a step of queryOperators in x's encoding.
func plainPoll(e *Evidence, x *Exchange, step string) *Exchange {
	for _, y := range e.Of(queryOperators, step) {
		if y.Request.Encoding == x.Request.Encoding {
			return y
		}
	}
	return nil
}
