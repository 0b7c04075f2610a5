package limits

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/spec"
)

// Dial makes a connection, as net.Dialer.DialContext does.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// From dials from an address of this machine.
func From(source netip.Addr) Dial {
	return (&net.Dialer{LocalAddr: &net.TCPAddr{IP: source.AsSlice()}}).DialContext
}

// verdict is what a limiter may have done to a request.
type verdict int

const (
	served verdict = iota // whatever it was answered
	putOff                // by a limiter
	silent                // no answer
	broken                // 5xx
)

// answer is one answer.
type answer struct {
	verdict
	status     int
	retryAfter time.Duration // 0: it does not say
	codes      spec.StartResponse
	problem    string // why there is none
}

// template is a request up to the value that differs; load renders it.
type template interface {
	Body(dst, value []byte) []byte
}

// client is one client that sends from one address.
type client struct {
	http        *http.Client
	start, poll request
}

// request is one of the two that a device makes.
type request struct {
	template
	url    *url.URL
	header http.Header
}

// newClient makes the client of a target that sends through dial, nil for the usual way.
func newClient(t load.Target, dial Dial) (*client, error) {
	start, poll, err := t.Requests()
	if err != nil {
		return nil, err
	}
	way := &http.Transport{TLSClientConfig: t.TLS.Clone(), Proxy: t.Proxy, MaxIdleConnsPerHost: wave,
		MaxResponseHeaderBytes: 64 << 10}
	if way.Proxy == nil && dial == nil {
		way.Proxy = http.ProxyFromEnvironment
	}
	way.DialContext = dial
	if dial == nil {
		way.DialContext = t.Dial
	}
	return &client{start: request{start, start.URL, start.Header}, poll: request{poll, poll.URL, poll.Header},
		http: &http.Client{Transport: way, Timeout: timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

// close ends the connections.
func (c *client) close() { c.http.CloseIdleConnections() }

const (
	timeout = 10 * time.Second
	maxBody = 128 << 10 // bytes that are read of an answer
)

// ask sends a request with a value. starting says that it is a device authorization
// request, to which slow_down is no answer of the protocol.
func (c *client) ask(ctx context.Context, r request, value string, starting bool) answer {
	body := r.Body(nil, []byte(value))
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url.String(), bytes.NewReader(body))
	if err != nil {
		return answer{verdict: silent, problem: err.Error()}
	}
	q.Header, q.Host = r.header, r.header.Get("Host")
	resp, err := c.http.Do(q)
	if err != nil {
		return answer{verdict: silent, problem: err.Error()}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return answer{verdict: silent, problem: err.Error()}
	}
	a := answer{status: resp.StatusCode, retryAfter: retryAfter(resp.Header)}
	a.verdict = classify(resp.StatusCode, spec.ErrorCode(text), starting)
	if starting && resp.StatusCode/100 == 2 {
		a.codes, _ = spec.DecodeStart(text) // without codes nobody polls
	}
	return a
}

// known are the errors of the protocol, which no limiter has any business with.
var known = []string{spec.ErrAuthorizationPending, spec.ErrAccessDenied, spec.ErrExpiredToken, spec.ErrInvalidRequest,
	spec.ErrInvalidClient, spec.ErrInvalidGrant, spec.ErrInvalidScope, spec.ErrUnauthorizedClient,
	spec.ErrUnsupportedGrantType}

// limiting are error codes by which limiters speak under whatever status.
var limiting = []string{"temporarily_unavailable", "rate_limited", "rate_limit_exceeded", "too_many_requests"}

// classify reads an answer as a limiter's, or not. slow_down to a poll under status 400
// is about the pace of a device code (RFC 8628 section 3.5), which all requests here
// disregard.
func classify(status int, code string, starting bool) verdict {
	switch {
	case status == http.StatusTooManyRequests, slices.Contains(limiting, code), starting && code == spec.ErrSlowDown:
		return putOff
	case (status == http.StatusForbidden || status == http.StatusServiceUnavailable) && !slices.Contains(known, code):
		return putOff
	case status >= 500:
		return broken
	}
	return served
}

// retryAfter reads the header of that name, seconds or a date (RFC 9110 section 10.2.3).
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if n, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return max(at.Sub(now), 0)
}
