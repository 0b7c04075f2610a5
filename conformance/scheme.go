package conformance

import (
	"net/http"
	"slices"
	"strings"
)

// plainOnTLS are words of servers that were sent plain HTTP on a port for https: of
// Go, nginx and Apache; and how Go's client shows a TLS alert.
var plainOnTLS = []string{
	"HTTP request to an HTTPS server", "plain HTTP request was sent to HTTPS port",
	"plain HTTP to an SSL-enabled server port", `malformed HTTP response "\x15\x03`,
}

// wantsHTTPS reports whether an answer says that the same is to be had over https,
// and only there.
func (x *Exchange) wantsHTTPS() bool {
	if !strings.HasPrefix(x.Request.URL, "http://") {
		return false
	}
	said := func(text string) bool {
		return slices.ContainsFunc(plainOnTLS, func(w string) bool { return strings.Contains(text, w) })
	}
	switch {
	case x.Response == nil:
		return said(x.Error)
	case x.Class() == 3:
		return strings.HasPrefix(x.Response.Header.Get("Location"), "https://")
	}
	return x.Status() == http.StatusBadRequest && said(x.Response.Body)
}

// httpsHint says what to do where https is wanted.
func httpsHint(host string) string {
	return "the server speaks https: use --host https://" + strings.TrimPrefix(host, "http://")
}
