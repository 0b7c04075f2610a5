package load

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/reports/redact"
	"github.com/dfcheck/dfcheck/spec"
)

// Target is the server under load.
type Target struct {
	Host               string // scheme and host, where a group's own contract is looked for
	StartURL, TokenURL string // of the device authorization and the token endpoint
	Contract           *spec.Contract
	ClientID           string
	Secret, Auth       string        // of a confidential client: basic or post
	Assert             func() string // signs an assertion by which the client authenticates; nil: it has none
	Scope              string
	PKCE               bool // starts carry a code challenge, as they do where the server demands one; one verifier for all
	DeviceType         string
	DeviceOS           string
	Headers            http.Header
	Given              spec.Given // what a device says beside what the contract asks
	TLS                *tls.Config
	Proxy              func(*http.Request) (*url.URL, error) // nil: as the environment says
	Approver           approve.Approver                      // nil: nobody decides
	Secrets            *redact.Redactor                      // knows what reports must not hold; nil: one of the run
	AllowHosts         []string                              // beside this machine itself
	Sources            []netip.Addr                          // of this machine, for connections in turn; nil: any
	Embedded           bool                                  // it is part of this process
	// Dial makes connections; nil: the network does. With it, waits are those of Go's
	// timers, so that a run can pass in a bubble of testing/synctest.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// alarm is the one for a sleeper. The kernel's timers know nothing of the time
// in a bubble.
func (t Target) alarm() wire.Alarm {
	if t.Dial != nil {
		return wire.NewTimerAlarm()
	}
	return wire.NewAlarm()
}

// Allowed holds that load goes to this machine, or where the user said it may.
func (t Target) Allowed() error {
	for _, at := range []string{t.StartURL, t.TokenURL} {
		u, err := url.Parse(at)
		if err != nil {
			return err
		}
		ip := net.ParseIP(u.Hostname())
		if u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() || slices.Contains(t.AllowHosts, u.Hostname()) {
			continue
		}
		return &NotReady{Problem: "load would go to " + u.Hostname() + ", which is not this machine",
			Hint: "if you are allowed to load that server: --allow-host " + u.Hostname()}
	}
	return nil
}
