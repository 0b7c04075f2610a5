package refserver

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// Proxy stands between devices and any server, and adds faults to what that server
// answers. It finds the flow by itself: an answer with a device code begins one, and a
// request with the grant type of RFC 8628 is a poll. All else is passed on as it is, and
// so are verification pages, which people open at the server itself.
type Proxy struct {
	base    string // where devices reach it
	target  *url.URL
	forward *httputil.ReverseProxy

	mu      sync.Mutex // held to switch
	on      []Fault
	current atomic.Pointer[relay]
}

// relay is a Proxy with the faults that are on. Its server answers nobody: it knows the
// flows that were seen, and what the faults make of them.
type relay struct {
	*Server
	handler http.Handler
}

// What a Proxy takes from a server, at most.
const (
	mostRelayed    = 16 << 20 // bytes of an answer
	mostSeen       = 100_000  // flows
	relayedTimeout = time.Minute
)

// NewProxy returns a proxy in front of a server, whose URL has a host and nothing after it.
// base is where devices reach the proxy, trust how the server's certificate is verified.
func NewProxy(target *url.URL, base string, trust *tls.Config, faults ...Fault) (*Proxy, error) {
	p := &Proxy{base: base, target: target}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig, transport.DisableCompression = trust, true
	transport.ResponseHeaderTimeout, transport.MaxResponseHeaderBytes = relayedTimeout, 64<<10
	p.forward = &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Header.Del("Accept-Encoding") // answers are read on their way
		},
		ModifyResponse: p.readable,
		ErrorLog:       log.New(io.Discard, "", 0), // whoever asked hears of it
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, "dfcheck could not reach "+target.String()+": "+err.Error(), http.StatusBadGateway)
		},
	}
	return p, p.Switch(faults...)
}

// ServeHTTP passes a request on, and its answer back.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.current.Load().handler.ServeHTTP(w, r)
}

// TLSConfig is how the proxy speaks TLS with a certificate.
func (p *Proxy) TLSConfig(cert tls.Certificate) *tls.Config { return p.current.Load().TLSConfig(cert) }

// Flows lists the newest flows that went through, as far as the proxy saw them: a decision
// shows when the device is told.
func (p *Proxy) Flows() []Flow { return p.current.Load().Flows() }

// On lists the faults that are on.
func (p *Proxy) On() []Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.on)
}

// Choice lists the faults that can be switched on.
func (p *Proxy) Choice() []Fault { return ForeignFaults() }

// Switch puts faults in the place of those that are on. It returns an error for faults
// that a proxy cannot add, and where only one of two would show.
func (p *Proxy) Switch(faults ...Fault) error {
	if err := errors.Join(Addable(faults...), Together(faults...)); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	cfg := Config{Contract: "rfc8628", MostGrants: mostSeen}
	next := &relay{Server: New(cfg, faults...)}
	if before := p.current.Load(); before != nil {
		next.Server = before.with(cfg, faults...)
	}
	next.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.serve(next, w, r) })
	for _, f := range faults {
		if f.Wrap != nil {
			next.handler = f.Wrap(next.handler)
		}
	}
	p.current.Store(next)
	p.on = faults
	return nil
}

// serve answers a request with the server's answer, or a fault's.
func (p *Proxy) serve(n *relay, w http.ResponseWriter, r *http.Request) {
	q := readForeign(r)
	if q == nil {
		p.forward.ServeHTTP(w, r)
		return
	}
	if q.get("grant_type") == "" {
		n.begin(q, p.pass(q)).send(w)
		return
	}
	q.name = "token"
	if a := n.is.refuseToken(n.Server, q); a != nil {
		n.is.finish(q, a)
		a.send(w)
		return
	}
	g := n.grants.find(q.get("device_code"))
	if g == nil || q.get("grant_type") != spec.GrantDeviceCode {
		answered := p.pass(q)
		n.is.finish(q, answered.answer)
		answered.send(w)
		return
	}
	p.poll(n, q, g).send(w)
}

// pass sends a request to the server.
func (p *Proxy) pass(q *request) *relayed {
	a := &recorded{header: http.Header{}}
	p.forward.ServeHTTP(a, q.Request)
	return newRelayed(a)
}

// poll answers a poll of a flow that was seen to begin. The server is asked first: faults
// mind whether the code was decided on.
func (p *Proxy) poll(n *relay, q *request, g *grant) *relayed {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.heard.poll(g, time.Now())
	if g.held == nil {
		g.mu.Unlock()
		answered := p.pass(q) // which may take long, and others poll as well
		g.mu.Lock()
		g.learn(answered)
	}
	now, answered := time.Now(), g.held
	if instead := n.is.early(n.Server, q, g, now); instead != nil {
		answered = &relayed{answer: instead}
	} else if g.state == approved {
		g.state = redeemed
		n.is.issued(n.Server, q, g, answered.members)
	} else if g.state == pending {
		g.keepPace(answered.code, now)
	}
	if g.state != approved {
		g.held = nil
	}
	n.is.polled(n.Server, q, g, answered.answer)
	g.heard.answer = answered.word()
	n.is.finish(q, answered.answer)
	return answered
}

// keepPace counts the poll of an undecided code, as token does.
func (g *grant) keepPace(code string, now time.Time) {
	g.polled = now
	g.polls++
	if code == spec.ErrSlowDown {
		g.interval += spec.SlowDownStep * time.Second
	}
}

// learn keeps an answer, and what it says of the state of a code. Tokens that a fault
// holds back are kept: the server gives them once.
func (g *grant) learn(a *relayed) {
	if g.state == approved && g.held != nil {
		return
	}
	g.held = a
	_, tokens := a.members["access_token"]
	switch {
	case tokens && a.status < 300:
		g.state = approved
	case a.code == spec.ErrAccessDenied:
		g.state = denied
	}
}

// begin remembers the flow that an answer begins, if it does.
func (n *relay) begin(q *request, a *relayed) *relayed {
	deviceCode, _ := a.members["device_code"].(string)
	userCode, _ := a.members["user_code"].(string)
	if deviceCode == "" || userCode == "" || a.code != "" {
		return a
	}
	q.name = "start"
	id, _, basic := q.BasicAuth()
	if !basic {
		id = q.get("client_id")
	}
	now := time.Now()
	g := &grant{deviceCode: deviceCode, userCode: userCode, client: &Client{ID: id}, scope: q.get("scope"),
		created: now, expires: now.Add(secondsOr(a.members["expires_in"], 10*time.Minute)),
		interval: secondsOr(a.members["interval"], spec.DefaultInterval*time.Second), from: address(q.Request)}
	if !n.grants.full(now, n.is.normal) {
		n.grants.assign(n.is.normal(userCode), g)
		n.grants.add(g, n.is.normal)
	}
	n.is.began(n.Server, q, g, a.members)
	n.is.finish(q, a.answer)
	return a
}

// readForeign reads a request that may be of a flow, nil when it is none.
func readForeign(r *http.Request) *request {
	if r.Method != http.MethodPost {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
	if err != nil || len(body) > maxRequest {
		return nil
	}
	q := &request{Request: r}
	label, boundary := mediaType(r.Header.Get("Content-Type"))
	q.encoding = spec.Encoding(label)
	if q.params, q.kinds, err = decode(q.encoding, body, boundary); err != nil {
		return nil
	}
	return q
}

// readable bounds an answer, and in metadata names the proxy in the place of the server,
// so that those who discover the endpoints come back to it.
func (p *Proxy) readable(resp *http.Response) error {
	resp.Body = http.MaxBytesReader(nil, resp.Body, mostRelayed)
	if !strings.Contains(resp.Request.URL.Path, "/.well-known/") || resp.Request.Method != http.MethodGet {
		return nil
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("its metadata broke off: %w", err)
	}
	for _, slash := range []string{"/", `\/`} { // as some encoders write it
		for _, end := range []string{`"`, slash} {
			spelled := func(u string) []byte { return []byte(`"` + strings.ReplaceAll(u, "/", slash) + end) }
			body = bytes.ReplaceAll(body, spelled(p.target.String()), spelled(p.base))
		}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	resp.Header.Del("Content-Length")
	return nil
}
