package conformance

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"github.com/dfcheck/dfcheck/spec"
)

// A session is the recording client of one run: it paces, sends, redacts and
// keeps every exchange. It follows no redirect, keeps no cookie and repeats no
// request unseen (rule C8).
type session struct {
	target  *Target
	opts    Options
	vault   *vault
	started time.Time
	pace    *rate.Limiter
	slots   *semaphore.Weighted
	client  *http.Client

	mu       sync.Mutex
	working  map[Operation]spec.Encoding // the encoding that works (rule C13)
	events   []Event
	all      []*Exchange
	flows    int
	starts   int
	failures int // transport errors since the last answer
	died     context.CancelCauseFunc
}

// errDied ends a recording when the target no longer answers.
type errDied struct{ exchange string }

func (e errDied) Error() string {
	return "the target stopped answering after exchange " + e.exchange
}

// Limits on manners: what a default run may cost the target.
const (
	DefaultMaxRPS      = 50
	DefaultMaxStarts   = 400
	DefaultConcurrency = 96
	requestTimeout     = 15 * time.Second
	deadAfter          = 12 // transport errors in a row, over several scenarios
)

func newSession(t *Target, opts Options) *session {
	return &session{
		target: t, opts: opts, vault: newVault(), started: time.Now(),
		pace:    rate.NewLimiter(rate.Limit(opts.MaxRPS), 1),
		slots:   semaphore.NewWeighted(int64(opts.Concurrency)),
		client:  t.httpClient(),
		working: map[Operation]spec.Encoding{},
	}
}

// httpClient builds a client that shows what the server really answers. Idle
// connections are dropped before common servers drop them, so that an ordinary
// poll does not meet a closing connection.
func (t *Target) httpClient() *http.Client {
	dial := t.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
	}
	tr := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dial, TLSClientConfig: t.TLS.Clone(),
		ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 128, IdleConnTimeout: 2 * time.Second,
		DisableCompression: true, ResponseHeaderTimeout: requestTimeout,
		TLSHandshakeTimeout: 10 * time.Second, MaxResponseHeaderBytes: 256 << 10,
	}
	return &http.Client{
		Transport:     tr,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// A Call is one request before it is sent.
type Call struct {
	Op          Operation
	Step        string
	Method      string
	URL         string
	Encoding    spec.Encoding
	Params      spec.Params
	ContentType string // set by the encoding unless Raw is given
	Raw         []byte // a body that is not made of parameters
	Header      http.Header
	Host        string  // forged Host header
	Client      *Client // who it speaks for; its secret is added
	Provoked    bool
	Once        bool // infrastructure answers are final, nothing is sent again
	Fresh       bool // on a connection of its own
	Chunked     bool // without Content-Length
	Unpaced     bool // a barrier reserved its place already

	flow *Flow
	http *http.Client // another client than the session's
}

// send carries out a call and records it. It answers nil only when the
// recording has ended.
func (s *session) send(ctx context.Context, scenario string, c Call) *Exchange {
	for try := 0; ; try++ {
		x := s.once(ctx, scenario, c)
		if x == nil || c.Once || try == 2 || !x.Infrastructure() || ctx.Err() != nil {
			return x
		}
		if !sleep(ctx, retryAfter(x, try)) {
			return x
		}
		s.mu.Lock()
		x.Superseded = true
		s.mu.Unlock()
	}
}

// retryAfter obeys the server up to 10 s, and waits 1 s, then 2 s otherwise.
func retryAfter(x *Exchange, try int) time.Duration {
	if x.Response != nil {
		if n, err := strconv.Atoi(x.Response.Header.Get("Retry-After")); err == nil && n > 0 && n <= 10 {
			return time.Duration(n) * time.Second
		}
	}
	return time.Duration(try+1) * time.Second
}

func (s *session) once(ctx context.Context, scenario string, c Call) *Exchange {
	if !c.Unpaced {
		if s.pace.Wait(ctx) != nil || s.slots.Acquire(ctx, 1) != nil {
			return nil
		}
		defer s.slots.Release(1)
	}
	c = s.authenticated(c)
	req, body, err := s.request(ctx, c)
	x := &Exchange{Scenario: scenario, Step: c.Step, Op: c.Op, Provoked: c.Provoked, lenient: &s.target.Lenient}
	if c.flow != nil {
		x.Flow = c.flow.ID
	}
	x.Request = s.recordRequest(req, c, body)
	if err != nil {
		x.Error = err.Error()
		x.Sent = s.now()
		x.Received = x.Sent
		s.keep(x)
		return x
	}
	client := s.client
	if c.http != nil {
		client = c.http
	}
	x.Sent = s.now()
	resp, err := client.Do(req)
	if err == nil {
		var raw []byte
		raw, err = readBody(resp.Body)
		x.Received = s.now()
		x.raw, x.Response = raw, s.recordResponse(resp, raw)
	} else {
		x.Received = s.now()
	}
	if err != nil {
		x.Error = s.vault.redact(unwrapURL(err).Error())
	}
	if ctx.Err() != nil && x.Response == nil {
		return nil // ours, not the target's
	}
	s.keep(x)
	return x
}

// unwrapURL drops the URL that net/http puts before its errors: it may hold
// parameters.
func unwrapURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

func readBody(r io.ReadCloser) ([]byte, error) {
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, 1<<20))
}

// authenticated adds the client's secret, if it has one, in the way it is
// registered for (RFC 6749 section 2.3.1).
func (s *session) authenticated(c Call) Call {
	if c.Client == nil || c.Client.Secret == "" {
		return c
	}
	s.vault.name("client_secret", c.Client.Secret, spec.StartResponse{})
	switch c.Client.Auth {
	case "basic":
		pair := url.QueryEscape(c.Client.ID) + ":" + url.QueryEscape(c.Client.Secret)
		c.Header = c.Header.Clone()
		if c.Header == nil {
			c.Header = http.Header{}
		}
		c.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	case "post":
		if c.Params != nil {
			c.Params = c.Params.With("client_secret", c.Client.Secret)
		}
	}
	return c
}

// request builds the HTTP request. Bodies have a length and cannot be replayed
// by net/http.
func (s *session) request(ctx context.Context, c Call) (*http.Request, []byte, error) {
	body, contentType := c.Raw, c.ContentType
	if body == nil && c.Params != nil {
		contentType, body = s.encode(c)
		if c.ContentType != "" {
			contentType = c.ContentType
		}
	}
	var r io.Reader
	if body != nil {
		r = bytes.NewReader(body)
		if c.Chunked {
			r = io.MultiReader(r) // hides the length
		}
	}
	req, err := http.NewRequestWithContext(ctx, c.Method, c.URL, r)
	if err != nil {
		return nil, body, err
	}
	req.GetBody = nil
	req.Header.Set("User-Agent", "dfcheck")
	if c.Op == OpStart || c.Op == OpToken {
		req.Header.Set("Accept", "application/json")
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for _, extra := range []http.Header{s.target.Headers, c.Header} {
		for k, v := range extra {
			req.Header[k] = v // nil leaves the field out
		}
	}
	if c.Host != "" {
		req.Host = c.Host
	}
	req.Close = c.Fresh
	return req, body, nil
}

// encode renders a call's parameters as the contract declares them.
func (s *session) encode(c Call) (contentType string, body []byte) {
	if c.Op == OpStart || c.Op == OpToken {
		return s.operation(c.Op).Encode(c.Encoding, c.Params)
	}
	return c.Encoding.Encode(c.Params)
}

// keep numbers and stores an exchange, and notices when the target has died.
func (s *session) keep(x *Exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x.ID = "x" + strconv.Itoa(len(s.all)+1)
	s.all = append(s.all, x)
	if x.Response != nil {
		s.failures = 0
		return
	}
	s.failures++
	if s.failures == deadAfter && s.died != nil {
		last := "x0"
		for _, y := range s.all {
			if y.Response != nil {
				last = y.ID
			}
		}
		s.died(errDied{last})
	}
}

func (s *session) event(e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.At = s.now()
	s.events = append(s.events, e)
}

func (s *session) now() time.Duration { return time.Since(s.started) }

// encoding is the one that works for an operation, or the first declared.
func (s *session) encoding(op Operation) spec.Encoding {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.working[op]; ok {
		return e
	}
	return s.operation(op).Encodings[0]
}

func (s *session) operation(op Operation) *spec.Operation {
	if op == OpStart {
		return &s.target.Contract.Start
	}
	return &s.target.Contract.Token
}

// transcript seals the recording.
func (s *session) transcript() *Transcript {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vault.mu.Lock()
	defer s.vault.mu.Unlock()
	return &Transcript{
		Exchanges: append([]*Exchange(nil), s.all...),
		Events:    append([]Event(nil), s.events...),
		Secrets:   s.vault.secrets,
		Pools:     pools(s.all),
	}
}

// sleep waits and tells whether the time has passed without the end of ctx.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
