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

func Not(p Predicate) Predicate { return func(x *Exchange) bool { return !p(x) } }

func ErrorIs(codes ...string) Predicate {
	return func(x *Exchange) bool { return x.Class() != 2 && slices.Contains(codes, x.ErrorCode()) }
}

func StatusIs(codes ...int) Predicate {
	return func(x *Exchange) bool {
		return slices.Contains(codes, x.Status()) || (x.Excused() || x.RefusedUnder2xx()) &&
			slices.Contains(codes, http.StatusBadRequest)
	}
}

func Class(n int) Predicate { return func(x *Exchange) bool { return x.Class() == n } }

func StillPending(x *Exchange) bool { return x.StillPending() }

func GivesTokens(x *Exchange) bool { return x.HasTokens() }

func GivesCodes(x *Exchange) bool { return x.HasCodes() }

func GivesCredentials(x *Exchange) bool { return x.GivesCredentials() }

func Infrastructure(x *Exchange) bool { return x.Infrastructure() }

func Redirects(x *Exchange) bool { return x.Class() == 3 }

// fieldErrors is the validation answer of frameworks: a 4xx JSON body without
// an error member (ruling R9).
func FieldErrors(x *Exchange) bool {
	return x.Class() == 4 && x.ErrorCode() == "" && x.Object() != nil
}

func HasError(x *Exchange) bool { return x.ErrorCode() != "" }

func AnyAnswer(x *Exchange) bool { return x.Response != nil }

// terminal reports whether an answer ends a flow without tokens, under any of the
// names that servers use for it.
func Terminal(x *Exchange) bool {
	return x.Class() != 2 && slices.Contains([]string{spec.ErrAccessDenied, spec.ErrExpiredToken, spec.ErrInvalidGrant},
		x.ErrorCode())
}

func IsHTML(x *Exchange) bool {
	return x.MediaType() == "text/html" || x.MediaType() == "application/xhtml+xml"
}

func IsMetadata(x *Exchange) bool { return x.Status() == http.StatusOK && x.Object() != nil }

// frameworkAnswer is a validation answer without an error code. Whether ruling
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

// registeredErrors are the codes of RFC 6749, RFC 8628 and the extensions error
// registry that a token endpoint may use.
var RegisteredErrors = append(slices.Clone(FlowCodes), spec.ErrInvalidClient, spec.ErrUnauthorizedClient,
	spec.ErrInvalidScope,
	spec.ErrInvalidTarget, "invalid_dpop_proof", "use_dpop_nonce", "invalid_authorization_details",
	"insufficient_user_authentication",
	"unsupported_token_type", "invalid_token", "insufficient_scope", "unmet_authentication_requirements")
