package wire

import (
	"net"
	"sync/atomic"
)

// conn is a connection. There may be one for each device, so it is small: what
// reading and writing need is in the slot.
type conn struct {
	net.Conn
	to       *origin
	sendRecv *sendRecv    // sends and receives in one go, where the system can
	used     bool         // it has carried a request
	idle     int64        // since when
	since    atomic.Int64 // its request was sent then; 0 when none is in flight
	timedOut atomic.Bool
}

func newConn(raw net.Conn, to *origin) *conn {
	return &conn{Conn: raw, to: to, sendRecv: newSendRecv(raw)}
}
