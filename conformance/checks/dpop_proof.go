package checks

import (
	"context"
	"crypto"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/jwt"
)

// A prover is a device with a key of its own, which proves to have it (RFC 9449 section
// 4). Keys live as long as their scenario and are written nowhere.
type prover struct {
	key   jose.JSONWebKey
	url   string // of the token endpoint, as htu
	mu    sync.Mutex
	nonce string    // the newest that the server gave
	told  time.Time // the time that the server told last
	heard time.Time // when it did, by our clock
}

// newProver makes a key of the first kind that the server takes and dfcheck can make; nil
// for none.
func newProver(t *Target) *prover {
	u, err := url.Parse(t.TokenURL)
	if err != nil {
		return nil
	}
	u.RawQuery, u.Fragment = "", ""
	for _, alg := range t.Offers.DPoP {
		if key, err := jwt.NewKey(alg); err == nil && key != nil {
			return &prover{key: jose.JSONWebKey{Key: key, Algorithm: alg}, url: u.String()}
		}
	}
	return nil
}

// thumbprint is that of the key (RFC 7638), which binds tokens to it.
func (p *prover) thumbprint() string {
	sum, err := p.key.Thumbprint(crypto.SHA256)
	if err != nil {
		panic(err) // the key is ours
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}

// dpopProof is a proof before it is signed.
type dpopProof struct {
	jwt.Token
	made  time.Time
	twice bool // it is sent twice
}

// start begins a flow, and hears the server's time.
func (p *prover) start(ctx context.Context, s *ScenarioRun) *Flow {
	f := s.Start(ctx)
	p.hears(f.Authorization)
	return f
}

// hears takes in what an answer says of the server's time.
func (p *prover) hears(x *Exchange) {
	if x == nil {
		return
	}
	if at, err := http.ParseTime(ResponseHeader(x, "Date")); err == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.told, p.heard = at, time.Now()
	}
}

// now is the server's time, where it has told one: a clock that is wrong here, or is set
// during the run, makes no proof wrong.
func (p *prover) now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.told.IsZero() {
		return time.Now()
	}
	return p.told.Add(time.Since(p.heard))
}

// thief is another device, with a key of the same kind, that knows what p knows.
func (p *prover) thief() *prover {
	return &prover{key: jwt.Another(p.key), url: p.url, nonce: p.nonce, told: p.told, heard: p.heard}
}

// proof makes the header field of a token request, with what change makes wrong.
func (p *prover) proof(change func(*dpopProof)) []string {
	made := p.now()
	d := dpopProof{made: made, Token: jwt.Token{Key: p.key,
		Head:   map[jose.HeaderKey]any{"typ": "dpop+jwt", "jwk": p.key.Public()},
		Claims: map[string]any{"jti": RandomCode(22), "htm": "POST", "htu": p.url, "iat": made.Unix()}}}
	p.mu.Lock()
	if p.nonce != "" {
		d.Claims["nonce"] = p.nonce
	}
	p.mu.Unlock()
	if change != nil {
		change(&d)
	}
	text := d.Signed()
	if d.twice {
		return []string{text, text}
	}
	return []string{text}
}

// proving sends a fresh proof with a request. Nothing sends it again: it is good once.
func (p *prover) proving(change func(*dpopProof)) Option {
	return func(c *Call) {
		Field("DPoP", p.proof(change)...)(c)
		c.Provoked, c.Once = true, true
	}
}

// challenged reports whether an answer asks for a nonce, and takes the nonce in.
func (p *prover) challenged(x *Exchange) bool {
	if x == nil || x.Response == nil {
		return false
	}
	p.hears(x)
	nonce := x.Response.Header.Get("DPoP-Nonce")
	p.mu.Lock()
	defer p.mu.Unlock()
	if nonce == "" || nonce == p.nonce {
		return false
	}
	p.nonce = nonce
	return x.ErrorCode() == spec.ErrUseDPoPNonce
}

// poll waits for the interval and polls with a proof; where the server asks for a nonce,
// it polls again at once.
func (p *prover) poll(ctx context.Context, f *Flow, step string, change func(*dpopProof)) *Exchange {
	x := f.PollDue(ctx, Step(step), p.proving(change))
	if p.challenged(x) {
		x = f.Poll(ctx, Step(step), p.proving(change))
	}
	return x
}

// refresh sends a refresh request with a proof, in the same way.
func (p *prover) refresh(ctx context.Context, s *ScenarioRun, token, step string) *Exchange {
	x := s.Refresh(ctx, token, Step(step), p.proving(nil))
	if p.challenged(x) {
		x = s.Refresh(ctx, token, Step(step), p.proving(nil))
	}
	return x
}

// far is by how much the time of a proof is wrong.
const far = 24 * time.Hour

// A wrongPart is what is wrong with a proof, in the words of findings.
type wrongPart struct {
	step   string
	change func(*dpopProof)
}

// Proofs whose time is wrong: a server that asks for a nonce may tell the age of a proof
// by that alone (RFC 9449 section 4.3).
const (
	proofOfYesterday = "with a proof of yesterday"
	proofOfTomorrow  = "with a proof of tomorrow"
)

// wrongProofs have one wrong part each, by the code that they are tried on. A proof whose
// time is wrong comes last: where a nonce tells the time, it gives tokens.
var wrongProofs = [][]wrongPart{
	{
		{"with a proof whose htm is GET", func(d *dpopProof) { d.Claims["htm"] = "GET" }},
		{"with a proof whose typ is JWT", func(d *dpopProof) { d.Head["typ"] = "JWT" }},
		{"with a proof whose alg is none", func(d *dpopProof) { d.Bare = true }},
		{proofOfYesterday, func(d *dpopProof) { d.Claims["iat"] = d.made.Add(-far).Unix() }},
	},
	{
		{"with a proof whose htu is another URL", func(d *dpopProof) { d.Claims["htu"] = StrangeOrigin + "/token" }},
		{"with a proof without jti", func(d *dpopProof) { delete(d.Claims, "jti") }},
		{"with a proof that another key has signed", func(d *dpopProof) { d.Key = jwt.Another(d.Key) }},
		{proofOfTomorrow, func(d *dpopProof) { d.Claims["iat"] = d.made.Add(far).Unix() }},
	},
	{
		{"with a proof without jwk", func(d *dpopProof) { delete(d.Head, "jwk") }},
		{"with a proof that holds its private key", func(d *dpopProof) { d.Head["jwk"] = jose.JSONWebKey{Key: d.Key.Key} }},
		{"with a proof signed by a shared secret", func(d *dpopProof) {
			d.Key = jose.JSONWebKey{Key: []byte(RandomCode(48)), Algorithm: string(jose.HS256)}
		}},
		{"with two header fields DPoP", func(d *dpopProof) { d.twice = true }},
	},
}

// wrongSteps are the steps of wrongProofs.
var wrongSteps = func() (steps []string) {
	for _, part := range slices.Concat(wrongProofs...) {
		steps = append(steps, part.step)
	}
	return steps
}()
