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
	Sent     int64  // at first, when it was made
	Received int64
	BytesOut int
	Desk     *desk // where it is done; made when the place is used for the first time
	Reply    *Reply
	Resent   bool
}

// Transport sends requests that are rendered already, on HTTP/1.1 connections of
// its own, plain and TLS.
type Transport struct {
	pool    *pool
	now     func() int64
	timeout time.Duration
	other   http.RoundTripper // for what it does not do itself: HTTP/2, proxies
	stale   stale
}

// Config says how a transport reaches servers.
type Config struct {
	Now     func() int64 // nanoseconds of some clock; the times of requests are its
	Timeout time.Duration
	TLS     *tls.Config
	Dial    func(ctx context.Context, network, address string) (net.Conn, error) // nil: the network's
	Owners  int                                                                  // each keeps a connection of its own; 0: all share them
	Carrier http.RoundTripper                                                    // carries all requests, when it is not nil
}

func New(c Config) *Transport {
	p := newPool(c.Timeout, c.Now)
	p.tls = c.TLS
	if c.Dial != nil {
		p.dial = c.Dial
	}
	if c.Owners > 0 {
		p.own = make([]*conn, c.Owners)
	}
	return &Transport{pool: p, now: c.Now, timeout: c.Timeout, other: c.Carrier}
}

// Release ends the connection of an owner that needs it no more.
func (t *Transport) Release(owner int32) { t.pool.release(owner) }

// EnforceTimeouts breaks off requests that take longer than the timeout, until done.
func (t *Transport) EnforceTimeouts(done <-chan struct{}) { t.pool.keepSwept(done) }

// Close ends all connections, those in use too.
func (t *Transport) Close() { t.pool.close() }

// Connections is how many are open, and how many have been made.
func (t *Transport) Connections() (open int, made uint64) {
	t.pool.mu.Lock()
	defer t.pool.mu.Unlock()
	return len(t.pool.all), t.pool.dialled
}

// Do carries out a request. However it ends, the end is in the request.
func (t *Transport) Do(ctx context.Context, j *Request) {
	if t.other != nil {
		t.foreign(ctx, j)
	} else {
		t.exchange(j)
	}
}

// DoAlone carries out a request of nobody, on a connection that is used for nothing
// else.
func (t *Transport) DoAlone(ctx context.Context, j *Request) {
	closing := *j.Template
	closing.connection = true
	j.Template = &closing
	if t.other != nil {
		t.foreign(ctx, j)
	} else {
		t.alone(j)
	}
}

// exchange sends the request and reads its answer. Where a kept connection
// turns out to be closed before a byte of the answer came, the request is sent
// once more, on a new connection, and the request says so.
func (t *Transport) exchange(j *Request) {
	c, err := t.pool.get(j, false)
	var idle int64 // how long the connection that was closed had carried nothing
	for err == nil {
		kept, since := c.used, c.idle
		clean, failed := t.once(c, j)
		t.pool.put(c, j.Owner, !clean, j.Received)
		if failed == nil {
			if j.Resent { // else the server is gone, and its keep-alive does not matter
				t.stale.add(idle)
			}
			return
		}
		if !kept || !j.Desk.stale() {
			j.Reply = j.Desk.failure(failed)
			return
		}
		j.Resent, idle = true, j.Sent-since
		c, err = t.pool.get(j, true)
	}
	j.Sent = t.now()
	j.Received = j.Sent
	j.Reply = failure(err)
}

// alone carries out a request of nobody, on a connection that is used for nothing
// else.
func (t *Transport) alone(j *Request) {
	c, err := t.pool.get(j, true)
	if err != nil {
		j.Sent = t.now()
		j.Received = j.Sent
		j.Reply = failure(err)
		return
	}
	_, failed := t.once(c, j)
	t.pool.put(c, j.Owner, true, j.Received)
	if failed != nil {
		j.Reply = j.Desk.failure(failed)
	}
}

// once sends the request on one connection.
func (t *Transport) once(c *conn, j *Request) (clean bool, err error) {
	if j.Desk == nil {
		j.Desk = newDesk()
	}
	d := j.Desk
	d.out = j.Template.render(d.out[:0], j.Value)
	j.BytesOut = len(d.out)
	j.Sent = t.now()
	c.since.Store(j.Sent)
	defer c.since.Store(0)
	if err = d.send(c); err == nil {
		j.Reply, clean, err = d.receive(j.Template.Start)
	}
	j.Received = t.now()
	return clean && !j.Template.connection, err
}

var errTimeout = errors.New("no answer in time")

// failure is the reply that never came.
func failure(err error) *Reply {
	if what := shortage(err); what != "" {
		return &Reply{Outcome: Unsent, Problem: what}
	}
	r := &Reply{Outcome: ConnectionFailed, Problem: err.Error(), cause: connectionError(err)}
	if n, ok := errors.AsType[net.Error](err); errors.Is(err, errTimeout) || ok && n.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		r.Outcome = TimedOut
	}
	return r
}

// foreign carries out the request with net/http.
func (t *Transport) foreign(ctx context.Context, j *Request) {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	body := j.Template.Body(nil, j.Value)
	req := (&http.Request{Method: http.MethodPost, URL: j.Template.URL, Header: j.Template.Header, Host: j.Template.Header.Get("Host"),
		ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)), Close: j.Template.connection}).WithContext(ctx)
	j.BytesOut = len(body)
	j.Sent = t.now()
	resp, err := t.other.RoundTrip(req) // it sends a POST with a body once more only where none of it was sent
	var raw []byte
	if err == nil {
		raw, err = io.ReadAll(io.LimitReader(resp.Body, MaxBody))
		resp.Body.Close()
	}
	j.Received = t.now()
	if err != nil {
		j.Reply = failure(err)
		return
	}
	j.Reply = &Reply{Status: resp.StatusCode, ContentType: resp.Header.Get("Content-Type"), CacheControl: resp.Header.Get("Cache-Control"), Body: string(raw)}
	j.Reply.classify(j.Template.Start)
	if r := j.Reply; r.Outcome.IsError() || r.Outcome == SlowDown {
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
		r.Faults |= Fresh
	}
	if strings.HasPrefix(r.Body, "\xef\xbb\xbf") {
		r.Faults |= Marked
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

// stale counts the kept connections that turned out to be closed when a request
// was sent on them, which was sent again on a new one.
type stale struct {
	count atomic.Uint64
	idle  atomic.Int64 // how long they had carried nothing, together, in nanoseconds
}

func (s *stale) add(idle int64) {
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
