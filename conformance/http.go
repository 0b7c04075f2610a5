package conformance

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

// httpChecks judge the layer below OAuth: this file methods, http_headers.go
// header fields, http_paths.go the final slash, http_framing.go how bodies
// travel, http_tls.go the transport.
var httpChecks = []Check{
	{ID: "DF-HTTP-001", Gate: GateTokens, Reads: []*Scenario{safeMethods}, Judge: judgeSafeMethods},
	{ID: "DF-HTTP-002", Gate: GateStart, Reads: []*Scenario{safeMethods, otherMethods}, Shows: "answer with status 405",
		Passive: true, Judge: judgeAllow},
	{ID: "DF-HTTP-003", Gate: GateStart, Reads: []*Scenario{otherMethods, extraMembers}, Judge: judgeOtherMethods},
	{ID: "DF-HTTP-004", Gate: GateStart, Reads: []*Scenario{foreignOrigin}, Judge: judgeForeignOrigin},
	{ID: "DF-HTTP-005", Gate: GateStart, Reads: []*Scenario{slashVariants}, Judge: judgeSlashVariants},
	{ID: "DF-HTTP-006", Gate: GateStart, Reads: []*Scenario{minimalStart}, Shows: "successful device authorization",
		Passive: true, Judge: judgeStartCaching},
	{ID: "DF-HTTP-007", Gate: GateStart, Needs: []Need{NeedPublicTLS}, Reads: []*Scenario{plainHTTP},
		Judge: judgePlainHTTP},
	{ID: "DF-HTTP-008", Needs: []Need{NeedPublicTLS}, Reads: []*Scenario{handshakes, minimalStart, verificationPage},
		Judge: judgeHandshakes},
	{ID: "DF-HTTP-009", Gate: GateStart, Reads: []*Scenario{framings}, Passive: true, Judge: judgeFramings},
}

// startCall and pollCall are the two operations' requests by any method. The
// answer to a strange method is final.
func (s *Scene) startCall(method, step string) Call {
	return Call{Op: OpStart, Step: step, Method: method, URL: s.target.StartURL, Client: &s.target.Client,
		Encoding: s.encoding(OpStart), Params: s.target.baseStart("method"), Provoked: true, Once: true}
}

func (s *Scene) pollCall(method, step, deviceCode string) Call {
	return Call{Op: OpToken, Step: step, Method: method, URL: s.target.TokenURL, Client: &s.target.Client,
		Encoding: s.encoding(OpToken), Params: s.target.basePoll(deviceCode), Provoked: true, Once: true}
}

// inQuery moves the parameters of a call into its URL.
func inQuery(c *Call) {
	q := url.Values{}
	for _, p := range c.Params {
		q.Add(p.Name, p.Value)
	}
	sep := "?"
	if strings.Contains(c.URL, "?") {
		sep = "&"
	}
	c.URL, c.Params = c.URL+sep+q.Encode(), nil
}

// safeMethods tries GET and HEAD with everything in the URL. The code that was
// named in it is then polled, and redeemed where somebody can approve.
var safeMethods = &Scenario{
	Name: "GET and HEAD", Lane: LaneApprove, Cost: waits(7, 1, 2),
	Decisions: asks(1),
	Run: func(ctx context.Context, s *Scene) {
		f := s.Start(ctx)
		if !f.OK() {
			return
		}
		for _, m := range []string{http.MethodGet, http.MethodHead} {
			s.Send(ctx, s.startCall(m, m), inQuery)
			s.Send(ctx, s.pollCall(m, m, f.Codes.DeviceCode), inQuery)
		}
		if x := f.PollDue(ctx, Step("after")); x == nil || !x.StillPending() || f.Approve(ctx) != Accepted {
			return
		}
		f.settle(ctx)
		f.collect(ctx, "redeem")
	},
}

func judgeSafeMethods(e *Evidence, j *Judgement) {
	j.Each(e.Of(safeMethods, http.MethodGet, http.MethodHead), DueRefusal, "405",
		failIf(givesCredentials), failIf(stillPending), passIf(statusIs(http.StatusMethodNotAllowed)),
		warnIf(statusIs(400, 401, 403, 404)))
	j.Each(e.Of(safeMethods, "after"), DuePending, "the grant to stay pending after GET and HEAD",
		passIf(stillPending), openIf(infrastructure), failIf(anyAnswer))
	for _, f := range e.FlowsOf(safeMethods) {
		polls := e.Polls(f, "redeem")
		if len(polls) == 0 || !wasDecided(e, j, safeMethods, f) {
			continue
		}
		j.Each(polls[len(polls)-1:], DueTokens, "tokens (GET and HEAD requests must not use up the code)",
			passIf(givesTokens), openIf(stillPending), failIf(anyAnswer))
	}
}

// methods that neither operation has. DFCHECK is nobody's.
var methods = []string{http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodTrace, "DFCHECK"}

// The overrides of methods that frameworks know. A server must treat a POST
// with one as any POST.
const (
	overrideGET    = "POST with X-HTTP-Method-Override: GET"
	overrideDELETE = "POST with X-HTTP-Method-Override: DELETE"
	overrideForm   = "POST with _method=DELETE"
)

// otherMethods sends valid requests under other methods, and POSTs that claim
// to be something else.
var otherMethods = &Scenario{
	Name: "other methods", Lane: LaneInstant, Cost: fixed(2*len(methods)+7, len(methods)+4),
	Run: func(ctx context.Context, s *Scene) {
		f := s.Start(ctx)
		if !f.OK() {
			return
		}
		for _, m := range methods {
			start, poll := s.startCall(m, m), s.pollCall(m, m, f.Codes.DeviceCode)
			if m == http.MethodTrace { // takes no body (RFC 9110 section 9.3.8)
				inQuery(&start)
				inQuery(&poll)
			}
			s.Send(ctx, start)
			s.Send(ctx, poll)
		}
		const field = "X-HTTP-Method-Override"
		for step, o := range map[string]Option{
			overrideGET: Field(field, "GET"), overrideDELETE: Field(field, "DELETE"),
			overrideForm: Also(spec.Param{Name: "_method", Value: "DELETE"}),
		} {
			s.Send(ctx, s.startCall(http.MethodPost, step), o)
			s.Send(ctx, s.pollCall(http.MethodPost, step, f.Codes.DeviceCode), o)
		}
	},
}

func judgeOtherMethods(e *Evidence, j *Judgement) {
	for _, x := range e.Of(otherMethods, methods...) {
		echoed := func(x *Exchange) bool {
			return x.Request.Method == http.MethodTrace && x.Class() == 2 && strings.Contains(x.Response.Body, "User-Agent")
		}
		j.Each([]*Exchange{x}, DueRefusal, "4xx or 501 for a method other than POST",
			failIf(givesCredentials), failIf(stillPending), passIf(class(4)), passIf(statusIs(http.StatusNotImplemented)),
			openIf(infrastructure), warnIf(echoed))
	}
	overrides := []string{overrideGET, overrideDELETE}
	if x := e.One(extraMembers, "with"); x != nil && x.HasCodes() { // else DF-AUTHZ-015
		overrides = append(overrides, overrideForm)
	}
	j.Each(e.Of(otherMethods, overrides...), DuePending, "the answer that an ordinary POST gets",
		passIf(givesCodes), passIf(stillPending), openIf(infrastructure), failIf(class(5)), warnIf(anyAnswer))
}
