//go:build unix

package wire

import (
	"crypto/tls"
	"net"
	"syscall"
)

// peerClosed reports whether the other side has closed an idle connection, without
// reading from it. Over plain TCP, bytes nobody asked for count as closed; TLS
// may have something to say between requests.
func peerClosed(c *conn) bool {
	raw := c.Conn
	t, secure := raw.(*tls.Conn)
	if secure {
		raw = t.NetConn()
	}
	tcp, ok := raw.(*net.TCPConn)
	if !ok {
		return false
	}
	rc, err := tcp.SyscallConn()
	if err != nil {
		return true
	}
	closed := false
	err = rc.Read(func(fd uintptr) bool {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		closed = n > 0 && !secure || n <= 0 && err != syscall.EAGAIN && err != syscall.EINTR
		return true
	})
	return closed || err != nil
}
