package conformance

import (
	"net/http"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

// Infrastructure reports whether the answer is that of a limiter, a proxy or
// the network rather than of the device flow (rule C11). An answer of 500 is the
// application's own; one with an OAuth error is the device flow's, whatever its
// status.
func (x *Exchange) Infrastructure() bool {
	if x.Response == nil {
		return true
	}
	switch s := x.Status(); {
	case !ofInfrastructure(s):
		return false
	case s == http.StatusTooManyRequests: // unless it is how a flow says slow_down
		return !x.Excused() && (x.Flow == "" || x.Op == OpStart || !x.StillPending())
	case s == http.StatusForbidden, s == http.StatusRequestTimeout:
		return !looksLikeCode(x.ErrorCode())
	}
	return !KnownError(x.ErrorCode())
}

// RefusedByTLS reports whether the server ended the connection with an alert, in the
// handshake or after it: so it refuses a certificate before there is an answer.
func RefusedByTLS(x *Exchange) bool {
	return x.Response == nil && strings.Contains(x.Error, "remote error: tls: ")
}

// ofInfrastructure reports whether limiters, proxies and firewalls answer with a status, as
// long as the body does not say who speaks. 52x is an edge that lost its origin.
func ofInfrastructure(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusForbidden, http.StatusRequestTimeout:
		return true
	}
	return status >= http.StatusBadGateway && status <= http.StatusGatewayTimeout || status >= 520 && status <= 530
}

// SlowedBy429 reports whether the answer is slow_down under 429, which is a limiter's or the
// server's own (ruling R29).
func (x *Exchange) SlowedBy429() bool {
	return x.Status() == http.StatusTooManyRequests && x.ErrorCode() == spec.ErrSlowDown
}

// LimiterSlows reports whether a limiter says slow_down under 429: in the run, requests got
// it that are no device's polls. One with a device's code is a poll, in whatever form.
func (e *Evidence) LimiterSlows() bool {
	return slices.ContainsFunc(e.all, func(x *Exchange) bool {
		return x.SlowedBy429() && x.Infrastructure() && !e.issued().names(x)
	})
}

// serverErrors are the codes of RFC 6749 section 4.1.2.1 for a server that is in
// trouble.
var serverErrors = []string{"server_error", "temporarily_unavailable"}

// KnownError reports whether a code is one that the device flow's endpoints may use.
func KnownError(code string) bool {
	return slices.Contains(RegisteredErrors, code) || slices.Contains(serverErrors, code)
}

// looksLikeCode reports whether a text is an error code rather than the words
// of a status, as in {"error": "Forbidden"}.
func looksLikeCode(text string) bool {
	const small = "abcdefghijklmnopqrstuvwxyz"
	return text != "forbidden" && strings.ContainsAny(text, small) && strings.Trim(text, small+"0123456789_.:-") == ""
}

// blocked reports whether something in front of the server refused the request
// for good, as it would refuse it to anybody.
func (x *Exchange) blocked() bool { return x.Status() == http.StatusForbidden && x.Infrastructure() }

// lostAnswer reports whether x got an answer of infrastructure behind which the
// server may have carried the request out all the same. A limiter that says 429
// or 403 has let nothing through.
func (x *Exchange) lostAnswer() bool {
	return x.Infrastructure() && x.Status() != http.StatusTooManyRequests && x.Status() != http.StatusForbidden
}

// Uncertain reports whether the state of what x asks for is unknown because an
// earlier answer about it, in whatever scenario, was lost on its way: that request may
// have redeemed the code, used up the refresh token, or counted as a poll that was too
// fast. A server error says something whatever came before.
func (e *Evidence) Uncertain(x *Exchange) bool {
	if e == nil || x.Op != OpToken || x.Class() == 5 {
		return false
	}
	return slices.ContainsFunc(e.lost(), func(y *Exchange) bool {
		return y != x && y.Received <= x.Sent && sameGrant(x, y)
	})
}

// sameGrant reports whether two token requests are about one grant: one flow, or
// one credential.
func sameGrant(x, y *Exchange) bool {
	if x.Flow != "" && x.Flow == y.Flow {
		return true
	}
	return slices.ContainsFunc([]string{"device_code", "refresh_token"}, func(name string) bool {
		a, _ := x.Request.Params.Get(name)
		b, _ := y.Request.Params.Get(name)
		return a != "" && a == b
	})
}

// contradictory reports whether answers contradict each other by themselves:
// two of them give something of value. What a proxy answered beside them does
// not matter then.
func contradictory(xs []*Exchange) bool {
	n := 0
	for _, x := range xs {
		if x.GivesCredentials() {
			n++
		}
	}
	return n > 1
}

// RefusedUnder2xx reports whether the answer refuses under a status of success:
// it has an error and gives nothing. Acceptance means codes or tokens; that the
// status is wrong is DF-ERR-001's.
func (x *Exchange) RefusedUnder2xx() bool {
	return x.Status()/100 == 2 && (x.Op == OpStart || x.Op == OpToken) && x.ErrorCode() != "" && !x.GivesCredentials()
}

// accepted reports whether a request was granted: the answer hands out codes or
// tokens.
func accepted(x *Exchange) bool { return x.GivesCredentials() }
