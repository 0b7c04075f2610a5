package refserver

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/dfcheck/dfcheck/spec"
)

// The parts of a DPoP proof that are looked at (RFC 9449 section 4.3), by which faults
// name what they do not look at.
const (
	proofOnce      = "one header field"
	proofType      = "typ"
	proofAlgorithm = "alg"
	proofPublic    = "a public key"
	proofSignature = "signature"
	proofMethod    = "htm"
	proofURL       = "htu"
	proofTime      = "iat"
	proofID        = "jti"
	proofReplay    = "a new jti"
	proofKey       = "the key of the refresh token"
)

// proofWindow is how far iat may be from now.
const proofWindow = time.Minute

// prove looks at the proof of a token request, if it has one (RFC 9449 section 5).
func (s *Server) prove(q *request) *answer {
	proofs := q.Header.Values("DPoP")
	if !s.cfg.DPoP || len(proofs) == 0 {
		return nil
	}
	if len(proofs) > 1 && s.is.looks(proofOnce) {
		return badProof("more than one DPoP header field")
	}
	p, problem := s.readProof(proofs[0])
	if problem == "" {
		problem = s.wrong(p)
	}
	if problem != "" {
		return badProof(problem)
	}
	if s.cfg.DPoPNonce && text(p.claims["nonce"]) != s.nonce {
		if a := s.is.challenge(s, q, p); a != nil {
			return a
		}
	}
	if !s.seen.fresh(text(p.claims["jti"])) && s.is.looks(proofReplay) {
		return badProof(proofUsed)
	}
	q.thumbprint = p.thumbprint
	return nil
}

const proofUsed = "the proof was used already"

func badProof(problem string) *answer { return refuse(spec.ErrInvalidDPoPProof, problem) }

// challenge asks for a proof with a nonce (RFC 9449 section 8).
func (s *Server) challenge(*request, proof) *answer {
	return refuse(spec.ErrUseDPoPNonce, "the proof needs the nonce of DPoP-Nonce").with("DPoP-Nonce", s.nonce)
}

// proof is a proof that was read.
type proof struct {
	head, claims map[string]any
	thumbprint   string // of its key (RFC 7638)
}

// readProof verifies the signature with the key in the header.
func (s *Server) readProof(text string) (p proof, problem string) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return p, "the proof is no signed JWT"
	}
	for i, members := range []*map[string]any{&p.head, &p.claims} {
		data, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(data, members) != nil {
			return p, "the proof is no signed JWT"
		}
	}
	data, err := json.Marshal(p.head["jwk"])
	var key jose.JSONWebKey
	if err != nil || key.UnmarshalJSON(data) != nil {
		return p, "the proof has no key"
	}
	if !key.IsPublic() && s.is.looks(proofPublic) {
		return p, "the proof has a private key"
	}
	sum, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		return p, "the key of the proof cannot be used"
	}
	p.thumbprint = base64.RawURLEncoding.EncodeToString(sum)
	unsigned := p.head["alg"] == "none" && !s.is.looks(proofAlgorithm)
	jws, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.ES256, jose.EdDSA, jose.RS256})
	if err == nil {
		_, err = jws.Verify(key.Key)
	}
	if err != nil && s.is.looks(proofSignature) && key.IsPublic() && !unsigned {
		return p, "the signature of the proof is wrong"
	}
	return p, ""
}

// wrong says which part of a proof is not right for this server; "" for none.
func (s *Server) wrong(p proof) string {
	for _, part := range []struct {
		name string
		ok   bool
	}{
		{proofType, p.head["typ"] == "dpop+jwt"},
		{proofMethod, p.claims["htm"] == "POST"},
		{proofURL, p.claims["htu"] == s.cfg.BaseURL+s.contract.Token.Path},
		{proofTime, p.recent(s.is.clock(time.Now()))},
		{proofID, text(p.claims["jti"]) != ""},
	} {
		if !part.ok && s.is.looks(part.name) {
			return "the proof's " + part.name + " is wrong"
		}
	}
	return ""
}

// recent reports whether a proof was made about now.
func (p proof) recent(now time.Time) bool {
	iat, _ := p.claims["iat"].(float64)
	return now.Sub(time.Unix(int64(iat), 0)).Abs() < proofWindow
}

func text(v any) string { s, _ := v.(string); return s }

// keyed reports whether a refresh request comes with the key that its token is bound to
// (RFC 9449 section 5).
func (s *Server) keyed(q *request, t *tokens) bool {
	return t.thumbprint == "" || t.client.Secret != "" || q.thumbprint == t.thumbprint || !s.is.looks(proofKey)
}

// once knows the jti of proofs for as long as a proof is good.
type once struct {
	mu    sync.Mutex
	known map[string]bool
	queue []used // oldest first
}

type used struct {
	id string
	at time.Time
}

// fresh reports whether an id comes for the first time.
func (o *once) fresh(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	for len(o.queue) > 0 && now.Sub(o.queue[0].at) > 2*proofWindow {
		delete(o.known, o.queue[0].id)
		o.queue = slices.Delete(o.queue, 0, 1)
	}
	if o.known[id] {
		return false
	}
	if o.known == nil {
		o.known = map[string]bool{}
	}
	o.known[id] = true
	o.queue = append(o.queue, used{id, now})
	return true
}
