package load

import (
	"hash/maphash"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

// outcome is what an answer said. Each request has one.
type outcome uint8

const (
	outNone outcome = iota
	outCodes
	outPending
	outSlowDown
	outToken
	outDenied
	outExpired
	outOAuth
	out4xx
	out5xx
	outMalformed
	outTimeout
	outConnection
	outRefused // a finished flow that was polled on purpose, and refused
	outUnsent  // this machine could not send it: no outcome of the target
	outcomes
)

// String is the outcome's name in reports.
func (o outcome) String() string { return outcomeNames[o] }

var outcomeNames = [outcomes]string{"none", "device_code", "authorization_pending", "slow_down", "token", "access_denied", "expired_token",
	"oauth_error", "http_4xx", "http_5xx", "malformed", "timeout", "connection", "refused", "not_sent"}

// bad tells the outcomes that no healthy flow has; pending is success.
func (o outcome) bad() bool { return o >= outOAuth && o <= outConnection }

// answered reports whether the target said anything.
func (o outcome) answered() bool { return o != outTimeout && o != outConnection && o != outUnsent }

// reply is an answer, read and classified. It does not change any more: equal
// answers share one.
type reply struct {
	outcome      outcome
	status       int
	contentType  string
	cacheControl string
	header       string // as it came
	body         string
	codes        spec.StartResponse
	token        uint64 // hash of the access token
	faults       faults
	problem      string // why there is none, or why it is malformed
	cause        string // the kind of an error of the network
	retryAfter   int64  // nanoseconds to wait, of an error
}

// faults are what is wrong with an answer by itself.
type faults uint8

const (
	wrongStatus faults = 1 << iota
	wrongType
	storable
	fresh  // a cache may keep it
	marked // with a byte order mark
)

// Plausible bounds for the announced interval and lifetime, in seconds.
const (
	minInterval = 1
	maxInterval = 3600
	maxLifetime = 366 * 24 * 3600
)

// final tells that an answer ends a flow, or a start, for good: an OAuth error,
// or, for a start, what only polls are answered.
func (o outcome) final() bool { return o.answered() && o != out4xx && o != out5xx && o != outMalformed }

// infrastructure tells a 5xx of what stands before a server from one of its own:
// that gate answers for a server which is away, or has too much to do.
func (r *reply) infrastructure() bool {
	return r.status > http.StatusNotImplemented && r.status <= http.StatusGatewayTimeout && !slices.Contains(errorCodes, spec.ErrorCode([]byte(r.body)))
}

var hashSeed = maphash.MakeSeed()

// hash is the same for equal texts, in this process.
func hash(s string) uint64 { return maphash.String(hashSeed, s) }

// classifyStart reads the answer to a device authorization request.
func (r *reply) classifyStart() {
	if r.status/100 != 2 {
		r.classifyError()
		return
	}
	r.success()
	codes, plain := quickStart(r.body)
	var err error
	if !plain {
		codes, err = spec.DecodeStart([]byte(r.body))
	}
	if !codes.HasInterval {
		codes.Interval = spec.DefaultInterval
	}
	switch {
	case codes.DeviceCode == "" || codes.UserCode == "":
		r.malformed("no codes: " + text(err))
	case codes.Interval < minInterval || codes.Interval > maxInterval:
		r.malformed("an interval that is not between 1 and 3600 seconds")
	case codes.ExpiresIn <= 0 || codes.ExpiresIn > maxLifetime:
		r.malformed("a lifetime that is not positive")
	default:
		r.outcome, r.codes = outCodes, codes
	}
}

// classifyPoll reads the answer to a poll.
func (r *reply) classifyPoll() {
	code := spec.ErrorCode([]byte(r.body))
	if r.status/100 != 2 || code != "" {
		r.classifyError()
		return
	}
	token, err := spec.DecodeToken([]byte(r.body))
	if token.AccessToken == "" {
		r.malformed("neither an error nor a token: " + text(err))
		return
	}
	r.success()
	r.outcome, r.token = outToken, hash(token.AccessToken)
	if !strings.Contains(strings.ToLower(r.cacheControl), "no-store") {
		r.faults |= storable // RFC 6749 section 5.1
	}
}

// cacheable tells that a Cache-Control makes an answer fresh for a time, or for
// all: caches give it to others then, or again (RFC 9111).
func cacheable(cacheControl string) bool {
	if cacheControl == "" || cacheControl == "no-store" {
		return false
	}
	for part := range strings.SplitSeq(strings.ToLower(cacheControl), ",") {
		name, age, _ := strings.Cut(strings.TrimSpace(part), "=")
		seconds, err := strconv.Atoi(strings.Trim(age, `"`))
		if name == "public" || (name == "max-age" || name == "s-maxage") && err == nil && seconds > 0 {
			return !strings.Contains(cacheControl, "no-store")
		}
	}
	return false
}

func (r *reply) malformed(why string) { r.outcome, r.problem = outMalformed, why }

func text(err error) string {
	if err == nil {
		return "empty"
	}
	return err.Error()
}

func (r *reply) success() {
	if !isJSON(r.contentType) {
		r.faults |= wrongType
	}
}

func isJSON(contentType string) bool {
	if contentType == string(spec.JSON) {
		return true
	}
	t, _, err := mime.ParseMediaType(contentType)
	return err == nil && (t == string(spec.JSON) || strings.HasSuffix(t, "+json"))
}

// classifyError reads an error answer (RFC 6749 section 5.2).
func (r *reply) classifyError() {
	switch code := spec.ErrorCode([]byte(r.body)); {
	case r.status >= 500:
		r.outcome = out5xx
		return
	case r.status/100 == 4 && (code == "" || limits(r.status) && !slices.Contains(errorCodes, code)):
		r.outcome = out4xx
		return
	case code == "":
		r.malformed("neither a success nor an error")
		return
	case code == spec.ErrAuthorizationPending:
		r.outcome = outPending
	case code == spec.ErrSlowDown:
		r.outcome = outSlowDown
	case code == spec.ErrAccessDenied:
		r.outcome = outDenied
	case code == spec.ErrExpiredToken:
		r.outcome = outExpired
	default:
		r.outcome = outOAuth
	}
	if r.status != 400 && !(r.outcome == outOAuth && (r.status/100 == 2 || r.status == 401 || r.status == 429)) &&
		!(r.outcome == outSlowDown && r.status == 429) { // rulings R8, R23
		r.faults |= wrongStatus
	}
	if !isJSON(r.contentType) {
		r.faults |= wrongType
	}
}

// limits tells the statuses with which limiters and firewalls answer, often with
// an error of their own making.
func limits(status int) bool {
	return status == http.StatusForbidden || status == http.StatusTooManyRequests
}

// errorCodes are those that a token endpoint answers by itself.
var errorCodes = []string{spec.ErrAuthorizationPending, spec.ErrSlowDown, spec.ErrAccessDenied, spec.ErrExpiredToken, spec.ErrInvalidRequest,
	spec.ErrInvalidClient, spec.ErrInvalidGrant, spec.ErrInvalidScope, spec.ErrUnauthorizedClient, spec.ErrUnsupportedGrantType, spec.ErrInvalidTarget}
