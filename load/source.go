package load

import (
	"context"
	"net"
	"sync/atomic"
)

// dialing is how connections are made: each from the next of the source addresses,
// where there are some. nil is the usual way.
func (t Target) dialing() func(ctx context.Context, network, address string) (net.Conn, error) {
	if t.Dial != nil || len(t.Sources) == 0 {
		return t.Dial
	}
	var made atomic.Uint64
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		from := t.Sources[made.Add(1)%uint64(len(t.Sources))]
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: from.AsSlice(), Zone: from.Zone()}}
		return d.DialContext(ctx, network, address)
	}
}
