package checks

import (
	"context"
	"crypto/tls"
	"net/http"
	"strings"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
)

// http1Client speaks HTTP/1.1 only, for framing that HTTP/2 does not have, and
// waits a second for 100 Continue.
func http1Client(t *Target) *http.Client {
	c := t.HTTPClient()
	tr := c.Transport.(*http.Transport)
	tr.ForceAttemptHTTP2, tr.ExpectContinueTimeout = false, time.Second
	tr.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	return c
}

// Steps of framings.
const (
	framedChunked  = "chunked"
	framedContinue = "Expect: 100-continue"
	framedFresh    = "a fresh connection"
	framedReused   = "a used connection"
)

// framings starts with bodies that travel in other ways: without a length,
// announced by Expect, on a fresh connection, and on one that was used before.
// Where HTTP/2 is offered, all ordinary requests of the run use it.
var framings = &Scenario{
	Name: "ways of framing", Lane: LaneInstant,
	Cost:  func(Timing) Cost { return Cost{Requests: 5, Starts: 5, Wait: time.Second} },
	Words: Words{framedChunked: "in chunks"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		old := http1Client(s.Target())
		defer old.CloseIdleConnections()
		over1 := func(c *Call) { c.HTTP = old }
		s.Start(ctx, over1, Step(framedChunked), func(c *Call) { c.Chunked = true }, Provoked())
		s.Start(ctx, over1, Step(framedContinue), Field("Expect", "100-continue"), Provoked())
		s.Start(ctx, Fresh(), Step(framedFresh))
		s.Start(ctx, Step(framedReused))
		s.Start(ctx, Step(framedReused))
	},
}

func judgeFramings(e *Evidence, j *Judgement) {
	begun := []Rule{PassIf(Class(2), GivesCodes), InconclusiveIf(Infrastructure), FailIf(Class(5))}
	for _, x := range e.Of(framings, framedChunked) {
		if x.Response != nil && x.Response.Proto == "HTTP/1.0" {
			continue // which has no chunks (RFC 9112 section 6.1)
		}
		j.Each([]*Exchange{x}, ExpectSuccess, "200, or 411 for a body without a length",
			append([]Rule{PassIf(StatusIs(http.StatusLengthRequired)), WarnIf(StatusIs(http.StatusNotImplemented))},
				append(begun, WarnIf(AnyAnswer))...)...)
	}
	j.Each(e.Of(framings, framedContinue), ExpectSuccess, "200", append(begun, WarnIf(AnyAnswer))...)
	for _, x := range e.Of(framings, framedFresh, framedReused) {
		rules := begun
		if x.Response != nil && strings.HasPrefix(x.Response.Proto, "HTTP/2") {
			rules = append(rules[:len(rules):len(rules)], FailIf(AnyAnswer))
		}
		j.Each([]*Exchange{x}, ExpectSuccess, "200", append(rules[:len(rules):len(rules)], WarnIf(AnyAnswer))...)
	}
	judgeBodyText(e, j)
}

// judgeBodyText: JSON is UTF-8 without a byte order mark (RFC 8259 section 8.1).
func judgeBodyText(e *Evidence, j *Judgement) {
	for _, x := range e.Exchanges {
		switch {
		case x.Response == nil || x.Op == OpPage || x.Object() == nil:
		case strings.HasPrefix(x.Response.Body, "\ufeff"):
			j.Record(reports.Fail, "JSON without a byte order mark", "a byte order mark at the start of the body", x)
		case x.Response.InvalidUTF8 && !x.Provoked:
			j.Record(reports.Fail, "JSON in UTF-8", "a body that is not UTF-8", x)
		}
	}
}
