package load

import (
	"bufio"
	"context"
	"crypto/tls"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// conn is a connection with what reading and writing on it needs.
type conn struct {
	net.Conn
	origin   string
	in       *bufio.Reader
	out      []byte
	response fasthttp.Response
	used     bool         // it has carried a request
	idle     int64        // since when
	since    atomic.Int64 // its request was sent then; 0 when none is under way
	timedOut atomic.Bool
	last     *reply // to the last poll: most answers are like the one before
}

// read makes a reply of the response. An answer equal to the last one, in what
// is ever looked at, is the last one.
func (c *conn) read(start bool) *reply {
	h, body := &c.response.Header, c.response.Body()
	if l := c.last; !start && l != nil && l.status == h.StatusCode() && l.body == string(body) &&
		l.contentType == string(h.ContentType()) && l.cacheControl == string(h.Peek("Cache-Control")) {
		return l
	}
	r := &reply{status: h.StatusCode(), contentType: string(h.ContentType()), cacheControl: string(h.Peek("Cache-Control")),
		header: string(h.Header()), body: string(body)}
	r.classify(start)
	if r.outcome == outPending {
		c.last = r
	}
	return r
}

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
	open    int // in use, or being dialled
	queue   []chan struct{}
	held    int64 // how long the last request had its connection
	freed   int64 // when one was last given back
	full    int64 // when the most were last in use
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

// get returns a connection to the origin of a URL, kept or new.
func (p *pool) get(u *url.URL) (*conn, error) {
	origin := u.Scheme + "://" + u.Host
	p.mu.Lock()
	for p.open >= p.limit {
		now := p.now()
		if p.limit < p.most && (p.held > slowServer || now-p.freed > slowServer) {
			p.limit = min(p.limit*2, p.most)
			for n := p.limit - p.open - 1; n > 0 && len(p.queue) > 0; n-- {
				p.next()
			}
			break
		}
		if p.limit == p.most {
			p.full = now
		}
		turn := make(chan struct{})
		p.queue = append(p.queue, turn)
		p.mu.Unlock()
		<-turn
		p.mu.Lock()
	}
	p.open++
	for list := p.idle[origin]; len(list) > 0; list = p.idle[origin] {
		c := list[len(list)-1]
		p.idle[origin] = list[:len(list)-1]
		if p.now()-c.idle > staleAfter && gone(c) {
			delete(p.all, c)
			c.Close()
			continue
		}
		p.mu.Unlock()
		return c, nil
	}
	p.dialled++
	p.mu.Unlock()
	return p.connect(u, origin)
}

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
		p.release()
		return nil, err
	}
	c := &conn{Conn: raw, origin: origin, in: bufio.NewReaderSize(raw, 4096)}
	c.response.Header.SetNoDefaultContentType(true)
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

// put gives a connection back, or ends it.
func (p *pool) put(c *conn, end bool) {
	if end {
		c.Close()
	}
	p.mu.Lock()
	now := p.now()
	if end || p.closed {
		delete(p.all, c)
	} else {
		c.idle = now
		p.idle[c.origin] = append(p.idle[c.origin], c)
	}
	p.freed = now
	p.mu.Unlock()
	p.release()
}

// release lets the next in the queue have its turn.
func (p *pool) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open--
	if len(p.queue) > 0 && p.open < p.limit {
		p.next()
	}
}

func (p *pool) next() {
	close(p.queue[0])
	p.queue = p.queue[1:]
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

// keepSwept sweeps until done.
func (p *pool) keepSwept(done <-chan struct{}) {
	t := time.NewTicker(max(p.timeout/50, 10*time.Millisecond))
	defer t.Stop()
	for {
		select {
		case <-t.C:
			p.sweep()
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
