package jwt

import (
	"crypto/rand"
	"encoding/base64"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// AssertionType is the client_assertion_type of an assertion (RFC 7523 section 2.2).
const AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// Lifetime is how long an assertion is good. Servers are known that take none whose end is
// more than a minute away.
const Lifetime = 50 * time.Second

// An Assertor makes the assertions by which a client authenticates (RFC 7523 section 3,
// OpenID Connect Core section 9). It is safe for concurrent use.
type Assertor struct {
	Key              jose.JSONWebKey
	Client, Audience string
	signer           jose.Signer
}

// NewAssertor makes assertions of a client, for an audience. It panics for a key that
// ReadKey did not return.
func NewAssertor(key jose.JSONWebKey, client, audience string) *Assertor {
	a := &Assertor{Key: key, Client: client, Audience: audience}
	var err error
	if a.signer, err = newSigner(key, a.Draft().Head); err != nil {
		panic(err)
	}
	return a
}

// Fresh is a new assertion.
func (a *Assertor) Fresh() string { return sign(a.signer, marshalled(a.Draft().Claims)) }

// Kept returns a function that returns one assertion for half of its lifetime, and then
// another one. It is safe for concurrent use.
func (a *Assertor) Kept() func() string {
	var mu sync.Mutex
	var text string
	var made time.Time
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		if now := time.Now(); text == "" || now.Sub(made) >= Lifetime/2 {
			text, made = a.Fresh(), now
		}
		return text
	}
}

// Draft is a new assertion before it is signed.
func (a *Assertor) Draft() Token {
	now := time.Now()
	t := Token{Key: a.Key, Head: map[jose.HeaderKey]any{"typ": "JWT"}, Claims: map[string]any{
		"iss": a.Client, "sub": a.Client, "aud": a.Audience, "jti": newID(), "iat": now.Unix(),
		"exp": now.Add(Lifetime).Unix()}}
	if a.Key.KeyID != "" {
		t.Head["kid"] = a.Key.KeyID
	}
	return t
}

func newID() string {
	b := make([]byte, 16)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}
