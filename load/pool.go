package load

import (
	"context"
	"crypto/tls"
	"net"
	"net/url"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// pool keeps connections. Requests beyond its limit wait for one; the limit
// grows, up to the most, where the server takes its time, and not where this
// machine is busy: more connections would cost it more.
type pool struct {
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	tls     *tls.Config
	timeout time.Duration
	now     func() int64
	most    int

	mu      sync.Mutex
	idle    map[string][]*conn // by scheme and host; the last used first
	all     map[*conn]bool
	limit   int
	open    int  // in use, or being dialled
	first   *job // in the queue for a connection
	final   *job
	held    int64        // how long the last request had its connection
	freed   int64        // when one was last given back
	full    atomic.Int64 // when the most were last in use, and the server was why
	busy    atomic.Bool  // this machine's processors were, a moment ago
	closed  bool
	dialled uint64
}

const (
	firstLimit = 64
	slowServer = int64(5 * time.Millisecond)
	staleAfter = int64(time.Second) // idle longer, a connection is looked at before it is used
)

func newPool(most int, timeout time.Duration, now func() int64) *pool {
	return &pool{dial: (&net.Dialer{}).DialContext, timeout: timeout, now: now, most: most, limit: min(firstLimit, most),
		idle: map[string][]*conn{}, all: map[*conn]bool{}}
}

// get returns a connection for a job: a kept one, unless it must be fresh, or
// a new one.
func (p *pool) get(j *job, fresh bool) (*conn, error) {
	u, origin := j.template.url, j.template.origin
	p.mu.Lock()
	if p.open < p.limit || p.grow() {
		p.open++
	} else {
		p.wait(j)
	}
	for list := p.idle[origin]; len(list) > 0 && !fresh; list = p.idle[origin] {
		c := list[len(list)-1]
		p.idle[origin] = list[:len(list)-1]
		if p.now()-c.idle > staleAfter && gone(c) {
			delete(p.all, c)
			c.Close()
			continue
		}
		c.taken = p.now()
		p.mu.Unlock()
		return c, nil
	}
	p.dialled++
	p.mu.Unlock()
	return p.connect(u, origin)
}

// grow raises the limit where the server takes its time.
func (p *pool) grow() bool {
	if p.busy.Load() {
		return false
	}
	now := p.now()
	if p.limit == p.most {
		return false
	}
	if p.held <= slowServer && now-p.freed <= slowServer {
		return false
	}
	p.limit = min(p.limit*2, p.most)
	for n := p.limit - p.open - 1; n > 0 && p.first != nil; n-- {
		p.admit()
	}
	return true
}

// wait puts a job into the queue until a connection may be used for it.
func (p *pool) wait(j *job) {
	if j.turn == nil {
		j.turn = make(chan struct{}, 1)
	}
	if p.first == nil {
		p.first = j
	} else {
		p.final.next = j
	}
	p.final = j
	p.mu.Unlock()
	<-j.turn
	p.mu.Lock()
}

// admit lets the first in the queue have its turn.
func (p *pool) admit() {
	j := p.first
	p.first, j.next = j.next, nil
	p.open++
	j.turn <- struct{}{}
}

// connect makes a connection. TLS verifies the server's certificate, unless the
// configuration says otherwise.
func (p *pool) connect(u *url.URL, origin string) (*conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
	defer cancel()
	raw, err := p.dial(ctx, "tcp", address(u))
	if err == nil && u.Scheme == "https" {
		secure := tls.Client(raw, tlsConfig(p.tls, u.Hostname()))
		if err = secure.HandshakeContext(ctx); err != nil {
			raw.Close()
		}
		raw = secure
	}
	if err != nil {
		p.mu.Lock()
		p.release()
		p.mu.Unlock()
		return nil, err
	}
	c := newConn(raw, origin)
	p.mu.Lock()
	defer p.mu.Unlock()
	c.taken = p.now()
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

// put gives a connection back, or ends it.
func (p *pool) put(c *conn, end bool) {
	p.mu.Lock()
	now := p.now()
	end = end || p.closed || c.timedOut.Load() // its deadline has passed, even if its answer came
	if end {
		delete(p.all, c)
	} else {
		c.idle = now
		p.idle[c.origin] = append(p.idle[c.origin], c)
	}
	p.held, p.freed = now-c.taken, now
	if p.open == p.most && !p.busy.Load() {
		p.full.Store(now)
	}
	p.release()
	p.mu.Unlock()
	if end {
		c.Close()
	}
}

// release is called when a connection is no longer in use.
func (p *pool) release() {
	p.open--
	if p.first != nil && p.open < p.limit {
		p.admit()
	}
}

// sweep breaks off requests that have taken longer than the timeout. Looking
// at all of them now and then costs less than a deadline for each.
func (p *pool) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.all {
		if at := c.since.Load(); at != 0 && p.now()-at > int64(p.timeout) && c.timedOut.CompareAndSwap(false, true) {
			c.SetDeadline(time.Unix(1, 0))
		}
	}
}

// busyShare of the processors' time is what this process takes when it has no
// more to give.
const busyShare = 0.9

// keepSwept sweeps until done, and watches the processors.
func (p *pool) keepSwept(done <-chan struct{}) {
	t := time.NewTicker(max(p.timeout/50, 10*time.Millisecond))
	defer t.Stop()
	at, spent := p.now(), usage().cpu
	for {
		select {
		case <-t.C:
			p.sweep()
			now, cpu := p.now(), usage().cpu
			p.busy.Store((cpu-spent)*1e9 > busyShare*float64(now-at)*float64(runtime.GOMAXPROCS(0)))
			at, spent = now, cpu
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
