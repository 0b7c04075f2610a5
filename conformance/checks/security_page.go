package checks

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// A forgery is what a stranger makes of the request that approves.
type forgery struct {
	name    string
	session bool // in the browser of the signed-in person
	forge   func(c *Call, fields url.Values)
}

var forgeries = []forgery{
	{"without a session", false, func(*Call, url.Values) {}},
	{"from a foreign site", true, func(c *Call, _ url.Values) { foreign(c) }},
	{"as GET", true, func(c *Call, fields url.Values) {
		foreign(c)
		c.Header.Del("Origin")
		c.Method, c.Raw, c.ContentType = http.MethodGet, nil, ""
		c.Header.Del("Content-Type")
		u, _ := url.Parse(c.URL) // a request was made of it
		u.RawQuery = fields.Encode()
		c.URL = u.String()
	}},
}

// foreign makes a request come from another site's page.
func foreign(c *Call) {
	c.Header.Set("Origin", StrangeOrigin)
	c.Header.Set("Referer", StrangeOrigin+"/")
	c.Header.Set("Sec-Fetch-Site", "cross-site")
}

// forgedDecisions sends the approving request of a signed-in person as somebody
// else would: each forgery has its own grant, and none has the anti-forgery
// token. One more grant is brought as far and left alone.
var forgedDecisions = &Scenario{
	Name: "forged decisions", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedHTTPApproval},
	Cost:      WaitingCost(3*len(forgeries)+2, len(forgeries)+1, 1),
	Decisions: DecisionCount(len(forgeries) + 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		s.Times(len(forgeries)+1, func(i int) {
			f := s.Start(ctx)
			way, ok := f.Trace(ctx)
			if !ok {
				return
			}
			if i == len(forgeries) {
				f.PollDue(ctx, Step("left alone"))
				return
			}
			c, err := forged(s, way.Requests[len(way.Requests)-1], f.Codes.UserCode, forgeries[i])
			switch {
			case errors.Is(err, errSecretAddress):
				s.Event(EventFact, f.ID, secretAddress)
				return
			case err != nil:
				s.Event(EventFact, f.ID, "unforged="+err.Error())
				return
			}
			f.Attach(&c)
			if !forgeries[i].session {
				way.Cookies = nil
			}
			s.Browse(ctx, c, way.Cookies)
			f.Settle(ctx)
			f.PollDue(ctx, Step("after"))
		})
	},
}

// errSecretAddress: nobody else can know where the decision is sent to.
var errSecretAddress = errors.New("the address of the decision is a secret of the session")

const secretAddress = "address=secret"

// forged makes the call of a forgery from the request it imitates, without what
// a stranger cannot know.
func forged(s *ScenarioRun, r *http.Request, userCode string, f forgery) (Call, error) {
	c := Call{Step: f.name, Method: r.Method, URL: r.URL.String(), Header: r.Header.Clone(), Provoked: true}
	c.Header.Del("Cookie") // it comes with the session
	for _, segment := range strings.Split(r.URL.Path, "/") {
		if drawn(segment) && spec.NormalUserCode(segment) != spec.NormalUserCode(userCode) {
			return c, errSecretAddress
		}
	}
	address := *r.URL
	fields := known(r.URL.Query(), userCode)
	address.RawQuery = fields.Encode()
	c.URL = address.String()
	if r.GetBody != nil {
		body, err := r.GetBody()
		if err != nil {
			return c, err
		}
		raw, err := io.ReadAll(body)
		if err != nil {
			return c, err
		}
		if fields, err = url.ParseQuery(string(raw)); err != nil {
			return c, errors.New("the approving form is not urlencoded")
		}
	}
	if r.GetBody != nil {
		fields = known(fields, userCode)
		c.Raw, c.ContentType = []byte(fields.Encode()), string(spec.Form)
	}
	f.forge(&c, fields)
	return c, nil
}

// known are the fields whose values a stranger can know.
func known(fields url.Values, userCode string) url.Values {
	out := url.Values{}
	for name, values := range fields {
		if !slices.ContainsFunc(values, func(v string) bool { return antiForgery(name, v, userCode) }) {
			out[name] = values
		}
	}
	return out
}

// drawn reports whether part of an address looks like it was drawn at random.
func drawn(s string) bool {
	return len(s) >= 16 && strings.ContainsAny(s, "0123456789") && strings.ContainsAny(strings.ToUpper(s), Letters)
}

// secretName is what anti-forgery fields are called, and fields for the password
// where a decision comes with it instead of a session.
var secretName = regexp.MustCompile(`(?i)csrf|xsrf|token|nonce|authenticity|state|passw|passphrase|pwd|(^|_)(pin|t?otp)$`)

// antiForgery reports whether a form field is one that a stranger cannot know: it
// is called so, or it is long and not the user code.
func antiForgery(name, value, userCode string) bool {
	return secretName.MatchString(name) || len(value) >= 16 &&
		spec.NormalUserCode(value) != spec.NormalUserCode(userCode) &&
		!strings.Contains(value, "://")
}

func judgeForgedDecisions(e *Evidence, j *Judgement) {
	if x := e.One(forgedDecisions, "left alone"); x != nil && !x.StillPending() {
		j.Inconclusive("a code that was entered and not decided on got "+Describe(x)+"; see DF-POLL-018", x)
		return
	}
	for _, flow := range e.FlowsOf(forgedDecisions) {
		if !WasDecided(e, j, forgedDecisions, flow) {
			continue
		}
		var sent *Exchange // and where it was redirected to
		for _, x := range e.Flow(flow) {
			if x.Op == OpPage {
				sent = x
			}
		}
		for _, x := range e.Polls(flow, "after") {
			switch {
			case sent == nil:
			case x.HasTokens():
				j.Fail("the grant to stay pending (the user did not approve it)", "tokens after an approval request "+sent.Step,
					sent, x)
			case sent.Class() == 5:
				j.Warn("a forged approval to be refused with 4xx", Describe(sent)+" for an approval request "+sent.Step, sent)
			default:
				j.Each([]*Exchange{x}, ExpectPending, "the grant to stay pending (the user did not approve it)",
					PassIf(StillPending), InconclusiveIf(Infrastructure))
			}
		}
	}
	if _, ok := e.Fact(forgedDecisions, "address"); ok {
		j.Saw(1, "secret address of the decision") // it does what an anti-forgery token does
	}
	if why, ok := e.Fact(forgedDecisions, "unforged"); ok {
		j.Inconclusive(why)
	}
}

// What a hostile device calls itself, and what a hostile link says its code is.
const (
	hostileType = `dfx"><svg/onload=1>`
	hostileOS   = `{{7*7}}<b>x`
	shownPage   = 64 << 10 // bytes of the page that are kept
)

// The ways to open a link with markup in it, and the start that it is made of where the
// device says nothing hostile.
const (
	markedLink   = "of a link with markup in it"
	markedSigned = "of a link with markup in it, when signed in"
	linkedPlain  = "whose link gets markup in it"
)

// hostileDevice looks at the page on which a person would approve it, and opens the link of
// a device with markup in place of the code.
var hostileDevice = &Scenario{
	Name: "hostile device", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedHTTPApproval}, Cost: FixedCost(4, 2),
	Run: func(ctx context.Context, s *ScenarioRun) {
		f, hostile := (*Flow)(nil), s.Target().Documented()
		if hostile {
			f = s.Start(ctx, With("device_type", hostileType), With("device_os", hostileOS), Provoked())
			hostile = f.OK()
		}
		if !hostile {
			f = s.Start(ctx, Step(linkedPlain))
		}
		way, shown := f.Trace(ctx)
		if hostile && shown {
			s.Event(EventFact, f.ID, "page="+Truncate(s.Redacted(way.Page), shownPage))
		}
		link, ok := marked(f.Codes)
		if !ok {
			return
		}
		s.Browse(ctx, Call{Step: markedLink, Method: http.MethodGet, URL: link, Provoked: true}, nil)
		if way.Cookies != nil {
			s.Browse(ctx, Call{Step: markedSigned, Method: http.MethodGet, URL: link, Provoked: true}, way.Cookies)
		}
	},
}

// marked is the link of a device with markup in place of the code; false where the link does
// not have the code in it.
func marked(c spec.StartResponse) (string, bool) {
	link, code := c.VerificationURIComplete, url.QueryEscape(c.UserCode)
	if code == "" || !strings.Contains(link, code) {
		return "", false
	}
	return strings.Replace(link, code, url.QueryEscape(hostileType), 1), true
}

// judgeScriptedPage: neither what the device nor what the link says is markup on the page.
func judgeScriptedPage(e *Evidence, j *Judgement) {
	for _, x := range e.Of(hostileDevice, "start") {
		judgeHostileDevice(e, j, x)
	}
	judgeHostileLink(e, j)
}

func judgeHostileDevice(e *Evidence, j *Judgement, x *Exchange) {
	if x.Class() == 4 && !x.Infrastructure() {
		j.Pass(x) // what is not taken in is not shown
		return
	}
	if x.HasCodes() && !WasDecided(e, j, hostileDevice, x.Flow) {
		return
	}
	page, ok := e.Fact(hostileDevice, "page")
	if !ok {
		return
	}
	switch {
	case strings.Contains(page, "<svg/onload"), strings.Contains(page, "<b>x"):
		j.Fail("the page to escape the device's description", "its markup on the page as it was sent", x)
	case strings.Contains(page, "49<b>x"), strings.Contains(page, "49&lt;b&gt;x"):
		j.Fail("the page to show the device's description as text", "a template in it that was evaluated", x)
	case !strings.Contains(page, "dfx") && !strings.Contains(page, "{{7*7}}"):
		j.Inconclusive("the page does not show what the device calls itself", x)
	default:
		j.Pass(x)
	}
}

// judgeHostileLink: a page that does not show what the link says has nothing to escape.
func judgeHostileLink(e *Evidence, j *Judgement) {
	xs := e.Of(hostileDevice, markedLink, markedSigned)
	for _, x := range xs {
		switch {
		case x.Response == nil || Redirects(x):
		case IsHTML(x) && scripted(x.Response.Body):
			j.Fail("the page to escape what the link says the user code is", "its markup on the page, "+x.Step, x)
		case x.Class() == 5:
			j.Inconclusive("the page, "+x.Step+", got "+Describe(x), x)
		default:
			j.Pass(x)
		}
	}
	if start := e.One(hostileDevice, linkedPlain); len(xs) == 0 && start != nil && start.HasCodes() {
		j.Skip("no verification_uri_complete has the user code in it")
	}
}

// scripted reports whether a page has the markup as an element: in a script or in the value
// of an attribute the same characters do nothing.
func scripted(page string) bool {
	for t := html.NewTokenizer(strings.NewReader(page)); t.Next() != html.ErrorToken; {
		token := t.Token()
		if token.Data == "svg" && slices.Contains(token.Attr, html.Attribute{Key: "onload", Val: "1"}) {
			return true
		}
	}
	return false
}
