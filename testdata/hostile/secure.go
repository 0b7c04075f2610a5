package hostile

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

// secured are certificates and handshakes.
var secured = []Behaviour{
	{Name: "certificate-expired", About: "has a certificate that expired yesterday", Says: "expired",
		secure: func() (*tls.Config, []byte) {
			return certified("127.0.0.1", time.Now().Add(-24*time.Hour))
		}},
	{Name: "certificate-of-another-host", About: "has the certificate of another host", Says: "certificate",
		secure: func() (*tls.Config, []byte) {
			return certified("192.0.2.1", time.Now().Add(time.Hour))
		}},
	{Name: "certificate-of-nobody", About: "has a certificate that nobody trusts", Says: "certificate",
		secure: func() (*tls.Config, []byte) {
			config, _ := certified("127.0.0.1", time.Now().Add(time.Hour))
			_, other := certified("127.0.0.1", time.Now().Add(time.Hour))
			return config, other
		}},
	{Name: "tls-1.0", About: "speaks TLS 1.0 at most", Says: "protocol version", secure: func() (*tls.Config, []byte) {
		config, ca := certified("127.0.0.1", time.Now().Add(time.Hour))
		config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS10
		return config, ca
	}},
	{Name: "handshake-stalled", About: "never ends the TLS handshake", Says: "(?i)handshake timeout|within",
		silent: true, secure: func() (*tls.Config, []byte) {
			return certified("127.0.0.1", time.Now().Add(time.Hour))
		}},
	{Name: "closes-after-handshake", About: "closes the connection after the TLS handshake", secure: func() (*tls.Config,
		[]byte) {
		return certified("127.0.0.1", time.Now().Add(time.Hour))
	}, write: func(*spoilt, *answer) bool { return false }},
}

// certified is a server's configuration with a certificate for an address, signed by
// itself, and that certificate in PEM form.
func certified(address string, end time.Time) (*tls.Config, []byte) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // of the system's own source of chance
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "hostile"},
		NotBefore: end.Add(-48 * time.Hour), NotAfter: end, IPAddresses: []net.IP{net.ParseIP(address)}, IsCA: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
