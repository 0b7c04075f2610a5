package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// SortedNames lists the names of members in order.
func SortedNames(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

// JSONText is a value as JSON.
func JSONText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// MemberText is how a member of an answer is told: as JSON, or that it is absent.
func MemberText(x *Exchange, name string) string {
	v, ok := x.Member(name)
	if !ok {
		return "no such member"
	}
	return JSONText(v)
}

// ResponseHeader is a field of an answer's header, "" where there is none.
func ResponseHeader(x *Exchange, name string) string {
	if x.Response == nil {
		return ""
	}
	return x.Response.Header.Get(name)
}

// HeaderText is how a field of an answer's header is told: quoted, or that it is absent.
func HeaderText(x *Exchange, name string) string {
	if v := ResponseHeader(x, name); v != "" {
		return strconv.Quote(v)
	}
	return "no " + name
}

// ServerTime is when an answer was received, by the server's own clock where it tells
// the time in Date, so that clocks which differ, or are set during the run, accuse
// nobody (ruling R180). Without a Date it is our time.
func (e *Evidence) ServerTime(x *Exchange) time.Time {
	if at, err := http.ParseTime(ResponseHeader(x, "Date")); err == nil {
		return at
	}
	return e.Header.Started.Add(x.Received)
}

// CacheVerdict: no-store is right, nothing is advice, and positive freshness is
// wrong (RFC 9111 section 4.2).
func CacheVerdict(e *Evidence, x *Exchange) (reports.Verdict, string) {
	if x.NoStore() {
		return reports.Pass, ""
	}
	for _, d := range x.HeaderTokens("Cache-Control") {
		name, value, _ := strings.Cut(d, "=")
		n, err := strconv.Atoi(strings.Trim(value, `" `))
		if name == "public" || (name == "max-age" || name == "s-maxage") && err == nil && n > 0 {
			return reports.Fail, "Cache-Control: " + x.Response.Header.Get("Cache-Control")
		}
	}
	if at, err := http.ParseTime(x.Response.Header.Get("Expires")); err == nil &&
		len(x.HeaderTokens("Cache-Control")) == 0 &&
		at.After(e.ServerTime(x).Add(time.Minute)) {
		return reports.Fail, "an Expires field in the future"
	}
	return reports.Warning, "no Cache-Control with no-store"
}

// WellFormedEndpoint reports whether an endpoint is an absolute https URL without
// fragment (RFC 6749 section 3.1); http is good enough on loopback.
func WellFormedEndpoint(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Fragment != "" {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && IsLoopback(u.Hostname())
}

// WasDecided reports whether the approver did what a flow asked of it, and records why
// not otherwise.
func WasDecided(e *Evidence, j *Judgement, s *Scenario, flow string) bool {
	d, ok := e.Decision(s, flow, "")
	if !ok {
		return false
	}
	switch d.Decision.Outcome {
	case Accepted:
		return true
	case Unsupported:
		j.SkipUnsupported(d.Decision)
	default:
		j.Inconclusive(e.because(d.Undecided(), j.check, []*Exchange{e.Authorization(flow)}))
	}
	return false
}

// Undecided says what became of a decision that was not accepted.
func (ev Event) Undecided() string {
	return "the " + ev.Decision.Decision + " decision was " + string(ev.Decision.Outcome) + ": " + ev.Detail
}

// Issued is the token response of a flow, nil when none came.
func (e *Evidence) Issued(s *Scenario) *Exchange {
	x := e.One(s, redeemStep)
	if x == nil || !x.HasTokens() {
		return nil
	}
	return x
}

// Unredeemed records why a scenario that needs tokens has none.
func (e *Evidence) Unredeemed(j *Judgement, s *Scenario) {
	for _, f := range e.FlowsOf(s) {
		if !WasDecided(e, j, s, f) {
			return
		}
	}
	j.Inconclusive("no token was issued: " + Describe(e.One(s, redeemStep)))
}

// WithTokens keeps the exchanges that gave an access token.
func WithTokens(xs []*Exchange) []*Exchange {
	var out []*Exchange
	for _, x := range xs {
		if x.HasTokens() {
			out = append(out, x)
		}
	}
	return out
}

// Unlimited leaves out the polls that a limiter answered.
func Unlimited(polls []*Exchange) []*Exchange {
	return slices.DeleteFunc(slices.Clone(polls), StatusIs(http.StatusTooManyRequests))
}

// GrantedScope is the scope of a token response or of its introspection; ok is false
// when neither tells.
func GrantedScope(xs ...*Exchange) (scopes []string, from *Exchange, ok bool) {
	for _, x := range xs {
		if x == nil {
			continue
		}
		switch v, there := x.Member("scope"); s := v.(type) {
		case string:
			return strings.Fields(s), x, true
		case []any:
			for _, e := range s {
				scopes = append(scopes, fmt.Sprint(e))
			}
			return scopes, x, true
		default:
			if there {
				return nil, x, true
			}
		}
	}
	return nil, nil, false
}

// JoinScopes joins scopes with single spaces.
func JoinScopes(parts ...string) string {
	return strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
}
