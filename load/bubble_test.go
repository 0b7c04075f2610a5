package load

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// pipes is a network of its own: connections are pipes, so that a whole run fits
// into a bubble, where minutes take as long as the work in them.
type pipes struct {
	dialled chan net.Conn
	gone    chan struct{}
	ports   atomic.Int32
}

// pipeEnd has an address of this machine, as limiters want to know it.
type pipeEnd struct {
	net.Conn
	port int
}

func (p pipeEnd) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: p.port} }

func newPipes() *pipes { return &pipes{dialled: make(chan net.Conn), gone: make(chan struct{})} }

func (w *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-w.dialled:
		return c, nil
	case <-w.gone:
		return nil, net.ErrClosed
	}
}

func (w *pipes) Close() error { close(w.gone); return nil }

func (w *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// ourEnd says of a pipe whose other end is closed what the network says.
type ourEnd struct{ net.Conn }

func (c ourEnd) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if errors.Is(err, io.ErrClosedPipe) {
		err = syscall.EPIPE
	}
	return n, err
}

func (w *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	mine, theirs := net.Pipe()
	select {
	case w.dialled <- pipeEnd{theirs, int(w.ports.Add(1))}:
		return ourEnd{mine}, nil
	case <-w.gone:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// fasthttp starts its clock with the first header that it writes: not in a bubble,
// whose goroutines have to end with it.
var _ = new(fasthttp.ResponseHeader).Header()

// inBubble runs a crowd on a server in a bubble.
func inBubble(t *testing.T, server http.Handler, contract *spec.Contract, p *profile.Profile, check func(t *testing.T, l *reports.Load)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { runOn(t, server, contract, p, check) })
}

// runOn is called in a bubble.
func runOn(t *testing.T, server http.Handler, contract *spec.Contract, p *profile.Profile, check func(t *testing.T, l *reports.Load)) {
	t.Helper()
	w := newPipes()
	s := &http.Server{Handler: server}
	go s.Serve(w)
	defer s.Shutdown(context.Background()) // waits for the answers that are still being made
	tg := w.target(contract)
	defer tg.Approver.(*approve.Reference).Client.CloseIdleConnections()
	l, err := Run(t.Context(), tg, p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	check(t, l)
}

// target is the server at the other end of the wire.
func (w *pipes) target(contract *spec.Contract) Target {
	host := "http://127.0.0.1"
	return Target{Host: host, StartURL: host + contract.Start.Path, TokenURL: host + contract.Token.Path, Contract: contract,
		ClientID: "dfcheck", Scope: "openid", DeviceType: "tv", DeviceOS: "linux", dial: w.dial,
		Approver: &approve.Reference{Client: &http.Client{Transport: &http.Transport{DialContext: w.dial}}, URL: host}}
}

// quick is the reference server with a short interval and short codes.
func quick(faults ...refserver.Fault) http.Handler {
	return refserver.New(refserver.Config{Interval: time.Second, Lifetime: 6 * time.Second, Decisions: true}, faults...)
}

// Minutes of a crowd pass in a bubble.
func TestBubble(t *testing.T) {
	p := crowdOf(100)
	p.Duration = profile.Duration(2 * time.Minute)
	p.Groups[0].Behaviour.RestartAfter = profile.Duration(time.Second)
	inBubble(t, quick(), documented(t), p, func(t *testing.T, l *reports.Load) {
		if l.ErrorRate != 0 || len(l.Violations) != 0 || l.Requests.Polls < 3000 {
			t.Errorf("%+v %+v", l.Outcomes, l.Violations)
		}
		t.Logf("%+v", l.Outcomes)
	})
}
