//go:build linux

// Tokenserver is a device-flow server on loopback that is cheap enough never to
// be the bottleneck of a measurement: one thread, raw system calls, nothing
// allocated for a poll. A POST whose path has "token" in it is answered with
// authorization_pending, any other POST starts a flow, GET /stats prints polls
// and starts. Every code stays pending for ever. It prints its address.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"net"
	"runtime"
	"strconv"
	"syscall"
)

var (
	interval = flag.Int("interval", 5, "announced polling interval, in seconds")
	lifetime = flag.Int("expires-in", 1800, "announced lifetime, in seconds")
	secure   = flag.String("tls", "", "serve TLS with a new certificate, which is written to `FILE`")
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("tokenserver: ")
	flag.Parse()
	s := &server{}
	if *secure != "" {
		log.Fatal(s.serveTLS(*secure))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("http://" + l.Addr().String())
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		log.Fatal(err)
	}
	err = s.serve(int(f.Fd()))
	runtime.KeepAlive(f)
	log.Fatal(err)
}

// server counts what it is asked.
type server struct {
	polls, starts uint64
	body, out     []byte
}

// connection is what has been read of requests not yet whole.
type connection struct {
	buf [8192]byte
	n   int
}

// serve waits for all connections in one place and answers what is whole.
func (s *server) serve(listener int) error {
	poller, err := syscall.EpollCreate1(0)
	if err != nil {
		return err
	}
	watch := func(fd int) error {
		return syscall.EpollCtl(poller, syscall.EPOLL_CTL_ADD, fd,
			&syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)})
	}
	if err := syscall.SetNonblock(listener, true); err != nil {
		return err
	}
	if err := watch(listener); err != nil {
		return err
	}
	connections := map[int]*connection{}
	events := make([]syscall.EpollEvent, 512)
	for {
		n, err := syscall.EpollWait(poller, events, -1)
		if err != nil && err != syscall.EINTR {
			return err
		}
		for _, e := range events[:max(n, 0)] {
			fd := int(e.Fd)
			if fd == listener {
				accept(listener, func(fd int) error {
					connections[fd] = &connection{}
					return watch(fd)
				})
			} else if !s.read(fd, connections[fd]) {
				syscall.Close(fd)
				delete(connections, fd)
			}
		}
	}
}

// accept takes the connections that wait.
func accept(listener int, add func(fd int) error) {
	for {
		fd, _, err := syscall.Accept4(listener, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
		if err != nil {
			return
		}
		_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1) // slower without, not wrong
		if add(fd) != nil {
			syscall.Close(fd)
		}
	}
}

// read answers what has come; false is the end of the connection.
func (s *server) read(fd int, c *connection) bool {
	n, errno := call(syscall.SYS_READ, fd, c.buf[c.n:])
	if errno == syscall.EAGAIN {
		return true
	}
	if n <= 0 || errno != 0 {
		return false
	}
	c.n += n
	s.out = s.out[:0]
	at := 0
	for {
		size := whole(c.buf[at:c.n])
		if size == 0 {
			break
		}
		s.answer(c.buf[at : at+size])
		at += size
	}
	copy(c.buf[:], c.buf[at:c.n])
	c.n -= at
	for out := s.out; len(out) > 0; {
		n, errno := call(syscall.SYS_WRITE, fd, out)
		if errno != 0 && errno != syscall.EAGAIN {
			return false
		}
		out = out[n:]
	}
	return c.n < len(c.buf)
}

// whole is the length of the first request, 0 when it is not all there.
func whole(b []byte) int {
	head := bytes.Index(b, []byte("\r\n\r\n"))
	if head < 0 {
		return 0
	}
	size := head + 4
	if at := bytes.Index(b[:head], []byte("ontent-Length: ")); at >= 0 {
		n := 0
		for _, c := range b[at+len("ontent-Length: ") : head] {
			if c < '0' || c > '9' {
				break
			}
			n = n*10 + int(c-'0')
		}
		size += n
	}
	if size > len(b) {
		return 0
	}
	return size
}

var pending = []byte("HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n" +
	"Content-Length: 33\r\n\r\n{\"error\":\"authorization_pending\"}")

// answer appends the answer to a request.
func (s *server) answer(request []byte) {
	line, _, _ := bytes.Cut(request, []byte("\r"))
	switch {
	case request[0] == 'P' && bytes.Contains(line, []byte("token")):
		s.polls++
		s.out = append(s.out, pending...)
		return
	case request[0] == 'P':
		s.starts++
		s.body = fmt.Appendf(s.body[:0], `{"device_code":"%016x%027x","user_code":%q,`+
			`"verification_uri":"http://127.0.0.1/device","expires_in":%d,"interval":%d}`,
			s.starts*0x9E3779B97F4A7C15, s.starts, userCode(s.starts), *lifetime, *interval)
	case !bytes.Contains(line, []byte("/stats")):
		s.out = append(s.out, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"...)
		return
	default:
		s.body = fmt.Appendf(s.body[:0], "%d %d\n", s.polls, s.starts)
	}
	s.out = append(s.out,
		"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nContent-Length: "...)
	s.out = strconv.AppendInt(s.out, int64(len(s.body)), 10)
	s.out = append(append(s.out, "\r\n\r\n"...), s.body...)
}

// userCode spells n in the twenty consonants that RFC 8628 section 6.1 suggests.
func userCode(n uint64) string {
	b := []byte("BBBB-BBBB")
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] != '-' {
			b[i] = "BCDFGHJKLMNPQRSTVWXZ"[n%20]
			n /= 20
		}
	}
	return string(b)
}
