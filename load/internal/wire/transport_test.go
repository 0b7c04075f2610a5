package wire

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dfcheck/dfcheck/spec"
)

// rawServer answers the requests on each of its connections with bytes that
// are given: hang up ends the connection, hang lets it wait.
type rawServer struct {
	net.Listener
	script [][]string // by connection, then by request
	mu     sync.Mutex
	bodies []string
}

const (
	hangUp = "\x00hang up"
	hang   = "\x00hang"
	slowly = "\x00slowly" // byte by byte
)

func serveRaw(t testing.TB, secure *tls.Config, script [][]string) *rawServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if secure != nil {
		l = tls.NewListener(l, secure)
	}
	s := &rawServer{Listener: l, script: script}
	var all sync.WaitGroup
	all.Go(func() {
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
			if n < len(script) {
				all.Go(func() { s.talk(c, script[n]) })
			} else {
				c.Close()
			}
		}
	})
	t.Cleanup(func() { l.Close(); all.Wait() })
	return s
}

func (s *rawServer) talk(c net.Conn, answers []string) {
	in := bufio.NewReader(c)
	for _, answer := range answers {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.bodies = append(s.bodies, string(body))
		s.mu.Unlock()
		rest, slow := strings.CutSuffix(answer, slowly)
		rest, up := strings.CutSuffix(rest, hangUp)
		rest, wait := strings.CutSuffix(rest, hang)
		for len(rest) > 0 {
			n := len(rest)
			if slow {
				n = 1
			}
			io.WriteString(c, rest[:n])
			rest = rest[n:]
		}
		if up {
			c.Close()
			return
		}
		if wait {
			io.Copy(io.Discard, in)
		}
	}
	io.Copy(io.Discard, in)
}

// transportTo is a transport to a server, and a request, a poll.
func transportTo(t testing.TB, s *rawServer, secure *tls.Config, timeout time.Duration, closes bool) (
	*Transport, *Request,
) {
	t.Helper()
	scheme := "http://"
	if secure != nil {
		scheme = "https://"
	}
	poll := spec.Params{{Name: "grant_type", Value: spec.GrantDeviceCode}, {Name: "device_code", Value: Placeholder}}
	tm, err := NewTemplate(&contract(t).Token, scheme+s.Addr().String()+"/token", spec.Form, poll, nil, closes)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	now := func() int64 { return int64(time.Since(began)) }
	tr := &Transport{pool: newPool(timeout, now), now: now, timeout: timeout}
	tr.pool.tls = secure
	done := make(chan struct{})
	go tr.pool.enforceTimeouts(done)
	t.Cleanup(func() { close(done); tr.pool.close() })
	return tr, &Request{Template: tm, Value: []byte("code")}
}

const (
	pendingBody = `{"error":"authorization_pending"}`
	pendingHead = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
	pending     = pendingHead + "Content-Length: 33\r\n\r\n" + pendingBody
	untilClose  = pendingHead + "\r\n" + pendingBody
	chunked     = pendingHead + "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n10\r\n" + `{"error":"author` +
		"\r\n11;x=y\r\n" + `ization_pending"}` + "\r\n0\r\nX-Sum: 1\r\n\r\n"
)

// end is what became of one request.
type end struct {
	outcome Outcome
	resent  bool
}

// TestTransport: what servers may answer (RFC 9112), and what they may not.
// Each row tells the connections with their answers, and how the requests ended
// that were sent one after the other.
func TestTransport(t *testing.T) {
	secure, client := certified(t)
	ok := end{outcome: Pending}
	continues := "HTTP/1.1 100 Continue\r\n\r\n"
	keptByOld := strings.Replace(pending, "1.1 400 Bad Request\r\n",
		"1.0 400 Bad Request\r\nConnection: keep-alive\r\n", 1)
	for _, tt := range []struct {
		name   string
		script [][]string
		want   []end
		sent   int // requests the server read
	}{
		{"keep-alive", [][]string{{pending, pending, pending}}, []end{ok, ok, ok}, 3},
		{"byte by byte", [][]string{{pending + slowly, pending}}, []end{ok, ok}, 2},
		{"chunked", [][]string{{chunked, chunked + slowly, pending}}, []end{ok, ok, ok}, 3},
		{"delimited by the close", [][]string{{untilClose + hangUp}, {pending}}, []end{ok, ok}, 2},
		{"connection: close",
			[][]string{{pendingHead + "Connection: close\r\nContent-Length: 33\r\n\r\n" + pendingBody}, {pending}},
			[]end{ok, ok}, 2},
		{"HTTP/1.0 closes", [][]string{{strings.Replace(pending, "1.1", "1.0", 1)}, {pending}}, []end{ok, ok}, 2},
		{"HTTP/1.0 kept alive", [][]string{{keptByOld, pending}}, []end{ok, ok}, 2},
		{"100 and 103 before the answer",
			[][]string{{continues + "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + pending, pending}},
			[]end{ok, ok}, 2},
		{"bytes after the answer", [][]string{{pending + pending}, {pending}}, []end{ok, ok}, 2},
		{"another answer on the same connection",
			[][]string{{pending + slowly, strings.Replace(pending, "_pending", "_pendinG", 1) + slowly}},
			[]end{ok, {outcome: OAuthError}}, 2},
		{"no content", [][]string{{"HTTP/1.1 204 No Content\r\n\r\n", pending}}, []end{{outcome: Malformed}, ok}, 2},
		{"not HTTP", [][]string{{"SSH-2.0-OpenSSH\r\n"}, {pending}}, []end{{outcome: Malformed}, ok}, 2},
		{"a broken chunk", [][]string{{pendingHead + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"}, {pending}},
			[]end{{outcome: Malformed}, ok}, 2},
		{"two lengths",
			[][]string{{pendingHead + "Content-Length: 33\r\nContent-Length: 3\r\n\r\n" + pendingBody}, {pending}},
			[]end{{outcome: Malformed}, ok}, 2},
		{"a body without end", [][]string{{pendingHead + "Content-Length: 99999999\r\n\r\n" + pendingBody}, {pending}},
			[]end{{outcome: Malformed}, ok}, 2},
		{"headers without end",
			[][]string{{"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 40_000) + "\r\n\r\n"}, {pending}},
			[]end{{outcome: Malformed}, ok}, 2},
		{"half a body", [][]string{{pending, pending[:len(pending)-5] + hangUp}, {pending}},
			[]end{ok, {outcome: ConnectionFailed}, ok}, 3},
		{"half a header", [][]string{{pending, pending[:20] + hangUp}, {pending}},
			[]end{ok, {outcome: ConnectionFailed}, ok}, 3},
		{"100 and no answer on a kept connection",
			[][]string{{pending, continues + hangUp}, {pending}},
			[]end{ok, {outcome: ConnectionFailed}, ok}, 3},
		{"no answer on a new connection: not sent again", [][]string{{hangUp}, {pending}},
			[]end{{outcome: ConnectionFailed}, ok}, 2},
		{"no answer on a kept connection: sent again, and known", [][]string{{pending, hangUp}, {pending}},
			[]end{ok, {Pending, true}}, 3},
		{"closed behind our back: sent again, and known", [][]string{{pending + hangUp}, {pending}},
			[]end{ok, {Pending, true}}, 2},
		{"not a third time", [][]string{{pending, hangUp}, {hangUp}, {pending}},
			[]end{ok, {ConnectionFailed, true}, ok}, 4},
		{"no answer in time", [][]string{{hang}, {pending}}, []end{{outcome: TimedOut}, ok}, 2},
		{"no answer in time on a kept connection: not sent again", [][]string{{pending, hang}, {pending}},
			[]end{ok, {outcome: TimedOut}, ok}, 3},
		{"half an answer in time", [][]string{{pending[:50] + hang}, {pending}}, []end{{outcome: TimedOut}, ok}, 2},
	} {
		for _, over := range []string{"plain", "tls"} {
			t.Run(tt.name+"/"+over, func(t *testing.T) {
				t.Parallel()
				var server, mine *tls.Config
				if over == "tls" {
					server, mine = secure, client
				}
				s := serveRaw(t, server, tt.script)
				tr, req := transportTo(t, s, mine, 500*time.Millisecond, false)
				var got []end
				var problems []string
				for range tt.want {
					req.Resent = false
					tr.exchange(req)
					got = append(got, end{req.Reply.Outcome, req.Resent})
					problems = append(problems, req.Reply.Problem)
				}
				if d := cmp.Diff(tt.want, got, cmp.AllowUnexported(end{})); d != "" {
					t.Errorf("%s\n%q", d, problems)
				}
				s.mu.Lock()
				defer s.mu.Unlock()
				if len(s.bodies) != tt.sent {
					t.Errorf("the server read %d requests, want %d", len(s.bodies), tt.sent)
				}
			})
		}
	}
}

// certified is the configurations of a server and of a client that trusts it.
func certified(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	s := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates}, &tls.Config{RootCAs: roots}
}

// A certificate is verified unless the user says otherwise.
func TestCertificates(t *testing.T) {
	secure, client := certified(t)
	for _, tt := range []struct {
		name string
		mine *tls.Config
		want Outcome
	}{
		{"trusted", client, Pending},
		{"unknown authority", &tls.Config{}, ConnectionFailed},
		{"another name", &tls.Config{RootCAs: client.RootCAs, ServerName: "other.test"}, ConnectionFailed},
		{"insecure on purpose", &tls.Config{InsecureSkipVerify: true}, Pending},
	} {
		s := serveRaw(t, secure, [][]string{{pending}})
		tr, req := transportTo(t, s, tt.mine, time.Second, false)
		tr.exchange(req)
		if r := req.Reply; r.Outcome != tt.want ||
			(r.Outcome == ConnectionFailed) != strings.Contains(r.Problem, "certificate") {
			t.Errorf("%s: %s %s", tt.name, r.Outcome.String(), r.Problem)
		}
	}
}

// A profile may ask for a new connection for each request.
func TestFreshConnections(t *testing.T) {
	s := serveRaw(t, nil, [][]string{{pending, pending}, {pending}})
	tr, req := transportTo(t, s, nil, time.Second, true)
	for range 2 {
		tr.exchange(req)
		if o := req.Reply.Outcome; o != Pending {
			t.Fatal(o.String())
		}
	}
	if tr.pool.dialled != 2 {
		t.Errorf("%d connections", tr.pool.dialled)
	}
}

// Starts whose headers are alike differ in their codes, and a code that is one
// byte longer has another header.
func TestStartsAlike(t *testing.T) {
	answer := func(code string) string {
		body := strings.Replace(plainStart, "\"device_code\":\"", "\"device_code\":\""+code, 1)
		return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) +
			"\r\n\r\n" + body
	}
	tr, req := transportTo(t, alternate(t, nil, [2]string{answer("one"), answer("two")}), nil, time.Minute, false)
	req.Template.Start = true
	for n := range 6 {
		tr.exchange(req)
		want := [2]string{"one", "two"}[n%2]
		if r := req.Reply; r.Outcome != Codes || !strings.HasPrefix(r.Codes.DeviceCode, want) || r.Status != 200 ||
			r.Faults != 0 {
			t.Errorf("answer %d: %+v", n, r)
		}
	}
}

// contract is that of the requests in these tests.
func contract(t testing.TB) *spec.Contract {
	t.Helper()
	c, err := spec.BuiltinContract("documented-v1")
	if err != nil {
		t.Fatal(err)
	}
	return c
}
