package conformance

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"time"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports/redact"
	"github.com/dfcheck/dfcheck/spec"
)

// Settle gives the server half a second between a decision and the poll that
// is to show it.
func (f *Flow) Settle(ctx context.Context) { Sleep(ctx, 500*time.Millisecond) }

// Collect polls until tokens or a terminal error come, at most three times.
func (f *Flow) Collect(ctx context.Context, step string, opts ...Option) *Exchange {
	var last *Exchange
	for range 3 {
		x := f.PollDue(ctx, append(opts, Step(step))...)
		if x == nil {
			break
		}
		last = x
		if !x.StillPending() {
			break
		}
	}
	return last
}

// redeemStep is the step of polls that are to bring the tokens of an approved code.
const redeemStep = "redeem"

// Redeem starts a flow, has it approved and collects its tokens; false when
// that did not come about.
func (s *ScenarioRun) Redeem(ctx context.Context, opts ...Option) (*Flow, bool) {
	f := s.Start(ctx, opts...)
	if f.Approve(ctx) != Accepted {
		return f, false
	}
	x := f.Collect(ctx, redeemStep)
	return f, x != nil && x.HasTokens()
}

// Refresh sends a refresh request (RFC 6749 section 6) for the run's client.
func (s *ScenarioRun) Refresh(ctx context.Context, token string, opts ...Option) *Exchange {
	return s.PollCode(ctx, "", append([]Option{Step("refresh"), Sending(spec.Params{
		{Name: "grant_type", Value: spec.GrantRefreshToken},
		{Name: "refresh_token", Value: token},
		{Name: "client_id", Value: s.target.Client.ID},
	})}, opts...)...)
}

// InspectToken asks introspection, or the resource, what a token is worth.
func (s *ScenarioRun) InspectToken(ctx context.Context, token, step string, opts ...Option) *Exchange {
	if token == "" {
		return nil
	}
	s.hide(redact.AccessToken, token)
	if in := s.target.Introspection; in != nil {
		return s.Send(ctx, Call{Op: OpOther, Step: step, Method: http.MethodPost, URL: in.URL, Client: in.Client,
			Encoding: spec.Form, Params: spec.Params{{Name: "token", Value: token}}}, opts...)
	}
	if s.target.Resource != "" {
		return s.Send(ctx, Call{Op: OpOther, Step: step, Method: http.MethodGet, URL: s.target.Resource,
			Header: http.Header{"Authorization": {"Bearer " + token}}}, opts...)
	}
	return nil
}

// TellsWorth reports whether an answer to InspectToken says something of the token. It
// does not where the introspection endpoint refuses the client that asks (RFC 7662
// section 2.3).
func TellsWorth(x *Exchange) bool {
	if x.Infrastructure() || x.Class() == 5 {
		return false
	}
	refused := x.Status() == http.StatusUnauthorized || x.Status() == http.StatusForbidden ||
		ErrorIs(spec.ErrInvalidClient, spec.ErrUnauthorizedClient)(x)
	return x.Request.Method != http.MethodPost || !refused
}

// IsActive reports whether the token that InspectToken asked about is good.
func IsActive(x *Exchange) bool {
	if v, ok := x.Member("active"); ok {
		return v == true
	}
	return x.Class() == 2
}

// Negatives sends the requests that break one rule of the contract document
// each and belong to one check. Every one is provoked: no device sends them.
func (s *ScenarioRun) Negatives(ctx context.Context, op Operation, check string, base spec.Params) {
	c := Call{Op: op, Method: "POST", URL: s.target.StartURL, Client: &s.target.Client, Provoked: true}
	if op == OpToken {
		c.URL = s.target.TokenURL
	}
	for _, n := range s.operation(op).Negatives() {
		if n.Check != check {
			continue
		}
		contentType, body := n.Apply(s.target.Signed(base))
		call := c
		call.Step, call.Encoding = n.String(), n.Encoding
		s.Send(ctx, call, Body(contentType, body))
	}
}

// StartNegatives is how many device authorization requests Negatives sends for some
// checks.
func StartNegatives(checks ...string) func(*Facts) int {
	return func(f *Facts) int {
		n := 0
		for _, broken := range f.Declared(OpStart).Negatives() {
			if slices.Contains(checks, broken.Check) {
				n++
			}
		}
		return n
	}
}

// Negative is the request of Negatives that x is, if it is one.
func (x *Exchange) Negative() (n spec.Negative, ok bool) { return spec.ParseNegative(x.Step) }

// HastyPause is the pause between polls that are meant to be far too fast.
const HastyPause = 100 * time.Millisecond

// MaxRedirects is how many redirects are followed to a verification page.
const MaxRedirects = 5

// Browse sends a request as a browser does, redirects included, and answers the
// last exchange. Without cookies it is a browser that was just opened. Where a
// redirect leads to a place that nobody named, it is not followed.
func (s *ScenarioRun) Browse(ctx context.Context, c Call, jar http.CookieJar) *Exchange {
	if jar == nil {
		jar, _ = cookiejar.New(nil) // fails for no options
	}
	client := *s.client
	client.Jar = jar
	c.Op, c.Once, c.HTTP = OpPage, true, &client
	if c.Header == nil {
		c.Header = http.Header{}
	}
	c.Header.Set("Accept", "text/html")
	for hop := 0; ; hop++ {
		x := s.Send(ctx, c)
		if x == nil || !Redirects(x) || hop == MaxRedirects {
			return x
		}
		next, err := follow(c.URL, x.Response.Header.Get("Location"))
		if err != nil {
			return x
		}
		c.URL = next
		if s := x.Status(); s != http.StatusTemporaryRedirect && s != http.StatusPermanentRedirect &&
			c.Method != http.MethodHead {
			c.Method, c.Raw, c.ContentType = http.MethodGet, nil, "" // RFC 9110 section 15.4.4
			c.Header.Del("Content-Type")
		}
	}
}

// follow resolves a Location against the page that sent it.
func follow(from, location string) (string, error) {
	base, err := url.Parse(from)
	if err != nil {
		return "", err
	}
	next, err := base.Parse(location)
	if err != nil || location == "" {
		return "", fmt.Errorf("no Location to follow: %q", location)
	}
	return next.String(), nil
}

// Trace asks the approver how a person approves this flow.
func (f *Flow) Trace(ctx context.Context) (way approve.Trace, ok bool) {
	walker, can := f.run.target.Approver.(approve.Tracer)
	if !can || !f.OK() {
		return way, false
	}
	v := f.verification(DecisionOptions{})
	out := f.ask(v, "approve", "walk", func() (err error) {
		way, err = walker.Trace(ctx, v, approve.Approve)
		return err
	})
	return way, out == Accepted && len(way.Requests) > 0
}

// Finish makes the decision on this flow that Trace stopped before.
func (f *Flow) Finish(ctx context.Context, way approve.Trace, label string) Outcome {
	if way.Finish == nil {
		return Unsupported
	}
	v := f.verification(DecisionOptions{})
	return f.ask(v, string(approve.Approve), label, func() error { return way.Finish(ctx) })
}

// StrangeOrigin is a site that no server trusts.
const StrangeOrigin = "https://dfcheck.invalid"
