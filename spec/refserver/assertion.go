package refserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The parts of an assertion that are looked at (RFC 7523 section 3, OpenID Connect Core
// section 9), by which faults name what they do not look at.
const (
	assertSignature = "assertion: signature"
	assertAlgorithm = "assertion: alg"
	assertIssuer    = "assertion: iss"
	assertSubject   = "assertion: sub"
	assertAudience  = "assertion: aud"
	assertEnd       = "assertion: exp"
	assertEnds      = "assertion: that it has exp"
	assertBegin     = "assertion: nbf"
	assertReplay    = "assertion: a new jti"
	assertNamed     = "assertion: client_id"
	assertThere     = "assertion: that there is one"
)

// keyedClient is the client that authenticates with assertions, where Config.Assertions
// opens them.
const keyedClient = "dfcheck-key"

// clockSkew is how far the clock of a client may be off.
const clockSkew = 5 * time.Second

// newClientKey makes the key of keyedClient.
func newClientKey() *jose.JSONWebKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // of the machine's randomness
	}
	return &jose.JSONWebKey{Key: key, KeyID: random(6), Algorithm: string(jose.ES256)}
}

// asserted finds out for which client a request speaks by its assertion.
func (s *Server) asserted(q *request) *answer {
	claims, unsigned := claimsOf(q.get("client_assertion"))
	id := text(claims["sub"])
	if !s.is.looks(assertSubject) && q.get("client_id") != "" {
		id = q.get("client_id")
	}
	c := s.clients[id]
	if c == nil || c.Key == nil {
		return unauthenticated(false)
	}
	verified := verifies(q.get("client_assertion"), c.Key)
	if unsigned && s.is.looks(assertAlgorithm) || !unsigned && !verified && s.is.looks(assertSignature) {
		return unauthenticated(false)
	}
	exp, ends := claims["exp"].(float64)
	nbf, _ := claims["nbf"].(float64)
	now := float64(time.Now().Unix())
	skew := clockSkew.Seconds()
	for _, part := range []struct {
		name string
		ok   bool
	}{
		{assertIssuer, claims["iss"] == id},
		{assertAudience, s.addressed(claims["aud"])},
		{assertEnds, ends},
		{assertEnd, !ends || now < exp+skew},
		{assertBegin, now > nbf-skew},
		{assertNamed, q.get("client_id") == "" || q.get("client_id") == id},
		{assertReplay, s.assertions.fresh(text(claims["jti"]))},
	} {
		if !part.ok && s.is.looks(part.name) {
			return unauthenticated(false)
		}
	}
	q.client = c
	return nil
}

// addressed reports whether aud, a text or an array, names this server.
func (s *Server) addressed(aud any) bool {
	list, many := aud.([]any)
	if !many {
		list = []any{aud}
	}
	return slices.ContainsFunc(list, func(a any) bool { return slices.Contains(s.cfg.Audiences, text(a)) })
}

// claimsOf reads an assertion without believing it.
func claimsOf(assertion string) (claims map[string]any, unsigned bool) {
	head, payload := jwtParts(assertion)
	json.Unmarshal(payload, &claims) // of what is no JSON there are none
	var h struct{ Alg string }
	json.Unmarshal(head, &h)
	return claims, h.Alg == "none"
}

// jwtParts are the header and the claims of a JWT, decoded; nil of what is none.
func jwtParts(text string) (head, claims []byte) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil, nil
	}
	for i, to := range []*[]byte{&head, &claims} {
		*to, _ = base64.RawURLEncoding.DecodeString(parts[i]) // as far as it goes
	}
	return head, claims
}

// verifies reports whether a client's key has signed.
func verifies(assertion string, key *jose.JSONWebKey) bool {
	jws, err := jose.ParseSignedCompact(assertion, []jose.SignatureAlgorithm{jose.ES256, jose.EdDSA, jose.RS256})
	if err != nil {
		return false
	}
	_, err = jws.Verify(key)
	return err == nil
}
