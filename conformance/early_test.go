package conformance

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/dfcheck/dfcheck/spec"
)

// large is more than the buffers on the way hold.
var large = bytes.Repeat([]byte("A"), 11<<20)

// TestEarlyAnswer: a server that answers in the middle of a large body and hangs
// up has answered; one that hangs up without a word, or in the middle of its answer, has not.
func TestEarlyAnswer(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		status       int
	}{
		{"413, then closed", "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", 413},
		{"400 without a length", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n{}", 400},
		{"closed without a word", "", 0},
		{"closed before the end of its length", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", 0},
		{"closed within its chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", 0},
		{"chunks without a size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n{}\r\n", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 8 { // the answer and the broken pipe race
				if x := sendLarge(t, c.answer); x.Status() != c.status {
					t.Fatalf("got %s, want status %d", Describe(x), c.status)
				}
			}
		})
	}
}

// TestUnreadBody: a server that neither reads nor answers does not hold a run up.
func TestUnreadBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer server.Close()
		dial := func(context.Context, string, string) (net.Conn, error) { return client, nil }
		s := newSession(&Target{Facts: Facts{Host: "http://127.0.0.1"}, Contract: standard(t), Dial: dial},
			Options{}.withDefaults())
		go func() {
			http.ReadRequest(bufio.NewReader(server))
		}()
		x := s.send(t.Context(), "unread", Call{Op: OpStart, Method: http.MethodPost, URL: "http://127.0.0.1/",
			ContentType: "text/plain", Raw: large, Once: true, Fresh: true})
		if took := x.Received - x.Sent; x.Response != nil || took > 3*RequestTimeout {
			t.Errorf("got %s after %s", Describe(x), took)
		}
	})
}

// sendLarge posts 11 MiB to a server that reads the header alone.
func sendLarge(t *testing.T, answer string) *Exchange {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close() // with unread bytes, so that the peer sees a reset
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			conn.Write([]byte(answer))
		}
	}()
	s := newSession(&Target{Facts: Facts{Host: "http://" + l.Addr().String()}, Contract: standard(t)},
		Options{}.withDefaults())
	defer s.client.CloseIdleConnections()
	return s.send(t.Context(), "early", Call{Op: OpStart, Method: http.MethodPost,
		URL:         "http://" + l.Addr().String() + "/",
		ContentType: "text/plain", Raw: large, Once: true, Fresh: true})
}

// standard is the contract that asks for the least.
func standard(t *testing.T) *spec.Contract {
	t.Helper()
	c, err := spec.BuiltinContract("rfc8628")
	if err != nil {
		t.Fatal(err)
	}
	return c
}
