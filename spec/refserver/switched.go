package refserver

import (
	"crypto/tls"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
)

// Switched is a server whose faults are switched on and off while it runs. What it knows,
// it keeps: codes, tokens and sessions. A fault that has to see a flow begin shows on
// those that begin while it is on.
type Switched struct {
	cfg Config

	mu      sync.Mutex // held to switch
	on      []Fault
	current atomic.Pointer[Server]
}

// NewSwitched returns a server with the given faults on. It panics where New does.
func NewSwitched(cfg Config, faults ...Fault) *Switched {
	s := &Switched{cfg: cfg, on: faults}
	s.current.Store(New(cfg, faults...))
	return s
}

// ServeHTTP answers a request. One that is being answered while faults are switched ends
// as it began.
func (s *Switched) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.current.Load().ServeHTTP(w, r)
}

// TLSConfig is how the server speaks TLS with a certificate, with the faults that are on
// when a client connects.
func (s *Switched) TLSConfig(cert tls.Certificate) *tls.Config {
	c := s.current.Load().TLSConfig(cert)
	c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		return s.current.Load().tlsAt(hello.ServerName, cert), nil
	}
	return c
}

// Flows lists the newest flows.
func (s *Switched) Flows() []Flow { return s.current.Load().Flows() }

// On lists the faults that are on.
func (s *Switched) On() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.on)
}

// Choice lists the faults that can be switched on.
func (s *Switched) Choice() []Fault { return AllFaults() }

// Switch puts faults in the place of those that are on. It returns an error where only
// one of two would show, and changes nothing then.
func (s *Switched) Switch(faults ...Fault) error {
	if err := Together(faults...); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current.Store(s.current.Load().with(s.cfg, faults...))
	s.on = faults
	return nil
}
