package pipes

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/valyala/fasthttp"
)

// Network is a listener, and the way to dial it.
type Network struct {
	dialled chan net.Conn
	gone    chan struct{}
	closing sync.Once
	ports   atomic.Int32
}

// New is a network without connections.
func New() *Network { return &Network{dialled: make(chan net.Conn), gone: make(chan struct{})} }

// Accept waits for the next connection.
func (n *Network) Accept() (net.Conn, error) {
	select {
	case c := <-n.dialled:
		return c, nil
	case <-n.gone:
		return nil, net.ErrClosed
	}
}

// Close ends the network: nobody can dial any more.
func (n *Network) Close() error {
	n.closing.Do(func() { close(n.gone) })
	return nil
}

// Addr is an address of this machine.
func (n *Network) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// Dial connects to the listener, whatever the address.
func (n *Network) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return n.From(net.IPv4(127, 0, 0, 1))(ctx, network, address)
}

// From dials from another address of this machine.
func (n *Network) From(source net.IP) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		mine, theirs := net.Pipe()
		select {
		case n.dialled <- pipeEnd{theirs, source, int(n.ports.Add(1))}:
			return ourEnd{mine}, nil
		case <-n.gone:
			return nil, syscall.ECONNREFUSED
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// pipeEnd has an address of this machine, as rate limiters want to know it.
type pipeEnd struct {
	net.Conn
	source net.IP
	port   int
}

func (p pipeEnd) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: p.source, Port: p.port}
}

// ourEnd says of a pipe whose other end is closed what the network says.
type ourEnd struct{ net.Conn }

func (c ourEnd) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if errors.Is(err, io.ErrClosedPipe) {
		err = syscall.EPIPE
	}
	return n, err
}

// fasthttp starts its clock with the first header that it writes: not in a bubble,
// whose goroutines have to end with it.
var _ = new(fasthttp.ResponseHeader).Header()
