//go:build linux

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"sync"
	"time"
)

// serveTLS is for one core: a goroutine per connection. The certificate is for
// 127.0.0.1 and lasts a day.
func (s *server) serveTLS(certificate string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	shape := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tokenserver"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, shape, shape, key.Public(), key)
	if err != nil {
		return err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(certificate, text, 0o644); err != nil {
		return err
	}
	own := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	l, err := tls.Listen("tcp", "127.0.0.1:0",
		&tls.Config{Certificates: []tls.Certificate{own}, NextProtos: []string{"http/1.1"}})
	if err != nil {
		return err
	}
	fmt.Println("https://" + l.Addr().String())
	var mu sync.Mutex
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go s.talk(c, &mu)
	}
}

// talk answers one connection; mu guards the counters and buffers.
func (s *server) talk(c net.Conn, mu *sync.Mutex) {
	defer c.Close()
	buf, n := make([]byte, 8192), 0
	var out []byte
	for {
		got, err := c.Read(buf[n:])
		if err != nil {
			return
		}
		n += got
		size := whole(buf[:n])
		if size == 0 {
			continue
		}
		mu.Lock()
		s.out = s.out[:0]
		s.answer(buf[:size])
		out = append(out[:0], s.out...)
		mu.Unlock()
		n = copy(buf, buf[size:n])
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}
