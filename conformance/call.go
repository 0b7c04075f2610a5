package conformance

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"sync"

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

// authenticated adds the client's secret, if it has one, in the way it is
// registered for (RFC 6749 section 2.3.1).
func (s *session) authenticated(c Call) Call {
	if c.Client == nil || c.Client.Secret == "" {
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
