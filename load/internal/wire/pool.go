package wire

import (
	"context"
	"crypto/tls"
	"net"
	"net/url"
	"sync"
	"time"
)

// pool keeps connections that are not in use, and ends requests that take too
// long.
type pool struct {
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	tls     *tls.Config
	timeout time.Duration
	now     func() int64

	mu      sync.Mutex
	origins map[string]*origin // by scheme and host
	byOwner []*conn            // by owner, where each keeps one; else nil
	all     map[*conn]bool
	closed  bool
	dialled uint64
}

// origin is where connections lead to.
type origin struct{ idle []*conn } // the last used first

// staleAfter: idle longer, a connection is looked at before it is used.
const staleAfter = int64(time.Second)

func newPool(timeout time.Duration, now func() int64) *pool {
	return &pool{dial: (&net.Dialer{}).DialContext, timeout: timeout, now: now, origins: map[string]*origin{},
		all: map[*conn]bool{}}
}

// get returns a connection for a request: a kept one, or a new one, always so
// when it must be fresh.
func (p *pool) get(r *Request, fresh bool) (*conn, error) {
	p.mu.Lock()
	to := p.origins[r.Template.origin]
	if to == nil {
		to = &origin{}
		p.origins[r.Template.origin] = to
	}
	for !fresh {
		c := p.take(r.Owner, to)
		if c == nil {
			break
		}
		if c.to == to && (r.Sent-c.idle <= staleAfter || !peerClosed(c)) {
			p.mu.Unlock()
			return c, nil
		}
		delete(p.all, c)
		c.Close()
	}
	p.dialled++
	p.mu.Unlock()
	return p.connect(r.Template.URL, to)
}

// take returns a connection that is not in use, or nil. An owner's own may lead to
// another origin.
func (p *pool) take(owner int32, to *origin) (c *conn) {
	if p.byOwner != nil {
		c, p.byOwner[owner] = p.byOwner[owner], nil
	} else if last := len(to.idle) - 1; last >= 0 {
		c, to.idle = to.idle[last], to.idle[:last]
	}
	return c
}

// connect makes a connection. TLS verifies the server's certificate, unless the
// configuration says otherwise.
func (p *pool) connect(u *url.URL, to *origin) (*conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
	defer cancel()
	raw, err := p.dial(ctx, "tcp", address(u))
	if err == nil && u.Scheme == "https" {
		secure := tls.Client(raw, tlsConfig(p.tls, u.Hostname()))
		if err = secure.HandshakeContext(ctx); err != nil {
			err = handshakeError{err}
			raw.Close()
		}
		raw = secure
	}
	if err != nil {
		return nil, err
	}
	c := newConn(raw, to)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all[c] = true
	return c, nil
}

func address(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	if u.Scheme == "https" {
		return net.JoinHostPort(u.Hostname(), "443")
	}
	return net.JoinHostPort(u.Hostname(), "80")
}

// put gives an owner's connection back at an instant, or ends it.
func (p *pool) put(c *conn, owner int32, end bool, now int64) {
	p.mu.Lock()
	end = end || p.closed || c.timedOut.Load() // its deadline has passed, even if its answer came
	c.idle = now
	switch {
	case end:
		delete(p.all, c)
	case p.byOwner != nil:
		p.byOwner[owner] = c
	default:
		c.to.idle = append(c.to.idle, c)
	}
	p.mu.Unlock()
	if end {
		c.Close() // it may have to say goodbye
	}
}

// release ends the connection of an owner that needs it no more.
func (p *pool) release(owner int32) {
	if p.byOwner == nil {
		return
	}
	p.mu.Lock()
	c := p.byOwner[owner]
	p.byOwner[owner] = nil
	delete(p.all, c)
	p.mu.Unlock()
	if c != nil {
		c.Close()
	}
}

// expire breaks off requests that have taken longer than the timeout. Looking
// at all of them now and then costs less than a deadline for each.
func (p *pool) expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.all {
		if at := c.since.Load(); at != 0 && p.now()-at > int64(p.timeout) && c.timedOut.CompareAndSwap(false, true) {
			c.SetDeadline(time.Unix(1, 0))
		}
	}
}

// enforceTimeouts expires requests until done.
func (p *pool) enforceTimeouts(done <-chan struct{}) {
	t := time.NewTicker(max(p.timeout/50, 10*time.Millisecond))
	defer t.Stop()
	for {
		select {
		case <-t.C:
			p.expire()
		case <-done:
			return
		}
	}
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for c := range p.all {
		c.Close()
	}
}
