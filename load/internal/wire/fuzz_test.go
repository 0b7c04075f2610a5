package wire

import (
	"net"
	"testing"
	"time"
)

// said is a connection on which an answer has come already, in pieces.
type said struct {
	net.Conn
	rest  []byte
	piece int
}

func (s *said) Write(p []byte) (int, error)      { return len(p), nil }
func (s *said) SetDeadline(time.Time) error      { return nil }
func (s *said) SetReadDeadline(time.Time) error  { return nil }
func (s *said) SetWriteDeadline(time.Time) error { return nil }
func (s *said) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		return 0, net.ErrClosed
	}
	n := copy(p[:min(len(p), max(s.piece, 1))], s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// FuzzReceive: whatever comes on a connection is an answer or the reason why it is
// none, the same in however many pieces it comes, and nothing is kept of it beyond the
// bounds.
func FuzzReceive(f *testing.F) {
	body := `{"error":"authorization_pending"}`
	for _, text := range []string{"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n" +
		"Content-Length: 33\r\n\r\n" + body,
		"HTTP/1.1 200 OK\r\nContent-Length: 177\r\n\r\n" + plainStart,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 400 x\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n",
		"HTTP/1.1 503 x\r\nRetry-After: 99999999999999999999\r\nContent-Length: 2\r\n\r\n{}",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", "SSH-2.0\r\n", "\r\n\r\n", "HTTP/0.9"} {
		f.Add([]byte(text), uint16(7), true)
		f.Add([]byte(text), uint16(1), false)
	}
	f.Fuzz(func(t *testing.T, text []byte, piece uint16, start bool) {
		whole := received(t, text, len(text), start)
		parts := received(t, text, int(piece), start)
		if whole.Status != parts.Status || whole.Status != 0 && (whole.Outcome != parts.Outcome || whole.Body != parts.Body) {
			t.Errorf("%q in one piece: %s %d %q; in pieces of %d: %s %d %q", text, whole.Outcome, whole.Status, whole.Body,
				piece,
				parts.Outcome, parts.Status, parts.Body)
		}
		if len(whole.Body) > MaxBody || len(whole.Header) > maxHeader+MaxBody {
			t.Errorf("a header of %d bytes and a body of %d are kept", len(whole.Header), len(whole.Body))
		}
		if whole.RetryAfter < 0 || whole.RetryAfter > int64(maxRetryAfter) {
			t.Errorf("it waits for %s", time.Duration(whole.RetryAfter))
		}
	})
}

// received is the reply in an answer that comes in pieces.
func received(t *testing.T, text []byte, piece int, start bool) *Reply {
	t.Helper()
	s := newSlot()
	err := s.send(&conn{Conn: &said{rest: text, piece: piece}})
	var r *Reply
	if err == nil {
		r, _, err = s.receive(start)
	}
	if err != nil {
		r = s.failure(err)
	}
	if r == nil {
		t.Fatal("neither a reply nor an error")
	}
	return r
}
