package checks

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
)

// imitation is a certificate of the same names as another one, its issuer's included, with
// other keys: nobody vouches for it.
func imitation(of *tls.Certificate) *tls.Certificate {
	was := of.Leaf
	template := &x509.Certificate{SerialNumber: was.SerialNumber, RawSubject: was.RawSubject, NotBefore: was.NotBefore,
		NotAfter: was.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, DNSNames: was.DNSNames,
		EmailAddresses: was.EmailAddresses, IPAddresses: was.IPAddresses, URIs: was.URIs}
	key := anyKey()
	issuer := &x509.Certificate{RawSubject: was.RawIssuer}
	signer := key
	if string(was.RawIssuer) != string(was.RawSubject) {
		signer = anyKey()
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), signer)
	if err != nil {
		panic(err) // every part is of a certificate that was read
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func anyKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // of the machine's randomness
	}
	return key
}
