package checks

import (
	"context"
	"net/http"
	"slices"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
)

// judgeStartCaching: the start response holds a credential (ruling R16).
func judgeStartCaching(e *Evidence, j *Judgement) {
	for _, x := range e.Starts() {
		v, actual := CacheVerdict(e, x)
		j.Record(v, "a device authorization response with Cache-Control: no-store", actual, x)
	}
}

// judgeAllow: a 405 names the methods that are served (RFC 9110 section
// 15.5.6), POST among them. Fronts such as nginx do not, and no device asks them to
// (ruling R150).
func judgeAllow(e *Evidence, j *Judgement) {
	refused := map[string]bool{}
	var seen []*Exchange
	for _, x := range e.Exchanges {
		if (x.Op == OpStart || x.Op == OpToken) && x.Status() == http.StatusMethodNotAllowed && !x.Superseded {
			refused[string(x.Op)+x.Request.Method], seen = true, append(seen, x)
		}
	}
	tried := e.Of(otherMethods, methods...)
	if len(seen) == 0 && len(tried) == 2*len(methods) && !slices.ContainsFunc(tried, Infrastructure) {
		j.Skip("the server answers no method with 405")
	}
	for _, x := range seen {
		allowed := x.HeaderTokens("Allow")
		verdict, actual := reports.Pass, ""
		switch {
		case len(allowed) == 0 && KnownError(x.ErrorCode()):
			verdict, actual = reports.Fail, "405 "+x.ErrorCode()+" without Allow"
		case len(allowed) == 0:
			verdict, actual = reports.Warning, "405 without Allow, in the words of a framework or of what stands in front"
		case !slices.Contains(allowed, "post"):
			verdict, actual = reports.Fail, "Allow: "+x.Response.Header.Get("Allow")
		}
		for _, m := range allowed {
			if verdict == reports.Pass && refused[string(x.Op)+strings.ToUpper(m)] {
				verdict, actual = reports.Warning, "Allow names "+strings.ToUpper(m)+", which is answered with 405"
			}
		}
		j.Record(verdict, "a 405 whose Allow field names POST and no method that is refused", actual, x)
	}
}

// Steps of foreignOrigin that its judge holds against each other.
const (
	asPreflight = "preflight"
	withOrigin  = "with Origin"
)

// foreignOrigin asks what a page of another site may do.
var foreignOrigin = &Scenario{
	Name: "a page of another site", Lane: LaneInstant, Cost: FixedCost(7, 1),
	Words: Words{asPreflight: "as a CORS preflight"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		options := func(c Call) Call {
			c.Params = nil
			return c
		}
		preflight := func(c *Call) {
			Field("Origin", StrangeOrigin)(c)
			Field("Access-Control-Request-Method", http.MethodPost)(c)
		}
		s.Send(ctx, options(startCall(s, http.MethodOptions, "OPTIONS")))
		s.Send(ctx, options(pollCall(s, http.MethodOptions, "OPTIONS", "")))
		s.Send(ctx, options(startCall(s, http.MethodOptions, asPreflight)), preflight)
		s.Send(ctx, options(pollCall(s, http.MethodOptions, asPreflight, "")), preflight)
		f := s.Start(ctx, Field("Origin", StrangeOrigin), Step(withOrigin), Provoked())
		s.PollCode(ctx, RandomCode(40), Field("Origin", StrangeOrigin), Step(withOrigin), Provoked())
		if page := f.Codes.VerificationURI; page != "" {
			s.Send(ctx, Call{Op: OpPage, Step: "page", Method: http.MethodGet, URL: page, Provoked: true, Once: true,
				Header: http.Header{"Origin": {StrangeOrigin}}})
		}
	},
}

// allowsOrigin is what an answer's CORS header fields allow a foreign site.
func allowsOrigin(x *Exchange) (origin string, credentials bool) {
	if x.Response == nil {
		return "", false
	}
	h := x.Response.Header
	return h.Get("Access-Control-Allow-Origin"), strings.EqualFold(h.Get("Access-Control-Allow-Credentials"), "true")
}

func judgeForeignOrigin(e *Evidence, j *Judgement) {
	for _, x := range e.Of(foreignOrigin) {
		if origin, credentials := allowsOrigin(x); credentials && (origin == "*" || origin == StrangeOrigin) {
			j.Fail("no cross-origin access with credentials", "Access-Control-Allow-Origin: "+origin+" with credentials", x)
		}
	}
	j.Each(e.Of(foreignOrigin, "OPTIONS"), ExpectRefusal, "2xx or 405 for OPTIONS",
		FailIf(GivesCodes), FailIf(StillPending), PassIf(Class(2)), PassIf(StatusIs(405, 501)),
		InconclusiveIf(Infrastructure),
		WarnIf(Class(4)))
	for _, op := range []Operation{OpStart, OpToken} {
		judgePreflight(e, j, op)
	}
	for _, x := range e.Of(foreignOrigin, "page") {
		if origin, _ := allowsOrigin(x); origin != "" {
			j.Warn("a verification page that other sites cannot read", "Access-Control-Allow-Origin: "+origin, x)
		}
	}
}

// judgePreflight: what the preflight allows, the answer must allow too, and the
// other way.
func judgePreflight(e *Evidence, j *Judgement, op Operation) {
	var asked, answered *Exchange
	for _, x := range e.Of(foreignOrigin) {
		switch {
		case x.Op != op:
		case x.Step == asPreflight:
			asked = x
		case x.Step == withOrigin:
			answered = x
		}
	}
	if asked == nil || answered == nil || asked.Infrastructure() || answered.Infrastructure() {
		return
	}
	before, _ := allowsOrigin(asked)
	after, _ := allowsOrigin(answered)
	if (before == "") != (after == "") {
		actual := "Access-Control-Allow-Origin in only one of them"
		if op == OpToken && before != "" && answered.ErrorCode() != "" {
			actual = "Access-Control-Allow-Origin in the preflight, and the error answers lack it: a browser cannot read " +
				"authorization_pending"
		}
		j.Warn("the CORS preflight and the response to agree", actual, asked, answered)
		return
	}
	j.Pass(asked, answered)
}
