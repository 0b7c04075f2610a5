package main

import (
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
	for _, v := range refserver.Variants() {
		if v.Name == "asserts-again" {
			again = start(v)
		}
	}
	return start(), again, jwk
}
