package hostile

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/spec/refserver"
)

// Options of a server.
type Options struct {
	// Honest is how many answers are correct before the behaviour begins, so that a
	// run gets past its first look.
	Honest int
}

// A Server answers as the reference server does, but for its behaviour.
type Server struct {
	URL string
	CA  []byte // PEM certificate of who signed the server's own; nil without TLS
	// Stranger is the URL of another server, which nobody names but this one.
	Stranger string

	behaviour Behaviour
	honest    int
	reference http.Handler
	stranger  *httptest.Server
	done      chan struct{}
	conns     sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener
	open     map[net.Conn]bool
	answers  int // so far
	visits   []string
}

// Start runs a server on loopback until Close.
func Start(b Behaviour, o Options) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{behaviour: b, honest: o.Honest, listener: l, done: make(chan struct{}), open: map[net.Conn]bool{}}
	s.stranger = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.visits = append(s.visits, r.Method+" "+r.URL.String())
	}))
	s.Stranger = s.stranger.URL
	scheme := "http://"
	if b.secure != nil {
		scheme = "https://"
		var config *tls.Config
		if config, s.CA = b.secure(); !b.silent {
			l = tls.NewListener(l, config)
		}
	}
	s.URL = scheme + l.Addr().String()
	s.reference = refserver.New(refserver.Config{Contract: "rfc8628", BaseURL: s.URL, Interval: time.Second,
		Lifetime: 20 * time.Second, Decisions: true})
	s.conns.Go(func() { s.accept(l) })
	return s, nil
}

// Visits lists the requests that reached the stranger.
func (s *Server) Visits() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.visits)
}

// Close ends the server with all its connections.
func (s *Server) Close() {
	close(s.done)
	s.stop()
	s.conns.Wait()
	s.stranger.Close()
}

// stop ends what listens and what is connected.
func (s *Server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listener.Close()
	for c := range s.open {
		c.Close()
	}
}

func (s *Server) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.open[c] = true
		s.mu.Unlock()
		s.conns.Go(func() {
			s.serve(c)
			c.Close()
			s.mu.Lock()
			delete(s.open, c)
			s.mu.Unlock()
		})
	}
}

// serve answers the requests of one connection.
func (s *Server) serve(c net.Conn) {
	if s.behaviour.silent {
		<-s.until(c)
		return
	}
	in := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body, r.RemoteAddr = io.NopCloser(bytes.NewReader(body)), c.RemoteAddr().String()
		if !s.exchange(c, r) || r.Close {
			return
		}
	}
}

// until is closed when the peer has gone, or the server ends.
func (s *Server) until(c net.Conn) <-chan struct{} {
	gone := make(chan struct{})
	s.conns.Go(func() {
		defer close(gone)
		io.Copy(io.Discard, c)
	})
	return gone
}

// exchange answers one request, and reports whether another may follow.
func (s *Server) exchange(c net.Conn, r *http.Request) (keep bool) {
	a := s.correct(r)
	b := s.behaviour
	s.mu.Lock()
	s.answers++
	n := s.answers - s.honest
	s.mu.Unlock()
	if n <= 0 || b.On != "" && !strings.Contains(b.On, placeOf(r)) {
		return a.write(c, r) == nil
	}
	if b.alter != nil {
		b.alter(s, r, a)
	}
	if b.write != nil {
		return b.write(&spoilt{Conn: c, server: s, request: r, n: n}, a)
	}
	return a.write(c, r) == nil
}

// A spoilt exchange is the nth that the behaviour is in.
type spoilt struct {
	net.Conn
	server  *Server
	request *http.Request
	n       int
}

// pause lets time pass, and reports whether the server goes on.
func (x *spoilt) pause(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-x.server.done:
		return false
	}
}

// say writes, and reports whether it was taken.
func (x *spoilt) say(text string) bool {
	_, err := io.WriteString(x, text)
	return err == nil
}

// placeOf is what a request asks for.
func placeOf(r *http.Request) string {
	switch {
	case strings.HasPrefix(r.URL.Path, "/.well-known/"):
		return Metadata
	case r.URL.Path == "/device_authorization":
		return Authorization
	case r.URL.Path == "/token":
		return Token
	case strings.HasPrefix(r.URL.Path, "/device"):
		return Page
	case r.URL.Path == "/decision":
		return Decision
	}
	return Elsewhere
}

// answer is what the server says, before it is written.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// correct is what the reference server says.
func (s *Server) correct(r *http.Request) *answer {
	w := httptest.NewRecorder()
	s.reference.ServeHTTP(w, r)
	a := &answer{status: w.Code, header: w.Header(), body: w.Body.Bytes()}
	a.header.Del("Content-Length")
	return a
}

// head is the status line and the header; the body has n bytes, or an unknown number
// where n is negative.
func (a *answer) head(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", a.status, cmp.Or(http.StatusText(a.status), "Unknown"))
	for name, values := range a.header {
		for _, v := range values {
			fmt.Fprintf(&b, "%s: %s\r\n", name, v)
		}
	}
	if n >= 0 {
		b.WriteString("Content-Length: " + strconv.Itoa(n) + "\r\n")
	}
	return b.String()
}

// write sends the answer as HTTP wants it.
func (a *answer) write(w io.Writer, r *http.Request) error {
	text := a.head(len(a.body)) + "\r\n"
	if r.Method != http.MethodHead {
		text += string(a.body)
	}
	_, err := io.WriteString(w, text)
	return err
}

// set replaces a member of a JSON object by a text that need not be JSON.
func (a *answer) set(name, text string) {
	members := map[string]json.RawMessage{}
	if json.Unmarshal(a.body, &members) != nil {
		return
	}
	delete(members, name)
	rest, err := json.Marshal(members)
	if err != nil {
		return
	}
	own := strconv.Quote(name) + ":" + text
	if len(members) > 0 {
		own += ","
	}
	a.body = []byte("{" + own + string(rest[1:]))
}

// become makes the answer another one.
func (a *answer) become(status int, mediaType, body string) {
	a.status, a.body = status, []byte(body)
	a.header = http.Header{"Content-Type": {mediaType}}
}
