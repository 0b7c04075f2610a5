package checks

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/url"
	"strings"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// judgeStartTypes: strings are non-empty strings, times are integral JSON
// numbers (RFC 8628 section 3.2).
func judgeStartTypes(e *Evidence, j *Judgement) {
	for _, x := range e.Starts() {
		for _, m := range []string{"device_code", "user_code", "verification_uri", "verification_url",
			"verification_uri_complete"} {
			v, ok := x.Member(m)
			switch text, isText := v.(string); {
			case m == "verification_uri_complete" && ok && v == nil:
				j.Warn(m+" to be left out rather than null", "null", x)
			case ok && (!isText || text == ""):
				j.Fail(m+" to be a non-empty string", JSONText(v), x)
			}
		}
		for _, m := range []string{"expires_in", "interval"} {
			v, ok := x.Member(m)
			n, isNumber := v.(json.Number)
			_, integral := x.Number(m)
			switch {
			case !ok:
			case !isNumber || !integral && m == "expires_in":
				j.Fail(m+" to be a whole JSON number", JSONText(v), x)
			case strings.ContainsAny(n.String(), ".eE") && integral:
				j.Warn(m+" to be written as an integer", n.String(), x)
			}
		}
		j.Pass(x)
	}
}

func judgeStartMediaType(e *Evidence, j *Judgement) {
	for _, x := range e.Starts() {
		raw := x.Response.Header.Get("Content-Type")
		_, params, _ := mime.ParseMediaType(raw)
		charset, hasCharset := params["charset"]
		switch mt := x.MediaType(); {
		case strings.HasPrefix(mt, "application/") && strings.HasSuffix(mt, "+json"):
			j.Warn("application/json", raw, x)
		case mt != "application/json":
			j.Fail("Content-Type application/json", fmt.Sprintf("%q", raw), x)
		case hasCharset && !strings.EqualFold(charset, "utf-8"):
			j.Warn("a Content-Type without a charset other than utf-8", raw, x)
		default:
			j.Pass(x)
		}
	}
}

// longURI is where a verification URI gets tiring to type.
const longURI = 60

func judgeVerificationURI(e *Evidence, j *Judgement) {
	host, _ := url.Parse(e.Host)
	local := host != nil && IsLoopback(host.Hostname())
	for _, x := range e.Starts() {
		raw := x.Text("verification_uri")
		if raw == "" {
			continue // DF-AUTHZ-001 to 003
		}
		u, err := url.Parse(raw)
		switch {
		case err != nil || !onlyURI(raw):
			j.Fail("verification_uri to hold only characters that a URI may have", fmt.Sprintf("%q", raw), x)
		case u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
			j.Fail("an absolute https URI", fmt.Sprintf("%q", raw), x)
		case u.User != nil:
			j.Fail("verification_uri without a user name or password in it", fmt.Sprintf("%q", raw), x)
		case u.Scheme == "http" && !(local && IsLoopback(u.Hostname())):
			if !IsPrivate(u.Hostname()) {
				j.Fail("an https URI", fmt.Sprintf("%q", raw), x)
			} else {
				j.Warn("an https URI", fmt.Sprintf("%q", raw), x)
			}
		case len(raw) > longURI:
			j.Warn(fmt.Sprintf("a verification_uri of at most %d characters, since people type it", longURI),
				fmt.Sprintf("%d characters: %q", len(raw), raw), x)
		case u.Fragment != "":
			j.Warn("a verification_uri without a fragment, since people type it", fmt.Sprintf("%q", raw), x)
		default:
			j.Pass(x)
		}
	}
}

// onlyURI reports whether a text keeps to the characters of RFC 3986 section 2.
func onlyURI(s string) bool {
	return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#[]@!$&'()*+,;=%") == ""
}

func judgeCompleteURI(e *Evidence, j *Judgement) {
	sent := 0
	for _, x := range e.Starts() {
		raw, code := x.Text("verification_uri_complete"), x.Text("user_code")
		if raw == "" || code == "" {
			continue
		}
		sent++
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" || !WellFormedEndpoint(withoutFragment(raw)) && !IsPrivate(u.Hostname()) {
			j.Fail("an absolute https URI", fmt.Sprintf("%q", raw), x)
			continue
		}
		text, _ := url.PathUnescape(u.Path + "?" + u.RawQuery + "#" + u.Fragment)
		main, _ := url.PathUnescape(u.Path + "?" + u.RawQuery)
		switch base, err := url.Parse(x.Text("verification_uri")); {
		case !strings.Contains(spec.NormalUserCode(text), spec.NormalUserCode(code)):
			j.Fail("verification_uri_complete to contain the user code of the same response",
				fmt.Sprintf("%q for the user code %s", raw, code), x)
		case err == nil && !sameSite(base.Hostname(), u.Hostname()):
			j.Warn("verification_uri_complete to have the host of verification_uri", u.Hostname(), x)
		case !strings.Contains(spec.NormalUserCode(main), spec.NormalUserCode(code)):
			j.Warn("verification_uri_complete to carry the user code in its path or query, not in its fragment",
				fmt.Sprintf("%q", raw), x)
		case !strings.Contains(main, code):
			j.Warn("verification_uri_complete to spell the user code as user_code does",
				fmt.Sprintf("%q for the user code %s", raw, code), x)
		default:
			j.Pass(x)
		}
	}
	if sent == 0 {
		j.Skip("the server sends no verification_uri_complete")
	}
}

func withoutFragment(s string) string {
	s, _, _ = strings.Cut(s, "#")
	return s
}

// sameSite reports whether two hosts are one, or one is below the other.
func sameSite(a, b string) bool {
	return strings.EqualFold(a, b) || strings.HasSuffix(strings.ToLower(a), "."+strings.ToLower(b)) ||
		strings.HasSuffix(strings.ToLower(b), "."+strings.ToLower(a))
}

// A lifetime between these is quiet; beyond maxLifetime it is taken for a
// point in time rather than a duration.
const (
	shortLifetime = 120 * time.Second
	longLifetime  = 1800 * time.Second
	maxLifetime   = 86400 * time.Second
)

func judgeLifetime(e *Evidence, j *Judgement) {
	for _, x := range e.Starts() {
		n, ok := x.Number("expires_in")
		if !ok {
			continue // DF-AUTHZ-003
		}
		life, interval := time.Duration(n)*time.Second, e.AnnouncedInterval(x.Flow)
		switch {
		case n <= 0 || n > int64(maxLifetime/time.Second):
			j.Fail("a lifetime between 1 and 86400 s", fmt.Sprintf("expires_in %d", n), x)
		case life < interval:
			j.Fail("a lifetime of at least one polling interval",
				fmt.Sprintf("expires_in %d with an interval of %s", n, Seconds(interval)), x)
		case life < 2*interval:
			j.Warn("a lifetime of at least two polling intervals",
				fmt.Sprintf("expires_in %d with an interval of %s", n, Seconds(interval)), x)
		case (life < shortLifetime || life > longLifetime) && !e.ShortLifetime && !e.Embedded:
			j.Warn("a lifetime between 120 and 1800 s", fmt.Sprintf("expires_in %d", n), x)
		default:
			j.Pass(x)
		}
	}
}

func judgeInterval(e *Evidence, j *Judgement) {
	for _, x := range e.Starts() {
		v, ok := x.Member("interval")
		n, integral := x.Number("interval")
		switch {
		case !ok:
			j.Pass(x) // five seconds then; presence is the start's own check
		case !integral:
			j.Fail("interval to be a whole number of seconds", JSONText(v), x)
		case n < 0:
			j.Fail("interval to be greater than 0", JSONText(v), x)
		case n == 0:
			j.Warn("interval to be greater than 0", "0", x)
		case n > 60:
			j.Warn("interval to be at most 60 s", JSONText(v), x)
		default:
			j.Pass(x)
		}
	}
}

// judgeSpokenCode: an address that a person reads out must not hold the code
// already; verification_uri_complete is there for that (RFC 8628 section 3.3.1).
// A short code can stand in one address by accident, but not in most.
func judgeSpokenCode(e *Evidence, j *Judgement) {
	var with, without []*Exchange
	for _, x := range e.Starts() {
		uri, err := url.QueryUnescape(x.Text("verification_uri"))
		code := spec.NormalUserCode(x.Text("user_code"))
		switch {
		case err != nil || uri == "" || code == "":
		case len(code) < 4:
			j.Inconclusive("the user code is too short to be recognized in an address", x)
		case strings.Contains(spec.NormalUserCode(uri), code):
			with = append(with, x)
		default:
			without = append(without, x)
		}
	}
	switch {
	case len(with) > len(without):
		j.Warn("a verification_uri without the user code", "one with the user code in it", with...)
	case len(without) > 0:
		j.Pass(without...)
	}
}
