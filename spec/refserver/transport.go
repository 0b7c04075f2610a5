package refserver

import (
	"crypto/tls"
	"net/http"
)

// TLSConfig is how the server speaks TLS with a certificate (RFC 9325).
func (s *Server) TLSConfig(cert tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: s.is.oldestTLS}
}

// Plain is what is served over http when the server itself is at https: a
// redirect that keeps method and body, and nothing else.
func (s *Server) Plain() http.Handler { return s.is.plain(s) }

func (s *Server) toHTTPS() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, s.cfg.BaseURL+r.URL.RequestURI(), http.StatusPermanentRedirect)
	})
}
