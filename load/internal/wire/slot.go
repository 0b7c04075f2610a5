package wire

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"

	"github.com/valyala/fasthttp"
)

// slot holds the rendered request and the parser of its answer. There is one for
// each request that may be in flight.
type slot struct {
	conn     *conn // of the request in flight
	in       *bufio.Reader
	out      []byte // the request
	first    []byte // of the answer, what came with the first read and is not yet parsed
	buf      [2048]byte
	got      int   // bytes of the answer so far
	failed   error // the network's, not the parser's
	response fasthttp.Response
	start    *Reply // the last that gave codes, or nil: most answers are like the one before
	poll     *Reply // the last that was pending
}

// MaxBody bounds the body of an answer and maxHeader its headers, in bytes.
const (
	maxHeader = 16 << 10
	MaxBody   = 64 << 10
)

func newSlot() *slot {
	s := &slot{}
	s.in = bufio.NewReaderSize(s, maxHeader)
	s.response.Header.SetNoDefaultContentType(true)
	return s
}

// Read is the parser's source: the first read, then the network.
func (s *slot) Read(p []byte) (int, error) {
	if len(s.first) > 0 {
		n := copy(p, s.first)
		s.first = s.first[n:]
		return n, nil
	}
	n, err := s.conn.Conn.Read(p)
	s.got += n
	if err != nil {
		s.failed = err
	}
	return n, err
}

// send writes the request on a connection and waits for the first bytes of its
// answer.
func (s *slot) send(c *conn) error {
	s.conn, s.got, s.failed, c.used = c, 0, nil, true
	var n int
	var err error
	if c.sendRecv != nil {
		n, err = c.sendRecv.do(c.Conn, s.out, s.buf[:])
	} else if _, err = c.Conn.Write(s.out); err == nil {
		n, err = c.Conn.Read(s.buf[:])
	}
	s.got, s.failed, s.first = n, err, s.buf[:n]
	if n > 0 {
		return nil // an error will come again
	}
	return err
}

// receive reads the rest of the answer. clean reports that the connection can
// carry another request. A header equal to the last one of its kind, byte for
// byte, is not parsed again, and equal answers are one reply.
func (s *slot) receive(start bool) (r *Reply, clean bool, err error) {
	raw, like := s.first, &s.poll
	if start {
		like = &s.start
	}
	if l := *like; l.heads(raw) {
		s.first = nil
		body := raw[len(l.Header):]
		if string(body) == l.Body {
			return l, true, nil
		}
		r = &Reply{Status: l.Status, ContentType: l.ContentType, CacheControl: l.CacheControl, Header: l.Header,
			Body: string(body)}
		r.classify(start)
		return r, true, nil
	}
	s.in.Reset(s)
	if err := s.response.ReadLimitBody(s.in, MaxBody); err != nil {
		return nil, false, err
	}
	h := &s.response.Header
	clean = !s.response.ConnectionClose() && h.StatusCode() != http.StatusSwitchingProtocols && s.in.Buffered() == 0 &&
		len(s.first) == 0
	if l := *like; l.says(&s.response) { // only what nobody looks at differs, such as a date
		return l, clean, nil
	}
	r = &Reply{Status: h.StatusCode(), ContentType: usual(h.ContentType()),
		CacheControl: usual(h.Peek("Cache-Control"))}
	r.Header, r.Body = s.texts(raw)
	r.classify(start)
	if r.Outcome.IsError() || r.Outcome == SlowDown {
		r.RetryAfter = retryAfter(string(h.Peek("Retry-After")), string(h.Peek("Date")))
	}
	if clean && len(r.Header)+len(r.Body) == len(raw) && s.got == len(raw) &&
		(r.Outcome == Pending || r.Outcome == Codes) {
		*like = r
	}
	return r, clean, nil
}

// heads reports whether an answer has this reply's header, byte for byte, so that
// the rest of it is its body.
func (r *Reply) heads(raw []byte) bool {
	return r != nil && len(raw) == len(r.Header)+len(r.Body) && string(raw[:len(r.Header)]) == r.Header
}

// says reports whether a response is this reply again.
func (r *Reply) says(resp *fasthttp.Response) bool {
	h := &resp.Header
	return r != nil && r.Status == h.StatusCode() && r.Body == string(resp.Body()) &&
		r.ContentType == string(h.ContentType()) && r.CacheControl == string(h.Peek("Cache-Control"))
}

// texts are the headers as they came, and the body.
func (s *slot) texts(raw []byte) (header, body string) {
	b := s.response.Body()
	if all := string(raw); s.got == len(raw) && bytes.HasSuffix(raw, b) {
		return all[:len(all)-len(b)], all[len(all)-len(b):]
	}
	return string(s.response.Header.Header()), string(b)
}

// usual is the string of a header's value; the usual ones cost nothing.
func usual(value []byte) string {
	switch string(value) {
	case "application/json":
		return "application/json"
	case "no-store":
		return "no-store"
	}
	return string(value)
}

// stale reports whether a failure means that a kept connection had been closed by
// the other side: not a byte of an answer came.
func (s *slot) stale() bool {
	if s.got > 0 || s.conn.timedOut.Load() {
		return false
	}
	return errors.Is(s.failed, io.EOF) || errors.Is(s.failed, io.ErrUnexpectedEOF) ||
		errors.Is(s.failed, syscall.ECONNRESET) || errors.Is(s.failed, syscall.EPIPE)
}

// failure is the reply that did not come whole. What a server sent is not
// quoted: it may hold secrets.
func (s *slot) failure(err error) *Reply {
	_, broken := errors.AsType[fasthttp.ErrBrokenChunk](err)
	_, small := errors.AsType[*fasthttp.ErrSmallBuffer](err)
	switch {
	case s.conn.timedOut.Load():
		return failure(errTimeout)
	case s.failed != nil:
		return failure(s.failed)
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		return &Reply{Outcome: Malformed, Problem: "a body of more than 64 KiB"}
	case small:
		return &Reply{Outcome: Malformed, Problem: "headers of more than 16 KiB"}
	case broken:
		return &Reply{Outcome: Malformed, Problem: "a broken chunked body"}
	}
	return &Reply{Outcome: Malformed, Problem: "not an HTTP answer: " + reason(err)}
}

// reason is the part of the parser's error that quotes nothing.
func reason(err error) string {
	s, _, _ := strings.Cut(err.Error(), "\"")
	s = strings.TrimPrefix(s, "error when reading response headers: ")
	s, _, _ = strings.Cut(s, ": buffer size")
	return strings.TrimRight(s, " :")
}
