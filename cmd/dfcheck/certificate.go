package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"time"

	"github.com/spf13/pflag"

	"github.com/dfcheck/dfcheck/reports"
)

// certificateFlags say how a server speaks https: with files, or with a
// certificate of its own, made when it starts.
type certificateFlags struct {
	own                bool
	certFile, keyFile  string
	ownCertificateFile string
}

func (f *certificateFlags) add(fs *pflag.FlagSet) {
	fs.BoolVar(&f.own, "tls", false, "serve https, with a certificate made on the spot unless one is given")
	fs.StringVar(&f.certFile, "tls-cert", "", "serve https with this certificate (PEM)")
	fs.StringVar(&f.keyFile, "tls-key", "", "private key for --tls-cert (PEM)")
	fs.StringVar(&f.ownCertificateFile, "tls-cert-out", "",
		"write the certificate that was made to this file, for clients to trust")
}

func (f *certificateFlags) wanted() bool {
	return f.own || f.certFile != "" || f.keyFile != "" || f.ownCertificateFile != ""
}

// certificate returns what the flags ask for, nil when they ask for none. addr
// is where the server will listen. Errors are usage errors.
func (f *certificateFlags) certificate(addr string) (*tls.Certificate, error) {
	switch {
	case !f.wanted():
		return nil, nil
	case f.certFile != "" || f.keyFile != "":
		if f.ownCertificateFile != "" {
			return nil, usage(errors.New("--tls-cert-out is for a certificate that is made, and --tls-cert gives one"), "")
		}
		pair, err := tls.LoadX509KeyPair(f.certFile, f.keyFile)
		return &pair, usage(err, "--tls-cert and --tls-key are PEM files and go together")
	}
	cert, err := ownCertificate(addr, time.Now())
	if err != nil || f.ownCertificateFile == "" {
		return cert, err
	}
	return cert, usage(reports.WriteFile(f.ownCertificateFile, func(w io.Writer) error {
		return pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})
	}), "")
}

// pairPEM is a certificate and its private key.
func pairPEM(pair *tls.Certificate) ([]byte, error) {
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		return nil, err
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...), nil
}

// ownCertificate makes a certificate that vouches for itself, good for a week
// on this machine and at addr. Its key is never written down.
func ownCertificate(addr string, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "dfcheck serve"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(0, 0, 7),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA:        true, BasicConstraintsValid: true,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if host, _, err := net.SplitHostPort(addr); err == nil && host != "" && host != "localhost" {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}
