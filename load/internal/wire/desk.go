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

// desk holds the rendered request and the parser of its answer. There is one for
// each request that may be in flight.
type desk struct {
	conn     *conn // of the request under way
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

// maxHeader bounds the headers of an answer and maxBody its body, in bytes.
const (
	maxHeader = 16 << 10
	MaxBody   = 64 << 10
)

func newDesk() *desk {
	d := &desk{}
	d.in = bufio.NewReaderSize(d, maxHeader)
	d.response.Header.SetNoDefaultContentType(true)
	return d
}

// Read is the parser's source: the first read, then the network.
func (d *desk) Read(p []byte) (int, error) {
	if len(d.first) > 0 {
		n := copy(p, d.first)
		d.first = d.first[n:]
		return n, nil
	}
	n, err := d.conn.Conn.Read(p)
	d.got += n
	if err != nil {
		d.failed = err
	}
	return n, err
}

// send writes the request on a connection and waits for the first bytes of its
// answer.
func (d *desk) send(c *conn) error {
	d.conn, d.got, d.failed, c.used = c, 0, nil, true
	var n int
	var err error
	if c.swap != nil {
		n, err = c.swap.do(c.Conn, d.out, d.buf[:])
	} else if _, err = c.Conn.Write(d.out); err == nil {
		n, err = c.Conn.Read(d.buf[:])
	}
	d.got, d.failed, d.first = n, err, d.buf[:n]
	if n > 0 {
		return nil // an error will come again
	}
	return err
}

// receive reads the rest of the answer. clean tells that the connection can
// carry another request. A header equal to the last one of its kind, byte for
// byte, is not parsed again, and equal answers are one reply.
func (d *desk) receive(start bool) (r *Reply, clean bool, err error) {
	raw, like := d.first, &d.poll
	if start {
		like = &d.start
	}
	if l := *like; l.heads(raw) {
		d.first = nil
		body := raw[len(l.Header):]
		if string(body) == l.Body {
			return l, true, nil
		}
		r = &Reply{Status: l.Status, ContentType: l.ContentType, CacheControl: l.CacheControl, Header: l.Header, Body: string(body)}
		r.classify(start)
		return r, true, nil
	}
	d.in.Reset(d)
	if err := d.response.ReadLimitBody(d.in, MaxBody); err != nil {
		return nil, false, err
	}
	h := &d.response.Header
	clean = !d.response.ConnectionClose() && h.StatusCode() != http.StatusSwitchingProtocols && d.in.Buffered() == 0 && len(d.first) == 0
	if l := *like; l.says(&d.response) { // only what nobody looks at differs, such as a date
		return l, clean, nil
	}
	r = &Reply{Status: h.StatusCode(), ContentType: usual(h.ContentType()), CacheControl: usual(h.Peek("Cache-Control"))}
	r.Header, r.Body = d.texts(raw)
	r.classify(start)
	if r.Outcome.IsError() || r.Outcome == SlowDown {
		r.RetryAfter = retryAfter(string(h.Peek("Retry-After")), string(h.Peek("Date")))
	}
	if clean && len(r.Header)+len(r.Body) == len(raw) && d.got == len(raw) && (r.Outcome == Pending || r.Outcome == Codes) {
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
func (d *desk) texts(raw []byte) (header, body string) {
	b := d.response.Body()
	if all := string(raw); d.got == len(raw) && bytes.HasSuffix(raw, b) {
		return all[:len(all)-len(b)], all[len(all)-len(b):]
	}
	return string(d.response.Header.Header()), string(b)
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
func (d *desk) stale() bool {
	if d.got > 0 || d.conn.timedOut.Load() {
		return false
	}
	return errors.Is(d.failed, io.EOF) || errors.Is(d.failed, io.ErrUnexpectedEOF) || errors.Is(d.failed, syscall.ECONNRESET) || errors.Is(d.failed, syscall.EPIPE)
}

// failure is the reply that did not come whole. What a server sent is not
// quoted: it may hold secrets.
func (d *desk) failure(err error) *Reply {
	_, broken := errors.AsType[fasthttp.ErrBrokenChunk](err)
	_, small := errors.AsType[*fasthttp.ErrSmallBuffer](err)
	switch {
	case d.conn.timedOut.Load():
		return failure(errTimeout)
	case d.failed != nil:
		return failure(d.failed)
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
