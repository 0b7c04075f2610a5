package conformance

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// A Rule gives a verdict to an exchange that its predicate fits. Rules are
// tried in order; what none of them names follows Due (rule C17).
type Rule struct {
	Verdict reports.Verdict
	When    Predicate
}

// A Predicate is a question about one exchange.
type Predicate func(x *Exchange) bool

// PassIf, WarnIf, FailIf and InconclusiveIf give their verdict to an exchange that all
// the predicates fit.
func PassIf(p ...Predicate) Rule         { return Rule{reports.Pass, all(p)} }
func WarnIf(p ...Predicate) Rule         { return Rule{reports.Warning, all(p)} }
func FailIf(p ...Predicate) Rule         { return Rule{reports.Fail, all(p)} }
func InconclusiveIf(p ...Predicate) Rule { return Rule{reports.Inconclusive, all(p)} }

// Expectation is what a correct server owes the request, whatever its exact wording.
type Expectation int

const (
	ExpectRefusal Expectation = iota // 4xx without credentials
	ExpectPending                    // the grant is undecided
	ExpectSuccess                    // 200 with codes or tokens
	// the same, of an ordinary poll that shows what the requests before it did (ruling R33)
	ExpectTokens
)

// fallback is the verdict on an outcome that no rule names (rule C17).
func (d Expectation) fallback(x *Exchange) (reports.Verdict, string) {
	switch {
	case x.Infrastructure():
		return reports.Inconclusive, OfInfrastructure(x)
	case x.Class() == 5,
		d == ExpectRefusal && (x.GivesCredentials() || x.StillPending()),
		d == ExpectPending && (x.GivesCredentials() || x.ErrorCode() != "" && !x.StillPending()):
		return reports.Fail, x.Replied()
	}
	return reports.Warning, x.Replied() + ", which the standards do not foresee here"
}

// Each judges exchanges one by one. Superseded exchanges and missing ones are
// passed over; an answer of infrastructure is open whatever the rules say, but
// for a firewall's refusal where any refusal will do.
func (j *Judgement) Each(xs []*Exchange, due Expectation, expected string, rules ...Rule) {
	for _, x := range xs {
		if x == nil || x.Superseded {
			continue
		}
		v, actual := due.verdict(x, rules, j.ownsLimits)
		j.Record(v, expected, actual, x)
	}
}

// verdict is that of the first rule that fits, or what follows from Due.
func (d Expectation) verdict(x *Exchange, rules []Rule, ownsLimits bool) (reports.Verdict, string) {
	// whatever its body says (ruling R29)
	limited := d == ExpectRefusal && x.Status() == http.StatusTooManyRequests && !x.Excused()
	v, actual := d.fallback(x)
	for _, r := range rules {
		if r.When(x) {
			v, actual = r.Verdict, x.Replied()
			break
		}
	}
	switch {
	case (x.Infrastructure() || limited) && !ownsLimits && !(v == reports.Pass && x.blocked()):
		return reports.Inconclusive, OfInfrastructure(x)
	case d == ExpectTokens && x.Class() == 5:
		return reports.Inconclusive, x.Replied() + ", a server error, which says nothing about the requests before it"
	}
	return v, actual
}

// OfInfrastructure says of an answer that it is not the device flow's.
func OfInfrastructure(x *Exchange) string {
	if x.Response == nil {
		return x.Replied()
	}
	return x.Replied() + ", from a rate limiter or proxy rather than the device flow"
}

// Says describes an answer in a few words: "400 invalid_grant".
func (x *Exchange) Says() string { return Describe(x) }

// Describe is an answer in a few words: "400 invalid_grant".
func Describe(x *Exchange) string {
	if x == nil {
		return "no request was sent"
	}
	if x.Response == nil {
		return "no answer (" + x.Error + ")"
	}
	out := []string{fmt.Sprint(x.Status())}
	switch code := x.ErrorCode(); {
	case code != "":
		out = append(out, code)
	case x.HasTokens():
		out = append(out, "with an access token")
	case x.HasCodes():
		out = append(out, "with a device code")
	case x.Error != "":
		out = append(out, "and "+x.Error)
	case x.Object() == nil && x.Response.Length > 0:
		out = append(out, "with a body of type "+cmp.Or(x.MediaType(), "unknown"))
	case x.Object() != nil && (x.Op == OpMetadata && x.Request.Method == http.MethodGet || x.Op == OpOther):
		out = append(out, "with a JSON object")
	case x.Object() != nil:
		out = append(out, "with neither an error nor codes")
	}
	return strings.Join(out, " ")
}

func all(ps []Predicate) Predicate {
	return func(x *Exchange) bool {
		for _, p := range ps {
			if !p(x) {
				return false
			}
		}
		return true
	}
}

// Not turns a question round.
func Not(p Predicate) Predicate { return func(x *Exchange) bool { return !p(x) } }

// ErrorIs asks for a refusal with one of some error codes (RFC 6749 section 5.2, RFC 8628
// section 3.5).
func ErrorIs(codes ...string) Predicate {
	return func(x *Exchange) bool { return x.Class() != 2 && slices.Contains(codes, x.ErrorCode()) }
}

// StatusIs asks for one of some statuses. A refusal under 200, and a status that the
// configuration excuses, count as 400.
func StatusIs(codes ...int) Predicate {
	return func(x *Exchange) bool {
		return slices.Contains(codes, x.Status()) || (x.Excused() || x.RefusedUnder2xx()) &&
			slices.Contains(codes, http.StatusBadRequest)
	}
}

// Class asks for a status of n hundred.
func Class(n int) Predicate { return func(x *Exchange) bool { return x.Class() == n } }

// StillPending asks for authorization_pending or slow_down.
func StillPending(x *Exchange) bool { return x.StillPending() }

// GivesTokens asks for an access token.
func GivesTokens(x *Exchange) bool { return x.HasTokens() }

// GivesCodes asks for a device code.
func GivesCodes(x *Exchange) bool { return x.HasCodes() }

// GivesCredentials asks for a device code or an access token.
func GivesCredentials(x *Exchange) bool { return x.GivesCredentials() }

// Infrastructure asks for what a rate limiter, a proxy or the network answered.
func Infrastructure(x *Exchange) bool { return x.Infrastructure() }

// Redirects asks for a redirect.
func Redirects(x *Exchange) bool { return x.Class() == 3 }

// FieldErrors is the validation answer of frameworks: a 4xx JSON body without
// an error member (ruling R9).
func FieldErrors(x *Exchange) bool {
	return x.Class() == 4 && x.ErrorCode() == "" && x.Object() != nil
}

// HasError asks for an error code of any name.
func HasError(x *Exchange) bool { return x.ErrorCode() != "" }

// AnyAnswer asks for an answer of any kind.
func AnyAnswer(x *Exchange) bool { return x.Response != nil }

// IsTerminal reports whether an answer ends a flow without tokens, under any of the
// names that servers use for it.
func IsTerminal(x *Exchange) bool {
	return x.Class() != 2 && slices.Contains([]string{spec.ErrAccessDenied, spec.ErrExpiredToken, spec.ErrInvalidGrant},
		x.ErrorCode())
}

// IsHTML reports whether an answer is a page.
func IsHTML(x *Exchange) bool {
	return x.MediaType() == "text/html" || x.MediaType() == "application/xhtml+xml"
}

// IsMetadata reports whether an answer can be server metadata (RFC 8414 section 3.2).
func IsMetadata(x *Exchange) bool { return x.Status() == http.StatusOK && x.Object() != nil }

// FrameworkAnswer is a validation answer without an error code. Whether ruling
// R9 lets it pass is decided once, by DF-ERR-007 (rule C1); here it is no more
// than a refusal in other words.
func (e *Evidence) FrameworkAnswer() Rule { return PassIf(FieldErrors) }

// pollingStates are the four answers of RFC 8628 section 3.5; flowCodes are these
// and the errors of plain mistakes.
var (
	PollingStates = []string{spec.ErrAuthorizationPending, spec.ErrSlowDown, spec.ErrAccessDenied, spec.ErrExpiredToken}
	FlowCodes     = append(slices.Clone(PollingStates), spec.ErrInvalidGrant, spec.ErrInvalidRequest,
		spec.ErrUnsupportedGrantType)
)

// RegisteredErrors are the codes of RFC 6749, RFC 8628 and the extensions error
// registry that a token endpoint may use.
var RegisteredErrors = append(slices.Clone(FlowCodes), spec.ErrInvalidClient, spec.ErrUnauthorizedClient,
	spec.ErrInvalidScope,
	spec.ErrInvalidTarget, "invalid_dpop_proof", "use_dpop_nonce", "invalid_authorization_details",
	"insufficient_user_authentication",
	"unsupported_token_type", "invalid_token", "insufficient_scope", "unmet_authentication_requirements")
