package main

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/dfcheck/dfcheck/spec/jwt"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// startAsserting runs two servers with a client that authenticates with assertions, and
// returns its key as a JWK. The second takes an assertion again.
func startAsserting(t *testing.T) (once, again string, jwk []byte) {
	t.Helper()
	key, err := jwt.NewKey("ES256")
	if err != nil {
		t.Fatal(err)
	}
	own := &jose.JSONWebKey{Key: key, KeyID: "dfcheck-key", Algorithm: "ES256"}
	if jwk, err = own.MarshalJSON(); err != nil {
		t.Fatal(err)
	}
	start := func(variants ...refserver.Fault) string {
		base, stop, err := serve("127.0.0.1:0", refserver.Config{Contract: "rfc8628", Interval: time.Second,
			Lifetime: 20 * time.Second, Decisions: true, Assertions: true, ClientKey: own}, variants, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
		return base
	}
	v, err := refserver.VariantNamed("asserts-again")
	if err != nil {
		t.Fatal(err)
	}
	return start(), start(v), jwk
}

// startCertifying runs two servers with clients that authenticate with a certificate. The
// second has other endpoints for them, which refuse what is wrong in the handshake. files
// are the certificates for clients, and for those who trust the servers.
func startCertifying(t *testing.T) (plain, aliased string, files map[string][]byte) {
	t.Helper()
	cert, err := ownCertificate("127.0.0.1:0", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	cfg := refserver.Config{Contract: "rfc8628", Interval: time.Second, Lifetime: 20 * time.Second, Decisions: true,
		OpenID: true, MutualTLS: true, Certificates: refserver.NewCertificates(false)}
	files = map[string][]byte{"certifying.pem": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE",
		Bytes: cert.Certificate[0]})}
	var others error
	files["client.pem"], err = pairPEM(cfg.Certificates.Own)
	if files["other.pem"], others = pairPEM(cfg.Certificates.Other); err != nil || others != nil {
		t.Fatal(err, others)
	}
	first, key := pem.Decode(files["client.pem"])
	files["alone.pem"], files["client.key"] = pem.EncodeToMemory(first), key
	start := func(variants ...refserver.Fault) string {
		base, stop, err := serve("127.0.0.1:0", cfg, variants, cert)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
		return base
	}
	v, err := refserver.VariantNamed("certificate-in-handshake")
	if err != nil {
		t.Fatal(err)
	}
	return start(), start(v), files
}

// writeAll writes files into a folder, for this user alone to read.
func writeAll(dir string, files map[string][]byte) error {
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}
