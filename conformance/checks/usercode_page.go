package checks

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// verificationPage opens verification_uri.
var verificationPage = &Scenario{
	Name: "verification page", Lane: LaneInstant, Cost: FixedCost(2, 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		if f := s.Start(ctx); f.OK() && f.Codes.VerificationURI != "" {
			s.Browse(ctx, Call{Step: "page", Method: http.MethodGet, URL: f.Codes.VerificationURI}, nil)
		}
	},
}

// openedPage is the page that a browser ends at, nil with a reason when it could
// not be reached from here.
func openedPage(e *Evidence, j *Judgement) *Exchange {
	if where, ok := e.Fact(verificationPage, "unvisited"); ok {
		j.Inconclusive("dfcheck does not open this verification page: " + where)
		return nil
	}
	x := e.One(verificationPage, "page")
	switch {
	case x == nil:
		return nil
	case x.Response == nil:
		j.Inconclusive("the verification page cannot be reached from here: "+x.Error, x)
		return nil
	case Redirects(x):
		j.Inconclusive(fmt.Sprintf("the verification page redirects more than %d times", MaxRedirects), x)
		return nil
	}
	return x
}

func judgeVerificationPage(e *Evidence, j *Judgement) {
	x := openedPage(e, j)
	if x == nil {
		return
	}
	for _, hop := range e.Of(verificationPage, "page") {
		if u, err := url.Parse(hop.Request.URL); err == nil && u.Scheme == "http" && !IsPrivate(u.Hostname()) {
			j.Warn("https on the whole way to the verification page", hop.Request.URL, hop)
		}
	}
	const expected = "the verification URI to open an HTML page, possibly one to sign in"
	switch {
	case (x.Status() == http.StatusOK || x.Status() == http.StatusUnauthorized || x.Status() == http.StatusForbidden) &&
		IsHTML(x):
		j.Pass(x)
	case x.Status() == http.StatusTooManyRequests || x.Status() == http.StatusServiceUnavailable:
		j.Inconclusive("the verification page answered "+Describe(x)+", as a rate limiter or proxy does", x)
	case x.Status() == http.StatusNotFound || x.Status() == http.StatusGone || x.Class() == 5:
		j.Fail(expected, Describe(x), x)
	default:
		j.Warn(expected, Describe(x), x)
	}
}

func judgeFramedPage(e *Evidence, j *Judgement) {
	x := openedPage(e, j)
	if x == nil {
		return
	}
	if !IsHTML(x) || x.Class() == 5 || x.Status() == http.StatusNotFound {
		j.Inconclusive("there is no HTML page; see DF-USERCODE-012", x)
		return
	}
	if frameProof(x) {
		j.Pass(x)
		return
	}
	j.Warn("frame-ancestors in Content-Security-Policy, or X-Frame-Options",
		"neither, so that any site can frame the page", x)
}

// frameProof reports whether strangers' pages may not show this one in a frame.
func frameProof(x *Exchange) bool {
	for _, policy := range x.Response.Header.Values("Content-Security-Policy") {
		for _, directive := range strings.FieldsFunc(policy, func(r rune) bool { return r == ';' || r == ',' }) {
			words := strings.Fields(strings.ToLower(directive))
			if len(words) > 0 && words[0] == "frame-ancestors" {
				return !strings.Contains(" "+strings.Join(words[1:], " ")+" ", " * ")
			}
		}
	}
	options := x.HeaderTokens("X-Frame-Options")
	return len(options) > 0 && (options[0] == "deny" || options[0] == "sameorigin")
}

// openedLink opens the link with the code in it, as a link preview does and,
// where the approver can tell how, in the session of the one who approves.
var openedLink = &Scenario{
	Name: "opened link", Lane: LaneInterval, Cost: WaitingCost(9, 2, 2),
	Starts:    together(exactly(1), where(NeedHTTPApproval, 1)),
	Decisions: func(f *Facts) int { return 2 * f.Count(NeedHTTPApproval) },
	Words:     Words{inFirstTab: "of the device of the first tab", inSecondTab: "of the device of the second tab"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if !f.OK() {
			return
		}
		link := f.Codes.VerificationURIComplete
		if link == "" {
			link = withQuery(f.Codes.VerificationURI, "user_code", f.Codes.UserCode)
		}
		s.Browse(ctx, Call{Step: "opened", Method: http.MethodGet, URL: link}, nil)
		s.Browse(ctx, Call{Step: "opened", Method: http.MethodHead, URL: link}, nil)
		if !s.Target().Has(NeedHTTPApproval) {
			f.PollDue(ctx, Step("after"))
			return
		}
		first := s.Start(ctx, Step(ofTheSession)) // another device's code, since the way could be what decides
		way, ok := first.Trace(ctx)
		if ok {
			s.Browse(ctx, Call{Step: "opened when signed in", Method: http.MethodGet, URL: link}, way.Cookies)
		}
		f.PollDue(ctx, Step("after"))
		if ok && first.Finish(ctx, way, inFirstTab) == Accepted {
			first.Settle(ctx)
			first.PollDue(ctx, Step(inFirstTab))
			f.PollDue(ctx, Step(inSecondTab))
		}
	},
}

// The devices of two tabs of one session: the page of the first one was opened before, and
// is what the person approves.
const (
	inFirstTab  = "in the first tab"
	inSecondTab = "in the second tab"
)

func withQuery(uri, name, value string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return uri
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

func judgeOpenedLink(e *Evidence, j *Judgement) {
	reached := false
	for _, x := range e.Of(openedLink, "opened", "opened when signed in") {
		reached = reached || x.Response != nil && x.Status() != http.StatusNotFound && x.Class() != 5
	}
	const expected = "the grant to stay pending after verification_uri_complete was opened"
	decided := []Rule{PassIf(StillPending), InconclusiveIf(Infrastructure), FailIf(GivesTokens),
		FailIf(ErrorIs(spec.ErrAccessDenied))}
	j.Each(e.Of(bothWays, "untouched"), ExpectPending, expected, decided...)
	for _, x := range WithTokens(e.Of(bothWays, "undecided")) {
		// A decision that broke off may have been carried out, its answer lost on the way.
		if d, _ := e.Decision(bothWays, x.Flow, ""); d.Decision != nil && d.Decision.Outcome == Refused {
			j.Each([]*Exchange{x}, ExpectPending, expected+" and nobody had approved", decided...)
		} else {
			j.Inconclusive(x.Replied()+", and whether the person's approval reached the server is not known", x)
		}
	}
	polls := e.Of(openedLink, "after")
	if len(polls) > 0 && !reached && polls[0].StillPending() {
		j.Inconclusive("no verification page could be reached from here")
		return
	}
	j.Each(polls, ExpectPending, expected, decided...)
	judgeOtherTab(e, j)
}

// judgeOtherTab: a decision is about the device of its page, whatever was opened since
// (ruling R156). A server that refuses it, or gives nobody tokens, lets no stranger in.
func judgeOtherTab(e *Evidence, j *Judgement) {
	link := e.One(openedLink, "opened when signed in")
	for _, x := range e.Of(openedLink, inSecondTab) {
		first := e.Of(openedLink, inFirstTab)
		if link == nil || link.Class() != 2 || len(first) == 0 {
			continue
		}
		expected := "the device of the second tab to stay pending: the person approved in the first one, whose device got " +
			Describe(first[0])
		j.Each([]*Exchange{x}, ExpectPending, expected, PassIf(StillPending), InconclusiveIf(Infrastructure),
			FailIf(GivesTokens), InconclusiveIf(AnyAnswer))
	}
}
