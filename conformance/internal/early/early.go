// Package early makes connections on which an answer is heard that comes before the
// request was read.
package early

import (
	"context"
	"net"
	"sync/atomic"
	"time"
)

// A server may answer before it has read the whole request and then close the
// connection (RFC 9110 section 9.3, RFC 9112 section 9.6). net/http's transport
// drops that answer when writing the body fails first. Heard makes connections
// on which the rest of a request that nobody reads is thrown away, so that what
// ends the exchange is what can be read: the early answer, or the error that
// stands in its place. A peer that reads nothing for the given time is given up.
func Heard(dial Dial, patience time.Duration) Dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &listening{Conn: conn, patience: patience}, nil
	}
}

// Dial makes a connection, as net.Dialer.DialContext does.
type Dial = func(ctx context.Context, network, address string) (net.Conn, error)

type listening struct {
	net.Conn
	patience time.Duration
	unread   atomic.Bool // the peer reads no more
}

// Write gives up on a peer that reads nothing for so long: net/http waits
// for an answer only once all is written. Bodies that can fill the buffers on the
// way are sent on separate connections, which nobody uses again.
func (c *listening) Write(b []byte) (int, error) {
	if c.unread.Load() {
		return len(b), nil
	}
	c.SetWriteDeadline(time.Now().Add(c.patience))
	if _, err := c.Conn.Write(b); err != nil {
		c.unread.Store(true) // why is told by the next Read
	}
	return len(b), nil
}
