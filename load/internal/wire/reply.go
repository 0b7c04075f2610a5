package wire

import (
	"hash/maphash"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

// Reply is an answer, read and classified. It does not change any more: equal
// answers share one.
type Reply struct {
	Outcome      Outcome
	Status       int
	ContentType  string
	CacheControl string
	Header       string // as it came
	Body         string
	Codes        spec.StartResponse
	Token        uint64 // hash of the access token
	Faults       Faults
	Problem      string // why there is none, or why it is malformed
	cause        string // the kind of an error of the network
	RetryAfter   int64  // nanoseconds to wait, of an error
}

// Faults are what is wrong with an answer by itself.
type Faults uint8

const (
	WrongStatus   Faults = 1 << iota // of an OAuth error: not 400
	WrongType                        // not application/json
	Storable                         // a token without Cache-Control: no-store
	Cacheable                        // a cache may keep it
	ByteOrderMark                    // with a byte order mark
)

// Plausible bounds for the announced interval and lifetime, in seconds.
const (
	minInterval = 1
	MaxInterval = 3600
	maxLifetime = 366 * 24 * 3600
)

// FromInfrastructure reports whether a 5xx is of what stands before a server: a
// gateway answers for one that is away, or has too much to do.
func (r *Reply) FromInfrastructure() bool {
	return r.Status > http.StatusNotImplemented && r.Status <= http.StatusGatewayTimeout &&
		!slices.Contains(errorCodes, spec.ErrorCode([]byte(r.Body)))
}

var hashSeed = maphash.MakeSeed()

// Hash is the same for equal texts, in this process.
func Hash(s string) uint64 { return maphash.String(hashSeed, s) }

// classifyStart reads the answer to a device authorization request.
func (r *Reply) classifyStart() {
	if r.Status/100 != 2 {
		r.classifyError()
		return
	}
	r.success()
	codes, plain := decodeStartFast(r.Body)
	var err error
	if !plain {
		codes, err = spec.DecodeStart([]byte(r.Body))
	}
	if !codes.HasInterval {
		codes.Interval = spec.DefaultInterval
	}
	switch {
	case codes.DeviceCode == "" || codes.UserCode == "":
		r.malformed("no codes: " + text(err))
	case codes.Interval < minInterval || codes.Interval > MaxInterval:
		r.malformed("an interval that is not between 1 and 3600 seconds")
	case codes.ExpiresIn <= 0 || codes.ExpiresIn > maxLifetime:
		r.malformed("a lifetime that is not positive")
	default:
		r.Outcome, r.Codes = Codes, codes
	}
}

// classifyPoll reads the answer to a poll.
func (r *Reply) classifyPoll() {
	code := spec.ErrorCode([]byte(r.Body))
	if r.Status/100 != 2 || code != "" {
		r.classifyError()
		return
	}
	token, err := spec.DecodeToken([]byte(r.Body))
	if token.AccessToken == "" {
		r.malformed("neither an error nor a token: " + text(err))
		return
	}
	r.success()
	r.Outcome, r.Token = Token, Hash(token.AccessToken)
	if !strings.Contains(strings.ToLower(r.CacheControl), "no-store") {
		r.Faults |= Storable // RFC 6749 section 5.1
	}
}

// cacheable reports whether a Cache-Control makes an answer fresh for a time, or for
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

func (r *Reply) malformed(why string) { r.Outcome, r.Problem = Malformed, why }

func text(err error) string {
	if err == nil {
		return "empty"
	}
	return err.Error()
}

func (r *Reply) success() {
	if !isJSON(r.ContentType) {
		r.Faults |= WrongType
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
func (r *Reply) classifyError() {
	switch code := spec.ErrorCode([]byte(r.Body)); {
	case r.Status >= 500:
		r.Outcome = HTTP5xx
		return
	case r.Status/100 == 4 && (code == "" || limits(r.Status) && !slices.Contains(errorCodes, code)):
		r.Outcome = HTTP4xx
		return
	case code == "":
		r.malformed("neither a success nor an error")
		return
	case code == spec.ErrAuthorizationPending:
		r.Outcome = Pending
	case code == spec.ErrSlowDown:
		r.Outcome = SlowDown
	case code == spec.ErrAccessDenied:
		r.Outcome = Denied
	case code == spec.ErrExpiredToken:
		r.Outcome = Expired
	default:
		r.Outcome = OAuthError
	}
	if r.Status != 400 && !(r.Outcome == OAuthError && (r.Status/100 == 2 || r.Status == 401 || r.Status == 429)) &&
		!(r.Outcome == SlowDown && r.Status == 429) { // rulings R8, R23
		r.Faults |= WrongStatus
	}
	if !isJSON(r.ContentType) {
		r.Faults |= WrongType
	}
}

// limits reports whether limiters and firewalls answer with a status, often with
// an error of their own making.
func limits(status int) bool {
	return status == http.StatusForbidden || status == http.StatusTooManyRequests
}

// errorCodes are those that a token endpoint answers by itself.
var errorCodes = []string{spec.ErrAuthorizationPending, spec.ErrSlowDown, spec.ErrAccessDenied, spec.ErrExpiredToken,
	spec.ErrInvalidRequest, spec.ErrInvalidClient, spec.ErrInvalidGrant, spec.ErrInvalidScope,
	spec.ErrUnauthorizedClient, spec.ErrUnsupportedGrantType, spec.ErrInvalidTarget}
