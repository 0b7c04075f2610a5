package load

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/valyala/fasthttp"
)

// conn is a connection with what reading and writing on it needs.
type conn struct {
	net.Conn
	to       *origin
	swap     *swap // sends and receives in one go, where the system can
	in       *bufio.Reader
	out      []byte // the request
	first    []byte // of the answer, what came with the first read and is not yet parsed
	buf      [2048]byte
	got      int   // bytes of the answer so far
	failed   error // the network's, not the parser's
	response fasthttp.Response
	used     bool         // it has carried a request
	idle     int64        // since when
	since    atomic.Int64 // its request was sent then; 0 when none is under way
	timedOut atomic.Bool
	last     *reply // to the last poll: most answers are like the one before
	lastRaw  string // that answer, byte for byte
	like     *reply // to the last start, or nil
}

// maxHeader bounds the headers of an answer and maxBody its body, in bytes.
const (
	maxHeader = 16 << 10
	maxBody   = 64 << 10
)

func newConn(raw net.Conn, to *origin) *conn {
	c := &conn{Conn: raw, to: to, swap: newSwap(raw)}
	c.in = bufio.NewReaderSize(c, maxHeader)
	c.response.Header.SetNoDefaultContentType(true)
	return c
}

// Read is the parser's source: the first read, then the network.
func (c *conn) Read(p []byte) (int, error) {
	if len(c.first) > 0 {
		n := copy(p, c.first)
		c.first = c.first[n:]
		return n, nil
	}
	n, err := c.Conn.Read(p)
	c.got += n
	if err != nil {
		c.failed = err
	}
	return n, err
}

// send writes the request and waits for the first bytes of its answer.
func (c *conn) send() error {
	c.got, c.failed, c.used = 0, nil, true
	var n int
	var err error
	if c.swap != nil {
		n, err = c.swap.do(c.Conn, c.out, c.buf[:])
	} else if _, err = c.Conn.Write(c.out); err == nil {
		n, err = c.Conn.Read(c.buf[:])
	}
	c.got, c.failed, c.first = n, err, c.buf[:n]
	if n > 0 {
		return nil // an error will come again
	}
	return err
}

// receive reads the rest of the answer. clean tells that the connection can
// carry another request. An answer equal to the last one, byte for byte, is the
// last one, and a header equal to the last one is not parsed again.
func (c *conn) receive(start bool) (r *reply, clean bool, err error) {
	raw := c.first
	if c.last != nil && !start && string(raw) == c.lastRaw {
		c.first = nil
		return c.last, true, nil
	}
	if start && c.like.heads(raw) {
		c.first = nil
		r = &reply{status: c.like.status, contentType: c.like.contentType, cacheControl: c.like.cacheControl,
			header: c.like.header, body: string(raw[len(c.like.header):])}
		r.classify(start)
		return r, true, nil
	}
	if err := c.response.ReadLimitBody(c.in, maxBody); err != nil {
		return nil, false, err
	}
	h := &c.response.Header
	clean = !c.response.ConnectionClose() && h.StatusCode() != http.StatusSwitchingProtocols && c.in.Buffered() == 0 && len(c.first) == 0
	if l := c.last; l != nil && !start && l.says(&c.response) { // only what nobody looks at differs, such as a date
		return l, clean, nil
	}
	r = &reply{status: h.StatusCode(), contentType: usual(h.ContentType()), cacheControl: usual(h.Peek("Cache-Control"))}
	r.header, r.body = c.texts(raw)
	r.classify(start)
	if whole := clean && c.got == len(raw); whole && r.outcome == outPending {
		c.last, c.lastRaw = r, string(raw)
	} else if whole && r.outcome == outCodes && len(r.header)+len(r.body) == len(raw) {
		c.like = r
	}
	return r, clean, nil
}

// heads tells whether an answer has this reply's header, byte for byte, so that
// the rest of it is its body.
func (r *reply) heads(raw []byte) bool {
	return r != nil && len(raw) == len(r.header)+len(r.body) && string(raw[:len(r.header)]) == r.header
}

// says tells whether a response is this reply again.
func (r *reply) says(resp *fasthttp.Response) bool {
	h := &resp.Header
	return r.status == h.StatusCode() && r.body == string(resp.Body()) &&
		r.contentType == string(h.ContentType()) && r.cacheControl == string(h.Peek("Cache-Control"))
}

// texts are the headers as they came, and the body.
func (c *conn) texts(raw []byte) (header, body string) {
	b := c.response.Body()
	if all := string(raw); c.got == len(raw) && bytes.HasSuffix(raw, b) {
		return all[:len(all)-len(b)], all[len(all)-len(b):]
	}
	return string(c.response.Header.Header()), string(b)
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

// stale tells whether a failure means that a kept connection had been closed by
// the other side: not a byte of an answer came.
func (c *conn) stale() bool {
	if c.got > 0 || c.timedOut.Load() {
		return false
	}
	return errors.Is(c.failed, io.EOF) || errors.Is(c.failed, io.ErrUnexpectedEOF) || errors.Is(c.failed, syscall.ECONNRESET) || errors.Is(c.failed, syscall.EPIPE)
}

// failure is the reply that did not come whole. What a server sent is not
// quoted: it may hold secrets.
func (c *conn) failure(err error) *reply {
	_, broken := errors.AsType[fasthttp.ErrBrokenChunk](err)
	_, small := errors.AsType[*fasthttp.ErrSmallBuffer](err)
	switch {
	case c.timedOut.Load():
		return failure(errTimeout)
	case c.failed != nil:
		return failure(c.failed)
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		return &reply{outcome: outMalformed, problem: "a body of more than 64 KiB"}
	case small:
		return &reply{outcome: outMalformed, problem: "headers of more than 16 KiB"}
	case broken:
		return &reply{outcome: outMalformed, problem: "a broken chunked body"}
	}
	return &reply{outcome: outMalformed, problem: "not an HTTP answer: " + reason(err)}
}

// reason is the part of the parser's error that quotes nothing.
func reason(err error) string {
	s, _, _ := strings.Cut(err.Error(), "\"")
	s = strings.TrimPrefix(s, "error when reading response headers: ")
	s, _, _ = strings.Cut(s, ": buffer size")
	return strings.TrimRight(s, " :")
}
