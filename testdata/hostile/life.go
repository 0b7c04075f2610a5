package hostile

import (
	"net"
	"time"
)

// lives are servers that die, come back, and move.
var lives = []Behaviour{
	{Name: "dies", About: "stops for good", Says: "(?i)stopped answering|cannot reach|got no code|no device flow",
		write: func(x *spoilt, _ *answer) bool {
			x.server.conns.Go(x.server.stop)
			return false
		}},
	{Name: "dies-and-returns", About: "stops, and is back after two seconds, once", write: func(x *spoilt,
		a *answer) bool {
		if x.n > 1 {
			return a.write(x, x.request) == nil
		}
		x.server.conns.Go(func() { x.server.moveTo(x.LocalAddr().String()) })
		return false
	}},
	{Name: "moves", About: "stops, and is back after two seconds at another port", write: func(x *spoilt, a *answer) bool {
		if x.n > 1 {
			return a.write(x, x.request) == nil
		}
		x.server.conns.Go(func() { x.server.moveTo("127.0.0.1:0") })
		return false
	}},
}

// away is how long a server is away that comes back.
const away = 2 * time.Second

// moveTo stops the server and starts it at an address.
func (s *Server) moveTo(address string) {
	s.stop()
	select {
	case <-time.After(away):
	case <-s.done:
		return
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.done:
		l.Close()
	default:
		s.listener = l
		s.conns.Go(func() { s.accept(l) })
	}
}
