package refserver

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
)

// TLSConfig is how the server speaks TLS with a certificate (RFC 9325).
func (s *Server) TLSConfig(cert tls.Certificate) *tls.Config {
	c := s.tlsAt("", cert)
	c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		return s.tlsAt(hello.ServerName, cert), nil
	}
	return c
}

// tlsAt is TLSConfig for connections to one name of the host, "" for none.
func (s *Server) tlsAt(name string, cert tls.Certificate) *tls.Config {
	c := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: s.is.oldestTLS}
	if s.cfg.asksAt(name) {
		c.ClientAuth, c.ClientCAs = s.is.asks, x509.NewCertPool()
		if s.cfg.Certificates.Authority != nil {
			c.ClientCAs.AddCert(s.cfg.Certificates.Authority)
		}
	}
	return c
}

// Plain is what is served over http when the server itself is at https: a
// redirect that keeps method and body, and nothing else.
func (s *Server) Plain() http.Handler { return s.is.plain(s) }

func (s *Server) toHTTPS() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		base := s.cfg.BaseURL
		if other := s.cfg.CertificateURL(); other == "https://"+r.Host {
			base = other
		}
		http.Redirect(w, r, base+r.URL.RequestURI(), http.StatusPermanentRedirect)
	})
}
