package checks

import (
	"context"
	"net/http"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// httpChecks judge the layer below OAuth: this file methods, http_headers.go
// header fields, http_paths.go the final slash, http_framing.go how bodies
// travel, http_connections.go on which connection, http_tls.go the transport.
var httpChecks = []Check{
	{ID: "DF-HTTP-001", Gate: GateTokens, Reads: []*Scenario{safeMethods}, Judge: judgeSafeMethods},
	{ID: "DF-HTTP-002", Gate: GateStart, Reads: []*Scenario{safeMethods, otherMethods}, Shows: "answer with status 405",
		Passive: true, Judge: judgeAllow},
	{ID: "DF-HTTP-003", Gate: GateStart, Reads: []*Scenario{otherMethods, extraMembers}, Judge: judgeOtherMethods},
	{ID: "DF-HTTP-004", Gate: GateStart, Reads: []*Scenario{foreignOrigin}, Judge: judgeForeignOrigin},
	{ID: "DF-HTTP-005", Gate: GateStart, Reads: []*Scenario{slashVariants}, Judge: judgeSlashVariants},
	{ID: "DF-HTTP-006", Gate: GateStart, Reads: []*Scenario{minimalStart}, Shows: "successful device authorization",
		Passive: true, Judge: judgeStartCaching},
	{ID: "DF-HTTP-007", Gate: GateStart, Needs: []Capability{NeedPublicTLS}, Reads: []*Scenario{plainHTTP},
		Judge: judgePlainHTTP},
	{ID: "DF-HTTP-008", Needs: []Capability{NeedPublicTLS}, Reads: []*Scenario{handshakes, minimalStart, verificationPage},
		Judge: judgeHandshakes},
	{ID: "DF-HTTP-009", Gate: GateStart, Reads: []*Scenario{framings}, Passive: true, Judge: judgeFramings},
	{ID: "DF-HTTP-010", Gate: GateStart, Reads: []*Scenario{patientPolls}, Wants: []*Scenario{approvedElsewhere},
		Judge: judgeConnections},
}

// startCall and pollCall are the two operations' requests by any method. The
// answer to a strange method is final.
func startCall(s *ScenarioRun, method, step string) Call {
	return Call{Op: OpStart, Step: step, Method: method, URL: s.Target().StartURL, Client: &s.Target().Client,
		Encoding: s.Encoding(OpStart), Params: s.Target().BaseStart("method"), Provoked: true, Once: true}
}

func pollCall(s *ScenarioRun, method, step, deviceCode string) Call {
	return Call{Op: OpToken, Step: step, Method: method, URL: s.Target().TokenURL, Client: &s.Target().Client,
		Encoding: s.Encoding(OpToken), Params: s.Target().BasePoll(deviceCode), Provoked: true, Once: true}
}

// inQuery moves the parameters of a call into its URL.
func inQuery(c *Call) { c.URL, c.Params = spec.InURL(c.URL, c.Params), nil }

// safeMethods tries GET and HEAD with everything in the URL. The code that was
// named in it is then polled, and redeemed where somebody can approve.
var safeMethods = &Scenario{
	Name: "GET and HEAD", Lane: LaneApprove, Cost: WaitingCost(7, 1, 2),
	Decisions: DecisionCount(1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if !f.OK() {
			return
		}
		for _, m := range []string{http.MethodGet, http.MethodHead} {
			s.Send(ctx, startCall(s, m, m), inQuery)
			s.Send(ctx, pollCall(s, m, m, f.Codes.DeviceCode), inQuery)
		}
		if x := f.PollDue(ctx, Step("after")); x == nil || !x.StillPending() || f.Approve(ctx) != Accepted {
			return
		}
		f.Settle(ctx)
		f.Collect(ctx, "redeem")
	},
}

func judgeSafeMethods(e *Evidence, j *Judgement) {
	j.Each(e.Of(safeMethods, http.MethodGet, http.MethodHead), ExpectRefusal, "405",
		FailIf(GivesCredentials), FailIf(StillPending), PassIf(StatusIs(http.StatusMethodNotAllowed)),
		WarnIf(StatusIs(400, 401, 403, 404)))
	j.Each(e.Of(safeMethods, "after"), ExpectPending, "the grant to stay pending after GET and HEAD",
		PassIf(StillPending), InconclusiveIf(Infrastructure), FailIf(AnyAnswer))
	for _, f := range e.FlowsOf(safeMethods) {
		polls := e.Polls(f, "redeem")
		if len(polls) == 0 || !WasDecided(e, j, safeMethods, f) {
			continue
		}
		j.Each(polls[len(polls)-1:], ExpectTokens, "tokens (GET and HEAD requests must not use up the code)",
			PassIf(GivesTokens), InconclusiveIf(StillPending), FailIf(AnyAnswer))
	}
}

// methods that neither operation has. DFCHECK is nobody's; TRACE has ended servers, and
// comes last.
var methods = []string{http.MethodPut, http.MethodPatch, http.MethodDelete, "DFCHECK", http.MethodTrace}

// The overrides of methods that frameworks know. A server must treat a POST
// with one as any POST.
const (
	overrideGET    = "POST with X-HTTP-Method-Override: GET"
	overrideDELETE = "POST with X-HTTP-Method-Override: DELETE"
	overrideForm   = "POST with _method=DELETE"
	ordinaryPoll   = "an ordinary POST"
)

// otherMethods sends valid requests under other methods, and POSTs that claim
// to be something else.
var otherMethods = &Scenario{
	Name: "other methods", Lane: LaneRisky, Cost: FixedCost(2*len(methods)+8, 4),
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if !f.OK() {
			return
		}
		s.Send(ctx, pollCall(s, http.MethodPost, ordinaryPoll, f.Codes.DeviceCode))
		const field = "X-HTTP-Method-Override"
		for _, o := range []struct {
			step string
			Option
		}{
			{overrideGET, Field(field, "GET")}, {overrideDELETE, Field(field, "DELETE")},
			{overrideForm, Also(spec.Param{Name: "_method", Value: "DELETE"})},
		} {
			s.Send(ctx, startCall(s, http.MethodPost, o.step), o.Option)
			s.Send(ctx, pollCall(s, http.MethodPost, o.step, f.Codes.DeviceCode), o.Option)
		}
		for _, m := range methods {
			start, poll := startCall(s, m, m), pollCall(s, m, m, f.Codes.DeviceCode)
			if m == http.MethodTrace { // takes no body (RFC 9110 section 9.3.8)
				inQuery(&start)
				inQuery(&poll)
			}
			if x := s.Send(ctx, start); x == nil || x.Response == nil {
				return // what ended the server is not sent to its other endpoint
			}
			s.Send(ctx, poll)
		}
	},
}

func judgeOtherMethods(e *Evidence, j *Judgement) {
	for _, x := range e.Of(otherMethods, methods...) {
		echoed := func(x *Exchange) bool {
			return x.Request.Method == http.MethodTrace && x.Class() == 2 && strings.Contains(x.Response.Body, "User-Agent")
		}
		j.Each([]*Exchange{x}, ExpectRefusal, "4xx or 501 for a method other than POST",
			FailIf(GivesCredentials), FailIf(StillPending), PassIf(Class(4)), PassIf(StatusIs(http.StatusNotImplemented)),
			InconclusiveIf(Infrastructure), WarnIf(echoed))
	}
	overrides := []string{overrideGET, overrideDELETE}
	if x := e.One(extraMembers, "with"); x != nil && x.HasCodes() { // else DF-AUTHZ-015
		overrides = append(overrides, overrideForm)
	}
	ordinary := j.Against(e.One(otherMethods, ordinaryPoll), "DF-POLL-001")
	ordinary.Each(e.Of(otherMethods, overrides...), ExpectPending, "the answer that an ordinary POST gets",
		PassIf(GivesCodes), PassIf(StillPending), InconclusiveIf(Infrastructure), FailIf(Class(5)), WarnIf(AnyAnswer))
}
