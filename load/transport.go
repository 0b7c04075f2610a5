package load

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

// sending is one request on its way, and its end. One goroutine has it at a time.
type sending struct {
	owner    int32 // whose connection carries it, where each owner keeps one
	template *template
	value    []byte // goes into the template
	sent     int64  // at first, when it was made
	received int64
	bytesOut int
	desk     *desk // where it is done; made when the place is used for the first time
	reply    *reply
	resent   bool
}

// transport sends requests that are rendered already, on HTTP/1.1 connections of
// its own, plain and TLS.
type transport struct {
	pool    *pool
	now     func() int64
	timeout time.Duration
	other   http.RoundTripper // for what it does not do itself: HTTP/2, proxies
	stale   stale
}

// transportConfig says how a transport reaches servers.
type transportConfig struct {
	now     func() int64 // nanoseconds of some clock; the times of requests are its
	timeout time.Duration
	tls     *tls.Config
	dial    func(ctx context.Context, network, address string) (net.Conn, error) // nil: the network's
	owners  int                                                                  // each keeps a connection of its own; 0: all share them
	other   http.RoundTripper                                                    // carries all requests, when it is not nil
}

func newTransport(c transportConfig) *transport {
	p := newPool(c.timeout, c.now)
	p.tls = c.tls
	if c.dial != nil {
		p.dial = c.dial
	}
	if c.owners > 0 {
		p.own = make([]*conn, c.owners)
	}
	return &transport{pool: p, now: c.now, timeout: c.timeout, other: c.other}
}

// release ends the connection of an owner that needs it no more.
func (t *transport) release(owner int32) { t.pool.release(owner) }

// keepTime breaks off requests that take longer than the timeout, until done.
func (t *transport) keepTime(done <-chan struct{}) { t.pool.keepSwept(done) }

// close ends all connections, those in use too.
func (t *transport) close() { t.pool.close() }

// connections is how many are open, and how many have been made.
func (t *transport) connections() (open int, made uint64) {
	t.pool.mu.Lock()
	defer t.pool.mu.Unlock()
	return len(t.pool.all), t.pool.dialled
}

// do carries out a request. However it ends, the end is in the request.
func (t *transport) do(ctx context.Context, j *sending) {
	if t.other != nil {
		t.foreign(ctx, j)
	} else {
		t.exchange(j)
	}
}

// doAlone carries out a request of nobody, on a connection that is used for nothing
// else.
func (t *transport) doAlone(ctx context.Context, j *sending) {
	closing := *j.template
	closing.connection = true
	j.template = &closing
	if t.other != nil {
		t.foreign(ctx, j)
	} else {
		t.alone(j)
	}
}

// exchange sends the request and reads its answer. Where a kept connection
// turns out to be closed before a byte of the answer came, the request is sent
// once more, on a new connection, and the request says so.
func (t *transport) exchange(j *sending) {
	c, err := t.pool.get(j, false)
	var idle int64 // how long the connection that was closed had carried nothing
	for err == nil {
		kept, since := c.used, c.idle
		clean, failed := t.once(c, j)
		t.pool.put(c, j.owner, !clean, j.received)
		if failed == nil {
			if j.resent { // else the server is gone, and its keep-alive does not matter
				t.stale.add(idle)
			}
			return
		}
		if !kept || !j.desk.stale() {
			j.reply = j.desk.failure(failed)
			return
		}
		j.resent, idle = true, j.sent-since
		c, err = t.pool.get(j, true)
	}
	j.sent = t.now()
	j.received = j.sent
	j.reply = failure(err)
}

// alone carries out a request of nobody, on a connection that is used for nothing
// else.
func (t *transport) alone(j *sending) {
	c, err := t.pool.get(j, true)
	if err != nil {
		j.sent = t.now()
		j.received = j.sent
		j.reply = failure(err)
		return
	}
	_, failed := t.once(c, j)
	t.pool.put(c, j.owner, true, j.received)
	if failed != nil {
		j.reply = j.desk.failure(failed)
	}
}

// once sends the request on one connection.
func (t *transport) once(c *conn, j *sending) (clean bool, err error) {
	if j.desk == nil {
		j.desk = newDesk()
	}
	d := j.desk
	d.out = j.template.render(d.out[:0], j.value)
	j.bytesOut = len(d.out)
	j.sent = t.now()
	c.since.Store(j.sent)
	defer c.since.Store(0)
	if err = d.send(c); err == nil {
		j.reply, clean, err = d.receive(j.template.start)
	}
	j.received = t.now()
	return clean && !j.template.connection, err
}

var errTimeout = errors.New("no answer in time")

// failure is the reply that never came.
func failure(err error) *reply {
	if what := shortage(err); what != "" {
		return &reply{outcome: outUnsent, problem: what}
	}
	r := &reply{outcome: outConnection, problem: err.Error(), cause: connectionError(err)}
	if n, ok := errors.AsType[net.Error](err); errors.Is(err, errTimeout) || ok && n.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		r.outcome = outTimeout
	}
	return r
}

// foreign carries out the request with net/http.
func (t *transport) foreign(ctx context.Context, j *sending) {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	body := j.template.body(nil, j.value)
	req := (&http.Request{Method: http.MethodPost, URL: j.template.url, Header: j.template.header, Host: j.template.header.Get("Host"),
		ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)), Close: j.template.connection}).WithContext(ctx)
	j.bytesOut = len(body)
	j.sent = t.now()
	resp, err := t.other.RoundTrip(req) // it sends a POST with a body once more only where none of it was sent
	var raw []byte
	if err == nil {
		raw, err = io.ReadAll(io.LimitReader(resp.Body, maxBody))
		resp.Body.Close()
	}
	j.received = t.now()
	if err != nil {
		j.reply = failure(err)
		return
	}
	j.reply = &reply{status: resp.StatusCode, contentType: resp.Header.Get("Content-Type"), cacheControl: resp.Header.Get("Cache-Control"), body: string(raw)}
	j.reply.classify(j.template.start)
	if r := j.reply; r.outcome.bad() || r.outcome == outSlowDown {
		r.retryAfter = retryAfter(resp.Header.Get("Retry-After"), resp.Header.Get("Date"))
	}
}

func (r *reply) classify(start bool) {
	if start {
		r.classifyStart()
	} else {
		r.classifyPoll()
	}
	if r.outcome.bad() {
		return // of what stands before the server, perhaps
	}
	if cacheable(r.cacheControl) {
		r.faults |= fresh
	}
	if strings.HasPrefix(r.body, "\xef\xbb\xbf") {
		r.faults |= marked
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

// staleConnections is how many kept connections turned out to be closed when a
// request was sent on them, and how long they had been idle, on average.
func (t *transport) staleConnections() (n uint64, idle time.Duration) {
	if n = t.stale.count.Load(); n > 0 {
		idle = time.Duration(t.stale.idle.Load() / int64(n))
	}
	return n, idle
}
