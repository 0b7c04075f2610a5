package checks

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// quotable are the characters of error and error_description, addressable
// those of error_uri (RFC 6749 section 5.2).
func quotable(r rune) bool    { return 0x20 <= r && r <= 0x7e && r != '"' && r != '\\' }
func addressable(r rune) bool { return quotable(r) && r != ' ' }

func inAlphabet(s string, in func(rune) bool) bool {
	for _, r := range s {
		if !in(r) {
			return false
		}
	}
	return true
}

// strangeText holds what a description may not.
const strangeText = "dfcheck\"\\\u00e9"

// quotedInput sends it where a description may quote it.
var quotedInput = &Scenario{
	Name: "input with quotes", Lane: LaneInstant, Cost: FixedCost(2, 1),
	Words: Words{"client_id": "", "grant_type": ""},
	Run: func(ctx context.Context, s *ScenarioRun) {
		s.Start(ctx, With("client_id", strangeText), Step("client_id"), Provoked())
		s.PollCode(ctx, RandomCode(40), With("grant_type", strangeText), Step("grant_type"), Provoked())
	},
}

// quotedSecret sends a secret that is nobody's, in the header and in the body: a
// refusal must not repeat it, and no configured client is needed to see that.
var quotedSecret = &Scenario{
	Name: "a wrong secret", Lane: LaneInstant, Cost: FixedCost(2, 0),
	Run: func(ctx context.Context, s *ScenarioRun) {
		for _, auth := range []string{"basic", "post"} {
			s.PollCode(ctx, RandomCode(40), As(&Client{ID: s.Target().Client.ID, Secret: WrongSecret(), Auth: auth}), Step(auth),
				Provoked())
		}
	},
}

// judgeErrorTexts holds the alphabets of RFC 6749 section 5.2.
func judgeErrorTexts(e *Evidence, j *Judgement) {
	for _, x := range posted(e) {
		if v, ok := x.Member("error_description"); ok && HasError(x) {
			verdict, actual := descriptionVerdict(x, v)
			j.Record(verdict, "error_description to hold only printable ASCII without quotation mark and backslash", actual, x)
		}
		if v, ok := x.Member("error_uri"); ok && HasError(x) {
			verdict, actual := errorURIVerdict(v)
			j.Record(verdict, "error_uri to be a string that holds only characters of a URI", actual, x)
		}
	}
}

func descriptionVerdict(x *Exchange, v any) (reports.Verdict, string) {
	text, ok := v.(string)
	control := func(r rune) bool { return r < 0x20 || r == 0x7f }
	switch {
	case !ok:
		return reports.Fail, "a JSON " + spec.TypeName(v)
	case inAlphabet(text, quotable):
		return reports.Pass, ""
	case strings.ContainsFunc(text, control):
		return reports.Fail, "control characters in it"
	case x.In(quotedInput) && strings.Contains(text, "\u00e9"):
		return reports.Fail, "the request's own text repeated in it, with letters outside ASCII"
	case strings.ContainsAny(text, `"\`):
		return reports.Warning, "a quotation mark or a backslash in it"
	}
	return reports.Warning, "letters outside ASCII in it"
}

func errorURIVerdict(v any) (reports.Verdict, string) {
	text, ok := v.(string)
	if !ok {
		return reports.Fail, "a JSON " + spec.TypeName(v)
	}
	if _, err := url.Parse(text); err != nil || text == "" || !inAlphabet(text, addressable) {
		return reports.Fail, fmt.Sprintf("%q", text)
	}
	return reports.Pass, ""
}

// judgeErrorCaching: polling errors forbid storing. It looks at the token
// endpoint; the start is DF-HTTP-006's (rule C1).
func judgeErrorCaching(e *Evidence, j *Judgement) {
	for _, x := range posted(e) {
		if x.Op == OpToken && x.ErrorCode() != "" && x.Status() != http.StatusTooManyRequests {
			v, actual := CacheVerdict(e, x)
			j.Record(v, "an error response with Cache-Control: no-store", actual, x)
		}
	}
}

// internals are the marks of stack traces, database messages and debug pages.
var internals = []struct {
	what string
	mark *regexp.Regexp
}{
	{"a Python stack trace", regexp.MustCompile(`Traceback \(most recent call last\)|File "[^"]+", line \d+`)},
	{"a Java stack trace", regexp.MustCompile(`(?m)^\s*at [\w$.]+\([\w]+\.java:\d+\)|at java\.`)},
	{"a Go stack trace", regexp.MustCompile(`goroutine \d+ \[`)},
	{"a .NET stack trace", regexp.MustCompile(`(?m)^\s*at [\w.]+\(.*\) in .+:line \d+`)},
	{"a JavaScript stack trace", regexp.MustCompile(`at [^\n]*\(?[\w/.:-]+\.[cm]?[jt]s:\d+:\d+\)?`)},
	{"a path with a line number",
		regexp.MustCompile(`(?:/[\w.-]+)+\.(?:py|rb|php|js|ts|java|go|cs|pl|ex)(?::\d+| on line \d+)`)},
	{"a database message", regexp.MustCompile(`SQLSTATE|ORA-\d{5}|You have an error in your SQL syntax`)},
	{"a debug page", regexp.MustCompile(`Werkzeug Debugger|DEBUG = True|Whoops! There was an error|Action Controller: Exception caught|Symfony Exception|Developer Exception Page`)},
}

// judgeErrorSecrets looks for what was sent and for what is inside. Secrets
// stand in a transcript under their pseudonyms, so an echo shows as one.
func judgeErrorSecrets(e *Evidence, j *Judgement) {
	for _, x := range e.Exchanges {
		if x.Class() < 4 || x.Op == OpPage {
			continue
		}
		v, actual := leak(e, x)
		j.Record(v, "an error response without secrets and without internals of the server", actual, x)
	}
	if !slices.ContainsFunc(e.Exchanges, func(x *Exchange) bool { return x.Class() >= 4 && carriesSecret(x) }) {
		j.Inconclusive("no request with a client secret was refused, so it did not show whether error responses " +
			"repeat secrets")
	}
}

// carriesSecret reports whether a client secret was sent.
func carriesSecret(x *Exchange) bool {
	_, inBody := x.Request.Params.Get("client_secret")
	return inBody || strings.HasPrefix(x.Request.Header.Get("Authorization"), "Basic ")
}

func leak(e *Evidence, x *Exchange) (reports.Verdict, string) {
	body := x.Response.Body
	for _, in := range internals {
		if in.mark.MatchString(body) {
			return reports.Fail, in.what
		}
	}
	if !strings.Contains(body, "device_code:") && !strings.Contains(body, "client_secret:") {
		return reports.Pass, ""
	}
	warning := ""
	for name, s := range e.Secrets {
		if !strings.Contains(body, name) {
			continue
		}
		if s.Kind == "client_secret" {
			return reports.Fail, "the client secret that was sent"
		}
		if s.Kind == "device_code" && s.Length >= 20 {
			warning = "the device code that was sent"
		}
	}
	if warning != "" {
		return reports.Warning, warning
	}
	return reports.Pass, ""
}

// judgeFieldErrors holds rulings R9 and R88 over the refusals of plain mistakes. Bodies
// that are neither empty nor JSON are for DF-ERR-002.
func judgeFieldErrors(e *Evidence, j *Judgement) {
	for _, x := range posted(e) {
		if !x.In(mistakes...) || x.Class() != 4 || x.Object() == nil && x.Response.Length > 0 {
			continue
		}
		if s := x.Status(); s == 405 || s == 413 || s == 415 || x.StillPending() {
			continue
		}
		if _, ok := x.Member("error"); ok {
			j.Pass(x)
			continue
		}
		verdict := reports.Fail
		if e.Documented() || e.OwnDocument() && x.Op.In(e.Contract).Describes(x.Status()) {
			verdict = reports.Warning
		}
		j.Record(verdict, "an error response with the member error",
			fmt.Sprintf("%d without it (members: %s)", x.Status(), strings.Join(SortedNames(x.Object()), ", ")), x)
	}
}
