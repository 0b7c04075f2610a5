package hostile

import (
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// framings are answers that are no HTTP, or never end.
var framings = []Behaviour{
	{Name: "body-without-end", About: "sends a body that never ends", write: func(x *spoilt, a *answer) bool {
		x.say(a.head(-1) + "\r\n")
		return x.pour(`{"device_code":"`, "a")
	}},
	{Name: "body-byte-a-second", About: "sends its body at one byte a second", Says: "did not end within",
		write: func(x *spoilt, a *answer) bool {
			return x.say(a.head(len(a.body))+"\r\n") && x.drip(string(a.body))
		}},
	{Name: "headers-without-end", About: "sends headers that never end", write: func(x *spoilt, a *answer) bool {
		x.say("HTTP/1.1 200 OK\r\n")
		return x.pour("X-More: ", "more\r\nX-More: ")
	}},
	{Name: "header-without-end", About: "sends one header field that never ends", write: func(x *spoilt, a *answer) bool {
		x.say("HTTP/1.1 200 OK\r\n")
		return x.pour("X-Long: ", "a")
	}},
	{Name: "headers-byte-a-second", About: "sends its headers at one byte a second", Says: "(?i)time|within",
		write: func(x *spoilt, a *answer) bool { return x.drip(a.head(len(a.body)) + "\r\n" + string(a.body)) }},
	{Name: "headers-10000", About: "sends 10,000 header fields", write: func(x *spoilt, a *answer) bool {
		var b strings.Builder
		for i := range 10_000 {
			b.WriteString("X-Field-" + strconv.Itoa(i) + ": " + strconv.Itoa(i) + "\r\n")
		}
		return x.say(a.head(len(a.body)) + b.String() + "\r\n" + string(a.body))
	}},
	{Name: "gzip-bomb", About: "sends 100 MB of zeros, compressed", write: func(x *spoilt, a *answer) bool {
		a.header.Set("Content-Encoding", "gzip")
		body := bomb()
		return x.say(a.head(len(body))+"\r\n") && x.say(string(body))
	}},
	{Name: "length-too-long", About: "announces a longer body than it sends", write: func(x *spoilt, a *answer) bool {
		x.say(a.head(len(a.body)+100) + "\r\n" + string(a.body))
		return false
	}},
	{Name: "length-too-short", About: "announces a shorter body than it sends", write: func(x *spoilt, a *answer) bool {
		return x.say(a.head(len(a.body)/2) + "\r\n" + string(a.body))
	}},
	{Name: "length-doubled", About: "announces two lengths", write: func(x *spoilt, a *answer) bool {
		return x.say(a.head(len(a.body)) + "Content-Length: 5\r\n\r\n" + string(a.body))
	}},
	{Name: "length-huge", About: "announces a body of 9 EB", write: func(x *spoilt, a *answer) bool {
		x.say(a.head(1<<63-1) + "\r\n" + string(a.body))
		return false
	}},
	{Name: "chunks-broken", About: "sends chunks whose size is no number", write: func(x *spoilt, a *answer) bool {
		return x.say(a.head(-1) + "Transfer-Encoding: chunked\r\n\r\nZZ\r\n" + string(a.body))
	}},
	{Name: "chunks-without-end", About: "sends empty chunk extensions for ever", write: func(x *spoilt, a *answer) bool {
		x.say(a.head(-1) + "Transfer-Encoding: chunked\r\n\r\n")
		return x.pour("", "1;"+strings.Repeat("x", 1000)+"\r\na\r\n")
	}},
	{Name: "informational-for-ever", About: "sends 103 Early Hints for ever", write: func(x *spoilt, a *answer) bool {
		return x.pour("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
	}},
	{Name: "reset-at-each-byte", About: "resets the connection, a byte later each time", write: func(x *spoilt,
		a *answer) bool {
		whole := a.head(len(a.body)) + "\r\n" + string(a.body)
		x.say(whole[:min(x.n-1, len(whole)-1)])
		if tcp, ok := x.Conn.(*net.TCPConn); ok {
			tcp.SetLinger(0) // a reset, not a close
		}
		return false
	}},
	{Name: "closes-at-once", About: "closes the connection without an answer", write: func(*spoilt,
		*answer) bool {
		return false
	}},
	{Name: "desynchronised", About: "sends a second answer after each", write: func(x *spoilt, a *answer) bool {
		stray := answer{status: 200, header: a.header, body: []byte(`{"access_token":"stray","token_type":"Bearer"}`)}
		return x.say(a.head(len(a.body)) + "\r\n" + string(a.body) + stray.head(len(stray.body)) + "\r\n" +
			string(stray.body))
	}},
	{Name: "no-http", About: "speaks another protocol", write: func(x *spoilt, _ *answer) bool {
		x.say("SSH-2.0-hostile\x1b[2J\r\n")
		return false
	}},
	{Name: "silent", About: "takes connections and says nothing", silent: true, Says: "(?i)time|within"},
}

// pour writes without end.
func (x *spoilt) pour(first, more string) bool {
	if !x.say(first) {
		return false
	}
	for block := strings.Repeat(more, 1+(16<<10)/len(more)); x.say(block); {
	}
	return false
}

// drip writes one byte a second.
func (x *spoilt) drip(text string) bool {
	for i := range len(text) {
		if !x.say(text[i:i+1]) || !x.pause(time.Second) {
			return false
		}
	}
	return true
}

// bomb is 100 MB of zeros as gzip.
func bomb() []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.CopyN(w, zeros{}, 100<<20)
	w.Close()
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
