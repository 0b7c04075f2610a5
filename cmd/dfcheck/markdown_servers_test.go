//go:build unix

package main

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/spec/refserver"
)

// standIns are the servers that documents name, and those that stand in for them.
type standIns struct {
	named, real []string // URLs
}

// in puts the servers that stand in into a command, out the documented names into what
// it printed.
func (s *standIns) in(command string) string {
	var pairs []string
	for i := range s.named {
		pairs = append(pairs, s.named[i], s.real[i])
	}
	return strings.NewReplacer(append(pairs, "auth.example.com", "127.0.0.1", "load.example.com", "127.0.0.1")...).
		Replace(command)
}

func (s *standIns) out(printed string) string {
	var pairs []string
	for i := range s.named {
		pairs = append(pairs, s.real[i], s.named[i])
	}
	return strings.NewReplacer(pairs...).Replace(printed)
}

func (s *standIns) add(named, real string) {
	s.named, s.real = append(s.named, named), append(s.real, real)
}

// documentedServers runs what documents name: auth.example.com and load.example.com
// are right, the others have something in the way of a run.
func documentedServers(t *testing.T) *standIns {
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<title>Welcome</title>")
	}))
	t.Cleanup(page.Close)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are meant
	secure.StartTLS()
	t.Cleanup(secure.Close)
	s := &standIns{}
	auth, stop, err := serve("127.0.0.1:0", refserver.Config{Contract: "rfc8628", Interval: time.Second,
		Lifetime: 20 * time.Second, Decisions: true, Revocation: true, OpenID: true, DPoP: true}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	s.add("https://auth.example.com", auth)
	s.add("https://load.example.com", startReference(t, "rfc8628"))
	s.add("http://127.0.0.1:8629", strings.TrimSuffix(startControl(t).page, "/"))
	s.add("http://127.0.0.1:8628", startReference(t, "rfc8628"))
	s.add("https://tv.example.com", startReference(t, "documented-v1", "code-reusable"))
	s.add("http://down.example.com:8080", "http://"+unused(t))
	s.add("https://tls.example.com", secure.URL)
	s.add("http://tls.example.com", strings.Replace(secure.URL, "https://", "http://", 1))
	s.add("https://www.example.com", page.URL)
	s.add("https://plain.example.com", strings.Replace(startSite(t, nil), "http://", "https://", 1))
	s.add("http://closing.example.com", startClosing(t))
	s.add("https://api.example.com", startSite(t, nil))
	const start, metadata = "POST /device_authorization", "GET /.well-known/openid-configuration"
	for name, site := range map[string]map[string]string{
		"half":      {start: `401 {"error":"invalid_client"}`},
		"tokenless": {metadata: `200 {"issuer":"https://tokenless.example.com","device_authorization_endpoint":"https://tokenless.example.com/device"}`},
		"bank": {metadata: `200 {"issuer":"https://bank.example.com","token_endpoint":"https://bank.example.com/token",` +
			`"mtls_endpoint_aliases":{"device_authorization_endpoint":"https://mtls.bank.example.com/device"}}`},
		"tenant": {metadata: `200 {"issuer":"https://login.example.net","device_authorization_endpoint":"https://login.example.net/device",` +
			`"token_endpoint":"https://login.example.net/token"}`},
		"scopes": {start: `400 {"error":"invalid_scope"}`, "POST /token": `400 {"error":"invalid_grant"}`},
		"pkce": {start: `400 {"error":"invalid_request","error_description":"code_challenge is required"}`,
			"POST /token": `400 {"error":"invalid_grant"}`},
		"broken": {start: `500 {"error":"server_error"}`, "POST /token": `400 {"error":"invalid_grant"}`},
	} {
		s.add("https://"+name+".example.com", startSite(t, site))
	}
	return s
}

// startClosing runs a server that closes every connection without an answer.
func startClosing(t *testing.T) string { return startAccepting(t, func(net.Conn) {}) }
