package wire

import (
	"crypto/tls"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Errors are told apart as their readers look for them.
func TestErrorKinds(t *testing.T) {
	secure, _ := certified(t)
	refusing := serveRaw(t, nil, nil)
	refusing.Close()
	resetting, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resetting.Close() })
	go func() {
		for {
			c, err := resetting.Accept()
			if err != nil {
				return
			}
			c.Read(make([]byte, 4096))
			c.(*net.TCPConn).SetLinger(0) // RST
			c.Close()
		}
	}()
	answer := func(head, body string) *rawServer {
		return serveRaw(t, nil,
			[][]string{{"HTTP/1.1 " + head + "\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body}})
	}
	for want, tt := range map[string]struct {
		server *rawServer
		mine   *tls.Config
	}{
		"refused":              {server: refusing},
		"reset":                {server: &rawServer{Listener: resetting}},
		"closed":               {server: serveRaw(t, nil, [][]string{{hangUp}})},
		"timeout":              {server: serveRaw(t, nil, [][]string{{hang}})},
		"tls":                  {server: serveRaw(t, secure, [][]string{{pending}}), mine: &tls.Config{}},
		"http_503":             {server: answer("503 Service Unavailable", "<html>")},
		"http_429":             {server: answer("429 Too Many Requests", `{"error":"rate_limited"}`)},
		"http_403":             {server: answer("403 Forbidden", `{"error":"Forbidden","message":"WAF"}`)},
		"malformed":            {server: answer("200 OK", "hello")},
		"oauth_invalid_grant":  {server: answer("400 Bad Request", `{"error":"invalid_grant"}`)},
		"oauth_invalid_client": {server: answer("401 Unauthorized", `{"error":"invalid_client"}`)},
		"oauth_unregistered":   {server: answer("400 Bad Request", `{"error":"x7b3f secret"}`)},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			tr, req := transportTo(t, tt.server, tt.mine, 500*time.Millisecond, false)
			tr.exchange(req)
			if got := req.Reply.Kind(); got != want {
				t.Errorf("%s: %s", got, req.Reply.Problem)
			}
			if want == "reset" && !strings.HasPrefix(req.Reply.Problem, "read: ") {
				t.Errorf("said as %q", req.Reply.Problem)
			}
		})
	}
}

// A connection that is closed because the server went away says nothing of its
// keep-alive.
func TestStaleConnections(t *testing.T) {
	for want, script := range [][][]string{{{pending, hangUp}, {hangUp}}, {{pending, hangUp}, {pending}}} {
		tr, req := transportTo(t, serveRaw(t, nil, script), nil, time.Second, false)
		for range 2 {
			tr.exchange(req)
		}
		if got, _ := tr.StaleConnections(); got != uint64(want) {
			t.Errorf("%d stale connections, want %d", got, want)
		}
	}
}
