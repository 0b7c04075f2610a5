package refserver

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// BenchmarkPollHTTP is a poll over loopback, with 100,000 codes alive. The
// client is as thin as one can be, but its work and the kernel's count too:
// with -cpu 1 a server alone on its core is faster than this.
func BenchmarkPollHTTP(b *testing.B) {
	s := New(Config{Lifetime: time.Hour})
	bodies := pollBodies(b, s, liveCodes)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: s}
	go server.Serve(l)
	defer server.Close()
	conns := make([]*bufio.ReadWriter, 32)
	for i := range conns {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		conns[i] = bufio.NewReadWriter(bufio.NewReader(c), bufio.NewWriter(c))
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for _, c := range conns { // one poll is in flight on every connection
			body := bodies[n%len(bodies)]
			n++
			fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
				s.contract.Token.Path, spec.Form, len(body), body)
			if err := c.Flush(); err != nil {
				b.Fatal(err)
			}
		}
		for _, c := range conns {
			res, err := http.ReadResponse(c.Reader, nil)
			if err != nil || res.StatusCode != http.StatusBadRequest {
				b.Fatal(res, err)
			}
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "polls/s")
	b.ReportMetric(0, "ns/op") // an op is a round over all connections
}
