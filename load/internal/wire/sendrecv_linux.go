//go:build (amd64 || arm64) && !nosendrecv

package wire

import (
	"io"
	"net"
	"os"
	"syscall"
)

// sendRecv sends a request and waits for its answer with three system calls: send,
// the poller's, receive. A Read of package net would first ask for an answer
// that cannot have come yet, and each call would tell the scheduler of a system
// call that does not block.
type sendRecv struct {
	rc    syscall.RawConn
	poll  func(fd uintptr) bool
	out   []byte
	in    []byte
	sent  bool
	wrote int
	n     int
	call  string // the one that errno is of
	errno syscall.Errno
}

// newSendRecv is nil for what is not a plain TCP connection.
func newSendRecv(c net.Conn) *sendRecv {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return nil
	}
	rc, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	s := &sendRecv{rc: rc}
	s.poll = s.step
	return s
}

// do sends out and reads the first bytes that come.
func (s *sendRecv) do(c net.Conn, out, in []byte) (int, error) {
	s.out, s.in, s.sent, s.wrote, s.n, s.errno = out, in, false, 0, 0, 0
	err := s.rc.Read(s.poll)
	switch {
	case err != nil:
		return 0, err
	case s.errno != 0:
		return 0, os.NewSyscallError(s.call, s.errno)
	case s.wrote < len(out): // the system's buffer is full
		if _, err := c.Write(out[s.wrote:]); err != nil {
			return 0, err
		}
		return c.Read(in)
	case s.n == 0:
		return 0, io.EOF
	}
	return s.n, nil
}

// step is called by the poller, which has noted that it wants to hear of bytes
// to read: first it sends, then, when bytes have come, it receives. It returns
// false to go on waiting.
func (s *sendRecv) step(fd uintptr) bool {
	if !s.sent {
		s.sent, s.call = true, "write"
		s.wrote, s.errno = rawIO(syscall.SYS_SENDTO, fd, s.out)
		if s.errno == syscall.EAGAIN {
			s.errno = 0
			return true
		}
		return s.errno != 0 || s.wrote < len(s.out)
	}
	s.call = "read"
	s.n, s.errno = rawIO(syscall.SYS_RECVFROM, fd, s.in)
	return s.errno != syscall.EAGAIN
}
