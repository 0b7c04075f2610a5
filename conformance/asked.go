package conformance

import (
	"net/http"

	"github.com/dfcheck/dfcheck/spec"
)

// Replied says what came back and to which request: "400 invalid_grant for a
// poll after the interval". Steps are words between a scenario and its judge, so
// a finding has them in a reader's words; where they say nothing of the request,
// what was expected does.
func (x *Exchange) Replied() string {
	asked := x.Asked()
	if asked == "" {
		return Describe(x)
	}
	if x.Response == nil {
		return Describe(x) + " to " + asked
	}
	return Describe(x) + " for " + asked
}

// Asked says which request of its scenario this is; nothing where it is the
// only one of its kind.
func (x *Exchange) Asked() string {
	if x == nil || x.Step == "" {
		return ""
	}
	words, known := moments[x.Scenario+": "+x.Step]
	if !known {
		words, known = moments[x.Step]
	}
	pair, paired := parseEncodingPair(x.Step)
	n, negative := x.Negative()
	switch {
	case known && words == "":
		return ""
	case known:
		return x.kind() + " " + words
	case x.Step == x.Request.Method, x.Step == ToToken, x.Step == ToStart:
		return x.kind()
	case paired && x.Op == OpToken:
		return x.kind() + " as " + pair.Token.Short() + ", of a code that was requested as " + pair.Start.Short()
	case paired:
		return x.kind() + " as " + pair.Start.Short()
	case negative && n.Kind != spec.Undeclared:
		return x.kind() + " as " + n.Encoding.Short() + " (" + n.Mistake() + ")"
	}
	return x.kind() + " (" + x.Step + ")"
}

// Steps that name no more than the endpoint.
const (
	ToStart = "device authorization"
	ToToken = "token"
)

// An EncodingPair is how a flow speaks, and the step of its requests: the code is
// requested in the one encoding and polled in the other.
type EncodingPair struct{ Start, Token spec.Encoding }

func (p EncodingPair) String() string { return p.Start.Short() + " then " + p.Token.Short() }

// parseEncodingPair finds the pair whose flow has this step.
func parseEncodingPair(step string) (p EncodingPair, ok bool) {
	for _, p.Start = range spec.Encodings() {
		for _, p.Token = range spec.Encodings() {
			if p.String() == step {
				return p, true
			}
		}
	}
	return p, false
}

// kind names the request as the standards do.
func (x *Exchange) kind() string {
	place := "a request"
	switch x.Op {
	case OpStart:
		place = "a device authorization request"
	case OpToken:
		place = "a token request"
		switch grant, _ := x.Request.Params.Get("grant_type"); grant {
		case spec.GrantDeviceCode:
			place = "a poll"
		case spec.GrantRefreshToken:
			place = "a refresh request"
		}
	case OpMetadata:
		place = "a metadata request"
	case OpPage:
		place = "a request to the verification page"
	}
	if m := x.Request.Method; m != http.MethodPost && x.Op != OpMetadata && x.Op != OpPage && m != "" {
		switch x.Op {
		case OpStart:
			place = "the device authorization endpoint"
		case OpToken:
			place = "the token endpoint"
		}
		return m + " to " + place
	}
	return place
}

// moments are the steps that name a moment of a flow, in a reader's words; a
// scenario may stand before its step where that means something else in others.
// Steps that are not here describe the request itself.
var moments = map[string]string{
	// Polls of an undecided code.
	"due": "after the interval", "patient": "after the interval", "steady": "after the interval",
	"hasty": "before the interval was over", "served": "after the interval that slow_down asks for",
	"raised": "after the raised interval", "announced": "after the announced interval",
	"raised again": "after the interval raised once more", "a second later": "a second after the interval",
	"at once": "at once", "after an interval": "an interval later",
	"polls of another client: undecided": "by another client before the decision",
	"undecided":                          "before the decision", "before": "before the decision",
	"left alone": "without a decision", "untouched": "after the link was opened",
	"opened when signed in": "", "of the session": "", "of a later device": "of a later device",
	"patient device: kept": "on the connection that issued the code", "patient device: fresh": "on a new connection",
	"soon": "soon after the approval", "issuer": "on the connection that issued the code",
	"due again": "after the interval, once more", "paced": "at a slower pace",
	"alone": "of a device that is alone", "another": "on another connection", "patient device, alone: another": "of another device", "another at once": "of another device at once",
	"entered": "after the user code was entered", "alive": "within the lifetime",
	// Around a decision, and after it.
	"redemption by another client: approved": "by another client after the approval",
	"approved":                               "after the approval", "denied": "after the denial",
	"crossing":        "during the approval",
	"approved device": "of the approved device", "denied device": "of the denied device",
	"redeem": "after the approval", "race": "among several at the same moment", "late": "some time later",
	"replay": "after the redemption", "replayed": "with the used refresh token",
	"branch": "with one of the new refresh tokens",
	"again":  "after the denial was reported", "next": "of the next device", "next device": "of the next device",
	"refresh after replay": "after the code was used again",
	// The end of the lifetime.
	"before the end": "shortly before the lifetime ended", "after the end": "after the lifetime ended",
	"later": "long after the lifetime ended",
	// Before and after something that the finding names.
	"after": "afterwards", "afterwards": "afterwards", "first": "", "second": "", "poll": "", "refresh": "", "honest": "",
	"advertised start": "to the advertised endpoint", "start": "", "client_id": "", "grant_type": "",
	"the user code":               "with the user code in place of the device code",
	"the undecided user code":     "with the user code in place of the device code, before the decision",
	"a user code that nobody has": "with a user code that nobody has",
	"properly":                    "with the right device code", "own": "by the client itself", "foreign": "by another client",
	// Who asks, and with what.
	"unknown client": "by an unknown client", "restricted client": "by a client that may not use the device grant",
	"no secret": "without the client secret", "wrong secret": "with a wrong client secret",
	"right secret": "with the right client secret", "configured": "with the configured authentication method",
	"basic": "with HTTP Basic", "post": "with the client secret in the body", "with client_id": "with client_id",
	"without client_id": "without client_id", "empty client_id": "with an empty client_id",
	"minimal": "with the required parameters alone", "query": "with its parameters in the URL",
	"with": "with unknown parameters", "extra": "with unknown parameters", "without": "without unknown parameters",
	"empty client_secret": "with an empty client_secret", "widened": "for more scope",
	"accented":           "with an accented letter",
	"of the usual shape": "with an unknown code of the usual shape",
	"of another shape":   "with an unknown code of another shape",
	"a wrong verifier":   "with a wrong code_verifier", "the right verifier": "with the right code_verifier",
	"no verifier": "without code_verifier", "form": "as form", "json": "as json", "multipart": "as multipart",
	"Accept: ":                          "without an Accept header field",
	"a page of another site: preflight": "as a CORS preflight", "preflight": "", "page": "", "shared": "", "opened": "",
	"owner": "", "chunked": "in chunks", "agreeing": "with the same credentials twice", "guess": "with a guessed code",
	"introspect": "for introspection", "null": "with null as its body", "tampered": "with an altered access token",
	// Floods.
	"kept": "before the flood", "ready": "before the flood",
	"kept through the flood": "for an earlier code during the flood", "start of the flood": "during the flood",
	"redeemed through the flood": "for an approved code during the flood", "guess of the flood": "during the flood",
}
