package refserver

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"net/url"
	"strings"
	"time"
)

// The clients that authenticate with a certificate, where Config.MutualTLS lets them.
const (
	certifiedClient = "dfcheck-tls"
	certifiedOther  = "dfcheck-tls-other"
)

// What is looked at where certificates are (RFC 8705 sections 2 to 4), by which faults name
// what they do not look at.
const (
	certificateThere     = "certificate: that there is one"
	certificateSubject   = "certificate: its subject"
	certificateIssuer    = "certificate: its issuer"
	certificateOfToken   = "certificate: that of an access token"
	certificateOfRefresh = "certificate: that of a refresh token"
)

// Certificates are those of the clients that authenticate with one: issued by an authority
// to the name of the client or, where there is none, registered themselves.
type Certificates struct {
	Own, Other *tls.Certificate // of dfcheck-tls and dfcheck-tls-other
	Authority  *x509.Certificate
}

// NewCertificates makes them, good for a year.
func NewCertificates(selfSigned bool) *Certificates {
	if selfSigned {
		return &Certificates{Own: issue(certifiedClient, nil), Other: issue(certifiedOther, nil)}
	}
	authority := issue("dfcheck CA", nil)
	return &Certificates{Own: issue(certifiedClient, authority), Other: issue(certifiedOther, authority),
		Authority: authority.Leaf}
}

// issue makes a certificate by an authority, by itself where that is nil.
func issue(name string, by *tls.Certificate) *tls.Certificate {
	key := signingKey().Key.(*ecdsa.PrivateKey)
	now := time.Now()
	template := &x509.Certificate{SerialNumber: new(big.Int).SetBytes([]byte(random(9))),
		Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	out := &tls.Certificate{PrivateKey: key}
	parent, signer := template, any(key)
	if by != nil {
		parent, signer = by.Leaf, by.PrivateKey
	} else {
		template.IsCA, template.BasicConstraintsValid = true, true
		template.KeyUsage |= x509.KeyUsageCertSign
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		panic(err) // the template is ours
	}
	out.Certificate = [][]byte{der}
	if out.Leaf, err = x509.ParseCertificate(der); err != nil {
		panic(err)
	}
	return out
}

// withCertificates registers the clients that authenticate with one.
func (c Config) withCertificates() Config {
	if c.Certificates == nil {
		c.Certificates = NewCertificates(c.SelfSigned)
	}
	known := c.Clients
	c.Clients = []Client{{ID: certifiedClient, Certificate: c.Certificates.Own.Leaf},
		{ID: certifiedOther, Certificate: c.Certificates.Other.Leaf}}
	for _, k := range known {
		if k.ID != certifiedClient && k.ID != certifiedOther {
			c.Clients = append(c.Clients, k)
		}
	}
	return c
}

// CertificateURL is the base URL of the endpoints for clients with a certificate: with
// Aliases another name of the host, which alone asks for certificates.
func (c Config) CertificateURL() string {
	u, err := url.Parse(c.BaseURL)
	if !c.Aliases || err != nil {
		return c.BaseURL
	}
	if name, numeric := strings.CutPrefix(u.Host, "127.0.0.1"); numeric {
		u.Host = "localhost" + name // TLS names no addresses
	} else {
		u.Host = "mtls." + u.Host
	}
	return u.String()
}

// asksAt reports whether connections to a name of the host are asked for a certificate.
func (c Config) asksAt(name string) bool {
	u, err := url.Parse(c.CertificateURL())
	return c.MutualTLS && (!c.Aliases || err == nil && u.Hostname() == name)
}

// certified reports whether a request comes with the certificate of a client: issued by the
// authority to its subject (RFC 8705 section 2.1) or, without one, the very one (2.2).
func (s *Server) certified(q *request, c *Client) bool {
	shown := certificateOf(q.TLS)
	if shown == nil {
		return !s.is.looks(certificateThere)
	}
	authority := s.cfg.Certificates.Authority
	if authority == nil {
		return bytes.Equal(shown.Raw, c.Certificate.Raw) ||
			bytes.Equal(shown.RawSubject, c.Certificate.RawSubject) && !s.is.looks(certificateIssuer)
	}
	return (shown.CheckSignatureFrom(authority) == nil || !s.is.looks(certificateIssuer)) &&
		(bytes.Equal(shown.RawSubject, c.Certificate.RawSubject) || !s.is.looks(certificateSubject))
}

// bind binds tokens to the certificate that their request comes with, a public client's too
// (RFC 8705 sections 3 and 4).
func (s *Server) bind(t *tokens, q *request) {
	if s.cfg.MutualTLS && !s.cfg.Unbound {
		t.certificate = thumbprint(certificateOf(q.TLS))
	}
}

// stolen reports whether tokens come without the certificate that they are bound to.
func (s *Server) stolen(t *tokens, state *tls.ConnectionState, as string) bool {
	return t != nil && t.certificate != "" && t.certificate != thumbprint(certificateOf(state)) && s.is.looks(as)
}

// certificateOf is the certificate of whoever is at the other end, nil for none.
func certificateOf(state *tls.ConnectionState) *x509.Certificate {
	if state == nil || len(state.PeerCertificates) == 0 {
		return nil
	}
	return state.PeerCertificates[0]
}

// thumbprint is that of RFC 8705 section 3.1, "" of no certificate.
func thumbprint(c *x509.Certificate) string {
	if c == nil {
		return ""
	}
	sum := sha256.Sum256(c.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
