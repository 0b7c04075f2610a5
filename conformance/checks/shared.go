package checks

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// What several areas ask of the scenarios of one of them. Words that need no scenario
// stand in the engine.

// document is the metadata that clients would use: OAuth's before OpenID's.
func document(e *Evidence) *Exchange {
	for _, step := range metadataSteps {
		if x := e.One(metadata, step); x != nil && IsMetadata(x) {
			return x
		}
	}
	return nil
}

// The two places of a metadata document, as steps of the metadata scenario, and all
// places in the order of WellKnown.
const (
	stepOAuth  = "oauth-authorization-server"
	stepOpenID = "openid-configuration"
)

var metadataSteps = []string{stepOAuth, stepOpenID, stepOAuth + " behind the path", stepOpenID + " before the path"}

// likeUnknown compares with what this server says to a code that nobody issued.
// DF-POLL-011 judges that answer, and no other check repeats its finding (ruling R26): it
// is due to codes that have ended as well, which many servers forget.
func likeUnknown(e *Evidence, j *Judgement) Comparison {
	return j.Against(e.One(unknownCodes, "of the usual shape"), "DF-POLL-011")
}

// throttled reports whether a slow_down is that of a limiter which speaks OAuth:
// it comes with 429, and a device that polls too fast is told so with another
// status or not at all, or requests get it that are no device's polls (ruling R29).
func throttled(e *Evidence) Predicate {
	return func(x *Exchange) bool {
		if !x.SlowedBy429() {
			return false
		}
		if e.LimiterSlows() {
			return true
		}
		hasty := e.Of(servedSlowDown, "hasty")
		if len(hasty) == 0 {
			return false
		}
		own := slices.DeleteFunc(hasty, func(y *Exchange) bool { return y.ErrorCode() != spec.ErrSlowDown })
		return len(own) == 0 || slices.ContainsFunc(own, func(y *Exchange) bool {
			return y.Status() != http.StatusTooManyRequests
		})
	}
}

// declared reports whether the status of an answer is one that a user's document has
// for the operation.
func declared(e *Evidence) Predicate {
	return func(x *Exchange) bool { return e.OwnDocument() && x.Op.In(e.Contract).Declares(x.Status()) }
}

// unprocessable reports whether an answer is 422 where a user's document declares it:
// the way in which some frameworks say 400 (ruling R88).
func unprocessable(e *Evidence) Predicate {
	return func(x *Exchange) bool { return x.Status() == http.StatusUnprocessableEntity && declared(e)(x) }
}

// tolerated is the verdict on a request that was served although it breaks a rule of the
// contract for one parameter. What a user's document asks beyond RFC 8628, or leaves
// open, a server may be lenient about (rulings R89, R90).
func tolerated(e *Evidence, op Operation, param string, is Predicate) Rule {
	p, _ := op.In(e.Contract).Param(param)
	owed := param == "device_code" || p.Required && (param == "client_id" || param == "grant_type")
	if e.OwnDocument() && !owed {
		return WarnIf(is)
	}
	return FailIf(is)
}

// taking skips a check of a parameter that a user's document does not have: it cannot
// be told from the answers what it would be worth.
func taking(op Operation, param string, judge func(*Evidence, *Judgement)) func(*Evidence, *Judgement) {
	return func(e *Evidence, j *Judgement) {
		if o := op.In(e.Contract); !o.Has(param) {
			j.Skip("the document has no " + param + " in the request to " + o.Path)
			return
		}
		judge(e, j)
	}
}

// namedByHeader reports whether the client's HTTP Basic credentials name it, so that a
// device authorization request of whose body nothing is read is a complete one (RFC 8628
// section 3.1).
func namedByHeader(e *Evidence) bool { return e.Client.Auth == "basic" && !e.Documented() }

// acceptedWithout reports whether a start that lacked a required parameter was
// served.
func acceptedWithout(e *Evidence, param string, enc spec.Encoding) bool {
	for _, s := range []*Scenario{missingClient, missingMetadata} {
		if x := e.One(s, spec.Negative{Kind: spec.Missing, Param: param, Encoding: enc}.String()); x != nil && x.HasCodes() {
			return true
		}
	}
	return false
}

// posted lists the answers of both endpoints to POSTs that OAuth code answers:
// those of ordinary devices, and the mistakes that a check names. What is said
// to other requests may be a framework's, which knows nothing of OAuth (ruling
// R25); a check must not name their scenarios.
func posted(e *Evidence) []*Exchange {
	var out []*Exchange
	for _, x := range e.Exchanges {
		url, _, _ := strings.Cut(x.Request.URL, "?")
		if url != e.StartURL && url != e.TokenURL {
			continue // where metadata points is DF-DISC-004
		}
		if (x.Op == OpStart || x.Op == OpToken) && x.Request.Method == "POST" && x.Response != nil && !x.Superseded &&
			!x.Infrastructure() && x.Response.Length <= MaxBody { // a body that was cut is nothing to judge
			out = append(out, x)
		}
	}
	return out
}

// passive makes a check that looks at every ordinary answer of the run; the
// minimal start makes sure there is one.
func passive(id string, judge func(e *Evidence, j *Judgement)) Check {
	return Check{ID: id, Gate: GateStart, Reads: []*Scenario{minimalStart}, Shows: "successful device authorization",
		Passive: true, Judge: judge}
}

// passiveToken makes a check that looks at every token response of the run.
func passiveToken(id string, judge func(*Evidence, *Judgement)) Check {
	return Check{ID: id, Gate: GateTokens, Needs: []Capability{NeedApprover}, Reads: []*Scenario{approvedFlow},
		Wants: []*Scenario{unprimedFlow},
		Shows: "token response", Passive: true, Judge: judge}
}

// passiveErrors makes a check that looks at the refusals of the run; a pending
// poll, a slow_down and four faults make sure that there are some.
func passiveErrors(id string, judge func(*Evidence, *Judgement)) Check {
	return Check{ID: id, Gate: GateStart, Reads: []*Scenario{firstPoll, encodedFaults}, Wants: erring,
		Shows: "error response", Passive: true, Judge: judge}
}

// untilReplayed is how long a code takes from its approval until it was raced for,
// replayed and approved again.
func untilReplayed(t Timing) time.Duration {
	return t.Interval + settling + Slack + 3*(t.Interval+Slack)
}

// settling is what a decision gets to reach all parts of a server.
const settling = 500 * time.Millisecond

// refreshable redeems a code and reports whether a refresh token came with it.
func refreshable(ctx context.Context, s *ScenarioRun) (*Flow, bool) {
	f, ok := s.Redeem(ctx)
	return f, ok && f.Token.RefreshToken != ""
}

// withRefreshToken skips a check when the server issues no refresh token.
func withRefreshToken(s *Scenario, judge func(*Evidence, *Judgement)) func(*Evidence, *Judgement) {
	return func(e *Evidence, j *Judgement) {
		switch x := e.Issued(s); {
		case e.OwnDocument() && !e.Contract.Refreshes():
			j.Skip("the document's token operation has no refresh grant")
		case x == nil:
			e.Unredeemed(j, s)
		case x.Text("refresh_token") == "":
			j.Skip("the server issues no refresh token")
		default:
			judge(e, j)
		}
	}
}
