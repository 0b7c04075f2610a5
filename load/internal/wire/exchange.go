//go:build !hostclient

package wire

// exchange sends the request and reads its answer. Where a kept connection
// turns out to be closed before a byte of the answer came, the request is sent
// once more, on a new connection, and the request says so.
func (t *Transport) exchange(req *Request) {
	c, err := t.pool.get(req, false)
	var idle int64 // how long the connection that was closed had carried nothing
	for err == nil {
		kept, since := c.used, c.idle
		clean, failed := t.sendOnce(c, req)
		t.pool.put(c, req.Owner, !clean, req.Received)
		if failed == nil {
			if req.Resent { // else the server is gone, and its keep-alive does not matter
				t.stale.add(idle)
			}
			return
		}
		if !kept || !req.Slot.stale() {
			req.Reply = req.Slot.failure(failed)
			return
		}
		req.Resent, idle = true, req.Sent-since
		c, err = t.pool.get(req, true)
	}
	req.Sent = t.now()
	req.Received = req.Sent
	req.Reply = failure(err)
}
