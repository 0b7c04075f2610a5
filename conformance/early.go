package conformance

import (
	"context"
	"net"
)

// A server may answer before it has read the whole request and then close the
// connection (RFC 9110 section 9.3, RFC 9112 section 9.6). net/http's transport
// drops that answer when writing the body fails first. heard makes connections
// on which the rest of a request that nobody reads is thrown away, so that what
// ends the exchange is what can be read: the early answer, or the error that
// stands in its place.
func heard(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return listening{conn}, nil
	}
}

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

type listening struct{ net.Conn }

func (c listening) Write(b []byte) (int, error) {
	c.Conn.Write(b) // why it failed is told by the next Read
	return len(b), nil
}
