package conformance

import (
	"net/http"
	"slices"

	"github.com/dfcheck/dfcheck/spec"
)

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
