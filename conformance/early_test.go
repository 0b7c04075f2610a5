package conformance

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
)

// TestEarlyAnswer: a server that answers in the middle of a large body and hangs
// up has answered; one that hangs up without a word has not.
func TestEarlyAnswer(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		status       int
	}{
		{"413, then closed", "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", 413},
		{"400 without a length", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n{}", 400},
		{"closed without a word", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 8 { // the answer and the broken pipe race
				if x := sendLarge(t, c.answer); x.Status() != c.status {
					t.Fatalf("got %s, want status %d", describe(x), c.status)
				}
			}
		})
	}
}

// TestUnreadBody: a server that neither reads nor answers does not hold a run up.
func TestUnreadBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		defer l.Close()
		s := newSession(&Target{Facts: Facts{Host: "http://127.0.0.1"}, Dial: l.dial}, Options{}.withDefaults())
		go func() {
			conn, _ := l.Accept()
			http.ReadRequest(bufio.NewReader(conn))
			<-t.Context().Done()
			conn.Close()
		}()
		x := s.send(t.Context(), "unread", Call{Op: OpStart, Method: http.MethodPost, URL: "http://127.0.0.1/",
			ContentType: "text/plain", Raw: bytes.Repeat([]byte("A"), huge), Once: true, Fresh: true})
		if took := x.Received - x.Sent; x.Response != nil || took > 3*requestTimeout {
			t.Errorf("got %s after %s", describe(x), took)
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
	s := newSession(&Target{Facts: Facts{Host: "http://" + l.Addr().String()}}, Options{}.withDefaults())
	defer s.client.CloseIdleConnections()
	return s.send(t.Context(), "early", Call{Op: OpStart, Method: http.MethodPost,
		URL:         "http://" + l.Addr().String() + "/",
		ContentType: "text/plain", Raw: bytes.Repeat([]byte("A"), huge), Once: true, Fresh: true})
}
