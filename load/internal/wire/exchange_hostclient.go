//go:build hostclient

package wire

import (
	"net"
	"sync"

	"github.com/valyala/fasthttp"
)

// Built with -tags hostclient, requests are carried by fasthttp's client in place of
// ours. make bench-peers ONLY=client measures what ours is worth; nothing else uses it.

var hosts, requests sync.Map // a client for each origin, a request for each template

func (t *Transport) exchange(req *Request) {
	if req.Slot == nil {
		req.Slot = newSlot()
	}
	s, q := req.Slot, fasthttp.AcquireRequest()
	defer fasthttp.ReleaseRequest(q)
	req.Template.prepared().CopyTo(q)
	s.out = req.Template.Body(s.out[:0], req.Value)
	q.SetBodyRaw(s.out)
	if req.For.Field != "" {
		q.Header.SetBytesV(req.For.Field, req.For.value(nil))
	}
	req.BytesOut = len(s.out)
	req.Sent = t.now()
	err := t.host(req.Template).Do(q, &s.response)
	req.Received = t.now()
	if err != nil {
		req.Reply = failure(err)
		return
	}
	req.Reply = s.reply(req.Template.Start)
}

func (t *Transport) host(of *Template) *fasthttp.HostClient {
	if h, ok := hosts.Load(of.origin); ok {
		return h.(*fasthttp.HostClient)
	}
	h, _ := hosts.LoadOrStore(of.origin, &fasthttp.HostClient{
		Addr: address(of.URL), IsTLS: of.URL.Scheme == "https", TLSConfig: t.pool.tls, MaxConns: 1 << 20,
		NoDefaultUserAgentHeader: true, ReadTimeout: t.timeout, WriteTimeout: t.timeout, MaxResponseBodySize: MaxBody,
		Dial: func(addr string) (net.Conn, error) { return net.Dial("tcp", addr) },
	})
	return h.(*fasthttp.HostClient)
}

// prepared has everything but the body, and is made once for each template.
func (t *Template) prepared() *fasthttp.Request {
	if q, ok := requests.Load(t); ok {
		return q.(*fasthttp.Request)
	}
	q := &fasthttp.Request{}
	q.Header.SetMethod("POST")
	q.SetRequestURI(t.URL.String())
	for name, values := range t.Header {
		for _, v := range values {
			q.Header.Set(name, v)
		}
	}
	requests.Store(t, q)
	return q
}

// reply is the answer in the slot; equal ones are one reply.
func (s *slot) reply(start bool) *Reply {
	like := &s.poll
	if start {
		like = &s.start
	}
	if (*like).says(&s.response) {
		return *like
	}
	h := &s.response.Header
	r := &Reply{Status: h.StatusCode(), ContentType: usual(h.ContentType()),
		CacheControl: usual(h.Peek("Cache-Control")), Header: string(h.Header()), Body: string(s.response.Body())}
	r.classify(start)
	if r.Outcome == Pending || r.Outcome == Codes {
		*like = r
	}
	return r
}
