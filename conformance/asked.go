package conformance

import (
	"net/http"

	"github.com/dfcheck/dfcheck/spec"
)

// Words say which request of its scenario a step is, to a reader of findings: "after the
// interval"; an empty text where the finding says enough.
type Words map[string]string

// Replied says what came back and to which request: "400 invalid_grant for a
// poll after the interval".
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
	words, known := x.words[x.Step]
	if !known {
		words, known = commonWords[x.Step]
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

// Kind names the request as the standards do.
func (x *Exchange) Kind() string {
	switch x.Op {
	case OpStart:
		return "device authorization request"
	case OpToken:
		switch grant, _ := x.Request.Params.Get("grant_type"); grant {
		case spec.GrantDeviceCode:
			return "poll"
		case spec.GrantRefreshToken:
			return "refresh request"
		}
		return "token request"
	case OpMetadata:
		return "metadata request"
	case OpPage:
		return "request to the verification page"
	}
	return "request"
}

// kind is a request of that kind, or one of another method at its endpoint.
func (x *Exchange) kind() string {
	place := "a " + x.Kind()
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

// commonWords are those of steps that several scenarios send, or the functions by which
// they do. A scenario that means something else by one of these, and one that has a step
// of its own, says so in its Words. Steps without words describe the request itself.
var commonWords = Words{
	// Polls of an undecided code.
	"due": "after the interval", "patient": "after the interval", "hasty": "before the interval was over",
	"served": "after the interval that slow_down asks for", "at once": "at once", "undecided": "before the decision",
	"before": "before the decision", "left alone": "without a decision",
	// Around a decision, and after it.
	"approved": "after the approval", "denied": "after the denial", "crossing": "during the approval",
	"redeem": "after the approval", "race": "among several at the same moment", "late": "some time later",
	"replay": "after the redemption", "after": "afterwards", "afterwards": "afterwards",
	// The end of the lifetime.
	"before the end": "shortly before the lifetime ended", "after the end": "after the lifetime ended",
	// Who asks, and with what.
	"unknown client": "by an unknown client", "no secret": "without the client secret",
	"wrong secret": "with a wrong client secret", "right secret": "with the right client secret",
	"basic": "with HTTP Basic", "post": "with the client secret in the body", "without client_id": "without client_id",
	"query": "with its parameters in the URL", "properly": "with the right device code",
	"form": "as form", "json": "as json", "multipart": "as multipart", "introspect": "for introspection",
	// The only one of its kind, or one of a pair that the finding tells apart.
	"start": "", "poll": "", "refresh": "", "first": "", "second": "", "page": "", "opened": "",
	"opened when signed in": "", "of the session": "",
}
