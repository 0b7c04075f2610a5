package checks

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/spec"
)

const huge = 11 << 20 // bytes, more than any device has to say

// oversized sends what is too large or too deep to be a device's.
var oversized = &Scenario{
	Name: "oversized requests", Lane: LaneAbuse, Cost: FixedCost(12, 12),
	Starts: together(inEach(exactly(1)), startsIn(spec.JSON, 3), startsIn(spec.Form, 1), exactly(1+5)),
	Run: func(ctx context.Context, s *ScenarioRun) {
		pad := bytes.Repeat([]byte("A"), huge)
		for _, enc := range s.Encodings(OpStart) {
			start(ctx, s, hugeIn(enc), padded(enc, pad))
		}
		if s.Operation(OpStart).Accepts(spec.JSON) {
			for _, v := range []struct{ name, json string }{
				{"JSON nested 10,000 deep", strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)},
				{"the number 1e400", "1e400"}, {"a number of 10,000 digits", strings.Repeat("9", 10_000)},
			} {
				start(ctx, s, v.name, func(c *Call) {
					_, body := spec.JSON.Encode(c.Params.With("dfcheck", "@@"))
					Body(string(spec.JSON), []byte(strings.Replace(string(body), `"@@"`, v.json, 1)))(c)
				})
			}
		}
		if s.Operation(OpStart).Accepts(spec.Form) {
			start(ctx, s, "10,000 parameters", In(spec.Form), func(c *Call) {
				for i := range 10_000 {
					c.Params = append(c.Params, spec.Param{Name: "p" + strconv.Itoa(i), Value: "1"})
				}
				contentType, body := spec.Form.Encode(c.Params)
				Body(contentType, body)(c)
			})
		}
		start(ctx, s, "a header of 64 KiB", Field("X-Dfcheck", strings.Repeat("A", 64<<10)))
		for range 5 {
			if x := s.Start(ctx, Step(afterwards), Once()).Authorization; x == nil || x.HasCodes() || !s.Wait(ctx, time.Second) {
				return
			}
		}
	},
}

// afterwards is the step of the starts that follow an attack.
const afterwards = "afterwards"

// hugeIn is the step of a huge body.
func hugeIn(enc spec.Encoding) string { return "11 MiB in " + string(enc) }

// start sends one hostile start on a separate connection.
func start(ctx context.Context, s *ScenarioRun, step string, opts ...Option) {
	s.Start(ctx, append(opts, Step(step), Provoked(), Once(), Fresh())...)
}

// padded makes the body of a start huge with a parameter that nobody knows.
func padded(enc spec.Encoding, pad []byte) Option {
	return func(c *Call) {
		contentType, body := enc.Encode(c.Params.With("dfcheck", "padding"))
		Body(contentType, bytes.Replace(body, []byte("padding"), pad, 1))(c)
	}
}

func judgeOversized(e *Evidence, j *Judgement) {
	for _, x := range e.Of(oversized) {
		rules := []Rule{PassIf(Class(4)), PassIf(Class(2))}
		if slices.ContainsFunc(spec.Encodings(), func(enc spec.Encoding) bool { return x.Step == hugeIn(enc) }) {
			rules[1] = WarnIf(GivesCodes)
		}
		switch {
		case x.Step == afterwards:
		case x.Response == nil:
			j.Inconclusive(x.Replied(), x) // ruling R22
		default:
			j.Each([]*Exchange{x}, ExpectRefusal, "413 or another 4xx for an oversized request",
				append(rules, InconclusiveIf(Infrastructure))...)
		}
	}
	if xs := e.Of(oversized, afterwards); len(xs) > 0 && !xs[len(xs)-1].HasCodes() {
		j.Fail("device authorization to work again within 5 s", Describe(xs[len(xs)-1]), xs...)
	}
}

// A flood is this many requests at this pace.
const (
	floodSize = 200
	floodGap  = 50 * time.Millisecond
)

// flood starts very many flows, then guesses very many device codes, and looks
// after the grants that were there before.
var flood = &Scenario{
	Name: "flood", Lane: LaneAbuse, Needs: []Capability{NeedAbuse},
	Cost: func(t Timing) Cost {
		return Cost{Requests: 2*floodSize + 6, Starts: floodSize + 3, Wait: 2*floodSize*floodGap + t.Interval + Slack}
	},
	Decisions: DecisionCount(1),
	Words: Words{
		"kept":                       "before the flood",
		"ready":                      "before the flood",
		"kept through the flood":     "for an earlier code during the flood",
		"start of the flood":         "during the flood",
		"redeemed through the flood": "for an approved code during the flood",
		"guess of the flood":         "during the flood",
	},
	Run: func(ctx context.Context, s *ScenarioRun) {
		kept, ready := s.Start(ctx, Step("kept")), s.Start(ctx, Step("ready"))
		approved := ready.Decide(ctx, approve.Approve, somebody(s)) == Accepted
		pour(ctx, s, func() {
			s.Start(ctx, Sending(s.Target().BaseStart("flood")), Step("start of the flood"), Provoked(), Once())
		})
		if kept.OK() && kept.WithinLifetime(0) {
			kept.PollDue(ctx, Step("kept through the flood"))
		}
		if approved && ready.WithinLifetime(0) {
			ready.PollDue(ctx, Step("redeemed through the flood"))
		}
		pour(ctx, s, func() { s.PollCode(ctx, RandomCode(40), Step("guess of the flood"), Provoked(), Once()) })
		comeBack(ctx, s)
	},
}

// somebody who has not guessed codes in this run.
func somebody(s *ScenarioRun) DecisionOptions {
	if s.Target().Has(NeedSecondUser) {
		return DecisionOptions{User: "second"}
	}
	return DecisionOptions{}
}

// pour sends at the flood's pace, whatever the answers take.
func pour(ctx context.Context, s *ScenarioRun, send func()) {
	var wg sync.WaitGroup
	for range floodSize {
		wg.Go(send)
		if !s.Wait(ctx, floodGap) {
			break
		}
	}
	wg.Wait()
}

// recovery is how long a limit may outlast its cause.
const recovery = 2 * time.Minute

// comeBack starts a flow as soon as the limits allow it.
func comeBack(ctx context.Context, s *ScenarioRun) {
	for end := s.Now() + recovery; s.Now() < end; {
		x := s.Start(ctx, Step(afterwards), Once()).Authorization
		if x == nil || x.Status() != http.StatusTooManyRequests {
			return
		}
		wait := 10 * time.Second
		if n, err := strconv.Atoi(x.Response.Header.Get("Retry-After")); err == nil && n > 0 {
			wait = time.Duration(min(n, 3600)) * time.Second
		}
		if !s.Wait(ctx, min(wait, recovery)) {
			return
		}
	}
}

func judgeFlood(e *Evidence, j *Judgement) {
	poured := e.Of(flood, "start of the flood", "guess of the flood")
	if len(poured) == 0 {
		return
	}
	limited := judgePoured(j, poured)
	for _, x := range e.Of(flood, "kept through the flood") {
		j.Each([]*Exchange{x}, ExpectPending, "a grant from before the flood to stay pending", PassIf(StillPending),
			InconclusiveIf(Infrastructure), InconclusiveIf(StatusIs(429)), FailIf(AnyAnswer))
	}
	for _, x := range e.Of(flood, "redeemed through the flood") {
		j.Each([]*Exchange{x}, ExpectSuccess, "tokens for a code that was approved before the flood", PassIf(GivesTokens),
			InconclusiveIf(Infrastructure), InconclusiveIf(StatusIs(429)), FailIf(AnyAnswer))
	}
	if xs := e.Of(flood, afterwards); len(xs) > 0 {
		j.Each(xs[len(xs)-1:], ExpectSuccess, "device authorization to work again within two minutes after the flood",
			PassIf(GivesCodes), FailIf(StatusIs(429)), InconclusiveIf(Infrastructure), FailIf(AnyAnswer))
	}
	if !limited && j.Seen() > 0 {
		j.Warn("a client that requests or guesses codes without end to get 429",
			fmt.Sprintf("%d requests served at 20 a second", len(poured)), poured[0], poured[len(poured)-1])
	}
}

// judgePoured looks for the first limit, and for anything worse.
func judgePoured(j *Judgement, poured []*Exchange) (limited bool) {
	for _, x := range poured {
		switch {
		case x.Status() == http.StatusTooManyRequests:
			if !limited && x.Response.Header.Get("Retry-After") == "" {
				j.Warn("a Retry-After header field with 429", "429 without it", x)
			}
			limited = true
		case x.Status() == http.StatusForbidden:
			j.Warn("429 for a flood of requests", Describe(x), x)
			return true
		case x.Infrastructure():
			j.Inconclusive(OfInfrastructure(x), x)
			return true
		case x.Class() == 5:
			j.Fail("no server errors during a flood of requests", Describe(x), x)
			return true
		}
	}
	j.Pass(poured...)
	return limited
}
