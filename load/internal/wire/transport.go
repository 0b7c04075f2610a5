package wire

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// Request is one request on its way, and its end. One goroutine has it at a time.
type Request struct {
	Owner    int32 // whose connection carries it, where each owner keeps one
	Template *Template
	Value    []byte // goes into the template
	For      Forwarded
	Sent     int64 // nanoseconds; at first, when it was made
	Received int64 // nanoseconds
	BytesOut int   // header and body; of net/http's, the body
	Slot     *slot // where it is done; made when it is first needed
	Reply    *Reply
	Resent   bool // sent once more, since the kept connection had been closed
}

// Transport sends requests that are rendered already, on HTTP/1.1 connections of
// its own, plain and TLS.
type Transport struct {
	pool    *pool
	now     func() int64
	timeout time.Duration
	carrier http.RoundTripper // for what it does not do itself: HTTP/2, proxies
	stale   staleCount
}

// Config says how a transport reaches servers.
type Config struct {
	Now     func() int64  // nanoseconds of some clock; the times of requests are its
	Timeout time.Duration // of a request; EnforceTimeouts holds it
	TLS     *tls.Config
	Owners  int               // each keeps a connection of its own; 0: all share them
	Carrier http.RoundTripper // carries all requests, when it is not nil

	Dial func(ctx context.Context, network, address string) (net.Conn, error) // nil: the network's
}

// New is a transport without a connection. Close ends what it has made.
func New(c Config) *Transport {
	p := newPool(c.Timeout, c.Now)
	p.tls = c.TLS
	if c.Dial != nil {
		p.dial = c.Dial
	}
	if c.Owners > 0 {
		p.byOwner = make([]*conn, c.Owners)
	}
	return &Transport{pool: p, now: c.Now, timeout: c.Timeout, carrier: c.Carrier}
}

// Release ends the connection of an owner that needs it no more.
func (t *Transport) Release(owner int32) { t.pool.release(owner) }

// EnforceTimeouts breaks off requests that take longer than the timeout, until done.
func (t *Transport) EnforceTimeouts(done <-chan struct{}) { t.pool.enforceTimeouts(done) }

// Close ends all connections, those in use too.
func (t *Transport) Close() { t.pool.close() }

// Connections is how many are open, and how many have been made.
func (t *Transport) Connections() (open int, made uint64) {
	t.pool.mu.Lock()
	defer t.pool.mu.Unlock()
	return len(t.pool.all), t.pool.dialled
}

// Do carries out a request. However it ends, the end is in the request.
func (t *Transport) Do(ctx context.Context, req *Request) {
	if t.carrier != nil {
		t.carry(ctx, req)
	} else {
		t.exchange(req)
	}
}

// DoAlone carries out a request of no owner, on a connection that is used for nothing
// else.
func (t *Transport) DoAlone(ctx context.Context, req *Request) {
	closing := *req.Template
	closing.closes = true
	req.Template = &closing
	if t.carrier != nil {
		t.carry(ctx, req)
	} else {
		t.alone(req)
	}
}

// alone carries out a request of no owner, on a connection that is used for nothing
// else.
func (t *Transport) alone(req *Request) {
	c, err := t.pool.get(req, true)
	if err != nil {
		req.Sent = t.now()
		req.Received = req.Sent
		req.Reply = failure(err)
		return
	}
	_, failed := t.sendOnce(c, req)
	t.pool.put(c, req.Owner, true, req.Received)
	if failed != nil {
		req.Reply = req.Slot.failure(failed)
	}
}

// sendOnce sends the request on one connection.
func (t *Transport) sendOnce(c *conn, req *Request) (clean bool, err error) {
	if req.Slot == nil {
		req.Slot = newSlot()
	}
	s := req.Slot
	s.out = req.Template.render(s.out[:0], req.Value, req.For)
	req.BytesOut = len(s.out)
	req.Sent = t.now()
	c.since.Store(req.Sent)
	defer c.since.Store(0)
	if err = s.send(c); err == nil {
		req.Reply, clean, err = s.receive(req.Template.Start)
	}
	req.Received = t.now()
	return clean && !req.Template.closes, err
}

var errTimeout = errors.New("no answer in time")

// failure is the reply that never came.
func failure(err error) *Reply {
	if what := shortage(err); what != "" {
		return &Reply{Outcome: Unsent, Problem: what}
	}
	r := &Reply{Outcome: ConnectionFailed, Problem: err.Error(), cause: connectionError(err)}
	n, ok := errors.AsType[net.Error](err)
	if errors.Is(err, errTimeout) || ok && n.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		r.Outcome = TimedOut
	}
	return r
}

// carry carries out the request with net/http.
func (t *Transport) carry(ctx context.Context, req *Request) {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	body := req.Template.Body(nil, req.Value)
	hr := (&http.Request{Method: http.MethodPost, URL: req.Template.URL, Header: req.Template.Header,
		Host: req.Template.Header.Get("Host"), Body: io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)), Close: req.Template.closes}).WithContext(ctx)
	if req.For.Field != "" {
		hr.Header = hr.Header.Clone()
		hr.Header.Set(req.For.Field, string(req.For.value(nil)))
	}
	req.BytesOut = len(body)
	req.Sent = t.now()
	resp, err := t.carrier.RoundTrip(hr) // it sends a POST with a body once more only where none of it was sent
	var raw []byte
	if err == nil {
		raw, err = io.ReadAll(io.LimitReader(resp.Body, MaxBody))
		resp.Body.Close()
	}
	req.Received = t.now()
	if err != nil {
		req.Reply = failure(err)
		return
	}
	req.Reply = &Reply{Status: resp.StatusCode, ContentType: resp.Header.Get("Content-Type"),
		CacheControl: resp.Header.Get("Cache-Control"), Body: string(raw)}
	req.Reply.classify(req.Template.Start)
	if r := req.Reply; r.Outcome.IsError() || r.Outcome == SlowDown {
		r.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), resp.Header.Get("Date"))
	}
}

func (r *Reply) classify(start bool) {
	if start {
		r.classifyStart()
	} else {
		r.classifyPoll()
	}
	if r.Outcome.IsError() {
		return // of what stands before the server, perhaps
	}
	if cacheable(r.CacheControl) {
		r.Faults |= Cacheable
	}
	if strings.HasPrefix(r.Body, "\xef\xbb\xbf") {
		r.Faults |= ByteOrderMark
	}
}

// tlsConfig is for connections of HTTP/1.1.
func tlsConfig(c *tls.Config, host string) *tls.Config {
	c = c.Clone()
	if c == nil {
		c = &tls.Config{}
	}
	if c.ServerName == "" {
		c.ServerName = host
	}
	c.NextProtos = []string{"http/1.1"}
	return c
}

// staleCount counts the kept connections that turned out to be closed when a request
// was sent on them, which was sent again on a new one.
type staleCount struct {
	count atomic.Uint64
	idle  atomic.Int64 // how long they had carried nothing, together, in nanoseconds
}

func (s *staleCount) add(idle int64) {
	s.count.Add(1)
	s.idle.Add(idle)
}

// StaleConnections is how many kept connections turned out to be closed when a
// request was sent on them, and how long they had been idle, on average.
func (t *Transport) StaleConnections() (n uint64, idle time.Duration) {
	if n = t.stale.count.Load(); n > 0 {
		idle = time.Duration(t.stale.idle.Load() / int64(n))
	}
	return n, idle
}
