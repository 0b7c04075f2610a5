package conformance

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/reports/redact"
	"github.com/dfcheck/dfcheck/spec"
)

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
	Fresh       bool // on a new connection
	Chunked     bool // without Content-Length
	Unpaced     bool // a barrier reserved its place already

	flow  *Flow
	crowd bool         // of a race
	words Words        // of its scenario
	gate  func()       // returns when the request may leave
	hold  func()       // the same, when its connection is there
	HTTP  *http.Client // another client than the session's
}

// authenticated adds the client's secret or assertion, if it has one, in the way it is
// registered for (RFC 6749 section 2.3.1, RFC 7523 section 2.2).
func (s *session) authenticated(c Call) Call {
	switch {
	case c.Client == nil:
		return c
	case c.Client.Key != nil:
		return s.asserted(c)
	case c.Client.Secret == "":
		return c
	}
	s.secrets.Sent(redact.ClientSecret, c.Client.Secret)
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

// carrier is the HTTP client that carries a call. The certificate is the connection's:
// whoever the request speaks for, it is the device's, unless that client has another one.
func (s *session) carrier(c Call) *http.Client {
	switch {
	case c.HTTP != nil:
		return c.HTTP
	case c.Client != nil && c.Client.Certificate != nil && c.Client.Certificate != s.target.Client.Certificate:
		return s.showing(c.Client)
	case c.Fresh:
		return s.fresh
	}
	return s.client
}

// showing is an HTTP client that shows the certificate of another client than the device's.
func (s *session) showing(c *Client) *http.Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	client := s.others[c.Certificate]
	if client == nil {
		client = s.target.httpClient(c)
		s.others[c.Certificate] = client
	}
	return client
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
	if c.hold != nil && body != nil {
		req.Body, req.ContentLength = io.NopCloser(&heldBody{Reader: r, hold: c.hold}), int64(len(body))
	}
	req.GetBody = nil
	req.Header.Set("User-Agent", "dfcheck")
	if c.Op == OpStart || c.Op == OpToken {
		req.Header.Set("Accept", "application/json")
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	s.dress(req, c.Op)
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

// A heldBody is read once hold has returned. net/http sends nothing of a short
// request before it has all of it, so the request leaves at that moment, on a
// connection that is there already.
type heldBody struct {
	io.Reader
	hold func()
	once sync.Once
}

func (b *heldBody) Read(p []byte) (int, error) {
	b.once.Do(b.hold)
	return b.Reader.Read(p)
}

// encode renders a call's parameters as the contract declares them.
func (s *session) encode(c Call) (contentType string, body []byte) {
	if c.Op == OpStart || c.Op == OpToken {
		return s.operation(c.Op).Encode(c.Encoding, c.Params)
	}
	return c.Encoding.Encode(c.Params)
}

// encoding is the one that works for an operation, or the first declared.
func (s *session) encoding(op Operation) spec.Encoding {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.working[op]; ok {
		return e
	}
	return s.operation(op).Encodings[0]
}

func (s *session) operation(op Operation) *spec.Operation { return op.In(s.target.Contract) }

// In is the operation as a contract has it.
func (op Operation) In(c *spec.Contract) *spec.Operation {
	if op == OpStart {
		return &c.Start
	}
	return &c.Token
}

// A server may send for ever, or a byte now and then. What is read of an answer has a
// bound in bytes and in time, and what a run keeps has one as well (ruling R121).

// Bounds of one answer, in bytes.
const (
	maxAnswer = 2 * MaxBody // of the two endpoints
	maxPage   = 1 << 20     // of anything else
)

// maxKept is how much a run keeps of all answers, in bytes. Ordinary servers send a
// twentieth of it.
const maxKept = 32 << 20

// AnswerTimeout is how long one answer may take to begin, and again to end.
func (t *Target) AnswerTimeout() time.Duration { return cmp.Or(t.Timeout, RequestTimeout) }

// ErrLong says that a body goes on beyond what is read of it.
var ErrLong = errors.New("its body is longer than what is read of one")

// Fetch sends a request and reads the body of its answer, at most limit bytes and for
// no longer than slowest. The error beside a response says why the body is not whole. There
// is no response where the body broke off before the end that it announced.
func Fetch(client *http.Client, req *http.Request, limit int64, slowest time.Duration) (*http.Response, []byte, error) {
	ctx, cancel := context.WithCancel(req.Context())
	defer cancel()
	resp, err := client.Do(req.WithContext(ctx))
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	late := time.AfterFunc(slowest, cancel)
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch inTime := late.Stop(); {
	case err != nil && !inTime:
		err = fmt.Errorf("its body did not end within %s", slowest)
	case int64(len(body)) > limit:
		return resp, body[:limit], ErrLong
	}
	if err != nil && delimited(resp) {
		return nil, nil, fmt.Errorf("%d, and its body broke off: %w", resp.StatusCode, err)
	}
	return resp, body, err
}

// delimited reports whether a response says itself where its body ends. If the body breaks
// off before that, the message is incomplete, and no answer (RFC 9112 section 8).
func delimited(r *http.Response) bool {
	return r.ContentLength >= 0 || len(r.TransferEncoding) > 0 || r.ProtoMajor > 1
}

// limit is how much is read of the answer to a call.
func (o Operation) limit() int64 {
	if o == OpStart || o == OpToken {
		return maxAnswer
	}
	return maxPage
}

// sizeOf is about what a header takes in memory, in bytes.
func sizeOf(h http.Header) (n int) {
	const field = 128 // beside its text
	for name, values := range h {
		n += len(name)
		for _, v := range values {
			n += field + len(v)
		}
	}
	return n
}

// span is a number of seconds that a server announced. What is absurd is as good as
// ten years, with which times can still be reckoned.
func span(seconds int64) time.Duration {
	const most = 10 * 365 * 24 * 3600
	return time.Duration(min(max(seconds, -most), most)) * time.Second
}

// pause is span for an interval, of which a run reckons multiples.
func pause(seconds int64) time.Duration { return min(span(max(seconds, 1)), 24*time.Hour) }
