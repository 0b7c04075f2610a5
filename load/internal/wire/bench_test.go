package wire

import (
	"crypto/tls"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// One request and its answer. The server is in this process and takes its part
// of the time. poll-changing has answers that are never like the one before.
func BenchmarkTransport(b *testing.B) {
	secure, client := certified(b)
	start := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(plainStart)) +
		"\r\n\r\n" + plainStart
	other := strings.Replace(pending, "\r\n\r\n", "\r\nX-A: b\r\n\r\n", 1)
	for _, bb := range []struct {
		name         string
		secure, mine *tls.Config
		answers      [2]string
		start        bool
	}{
		{"poll", nil, nil, [2]string{pending, pending}, false},
		{"poll-changing", nil, nil, [2]string{pending, other}, false},
		{"poll-tls", secure, client, [2]string{pending, pending}, false},
		{"start", nil, nil, [2]string{start, start}, true},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			tr, req := transportTo(b, alternate(b, bb.secure, bb.answers), bb.mine, time.Minute, false)
			req.Template.Start = bb.start
			for b.Loop() {
				if tr.exchange(req); req.Reply.Outcome != Pending && req.Reply.Outcome != Codes {
					b.Fatal(req.Reply.Problem)
				}
			}
		})
	}
}

// alternate answers requests with one or the other.
func alternate(b testing.TB, secure *tls.Config, answers [2]string) *rawServer {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	if secure != nil {
		l = tls.NewListener(l, secure)
	}
	b.Cleanup(func() { l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		in, out := make([]byte, 4096), [2][]byte{[]byte(answers[0]), []byte(answers[1])}
		for n := 0; ; n++ {
			if _, err := c.Read(in); err != nil { // a request comes in one piece here
				return
			}
			c.Write(out[n%2])
		}
	}()
	return &rawServer{Listener: l}
}

// One request rendered.
func BenchmarkRender(b *testing.B) {
	documented := contract(b)
	poll := spec.Params{{Name: "grant_type", Value: spec.GrantDeviceCode}, {Name: "device_code", Value: Placeholder}}
	for _, e := range []spec.Encoding{spec.Form, spec.JSON, spec.Multipart} {
		b.Run(string(e), func(b *testing.B) {
			b.ReportAllocs()
			t, err := NewTemplate(&documented.Token, "http://127.0.0.1/token", e, poll, nil, false)
			if err != nil {
				b.Fatal(err)
			}
			code, out := []byte("GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS"), []byte(nil)
			for b.Loop() {
				out = t.render(out[:0], code, Forwarded{})
			}
		})
	}
}
