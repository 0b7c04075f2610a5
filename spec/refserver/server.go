package refserver

import (
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/dfcheck/dfcheck/spec"
)

// Paths beside those of the contract.
const (
	pathPage          = "/device"
	pathDecision      = "/decision"
	pathIntrospection = "/introspect"
	pathRevocation    = "/revoke"
	pathKeys          = "/jwks"
	pathUserInfo      = "/userinfo"
	pathOAuth         = "/.well-known/oauth-authorization-server"
	pathOpenID        = "/.well-known/openid-configuration"
)

// Server is a device-flow server. It starts no goroutines and forgets
// what is over while it serves.
type Server struct {
	cfg       Config
	is        *behaviour
	contract  *spec.Contract
	clients   map[string]*Client
	scopes    map[string]bool
	refreshes bool // it gives out and takes refresh tokens

	grants  *store
	wallet  *wallet
	people  *people
	guesses *guesses // of user codes, by person
	misses  *guesses // of device codes, by address
	limits  limiters
	key     jose.JSONWebKey // of ID tokens, where it gives some
	handler http.Handler

	nonce string // that DPoP proofs need, "" for none
	seen  once   // the jti of DPoP proofs

	assertions once // the jti of assertions
}

// New returns a server with the given faults. It panics when the configuration
// is not right: call Config.Check first on anything a user wrote.
func New(cfg Config, faults ...Fault) *Server {
	for _, f := range faults {
		if f.Configure != nil {
			f.Configure(&cfg)
		}
	}
	cfg = cfg.withDefaults()
	if err := cfg.Check(); err != nil {
		panic(err)
	}
	contract, err := cfg.contract()
	if err != nil {
		panic(err) // Check looked it up
	}
	s := &Server{cfg: cfg, is: correct(), contract: contract, clients: map[string]*Client{}, scopes: map[string]bool{},
		refreshes: cfg.Contract != "documented-v1", grants: newStore(cfg.Lifetime, cfg.Forget, cfg.MostGrants),
		wallet: newWallet(cfg.TokenLifetime),
		people: newPeople(), guesses: newGuesses(guessesAllowed, guessesWindow),
		misses: newGuesses(cfg.GuessLimit, guessWindow), limits: newLimiters(cfg.Limits)}
	if cfg.DPoPNonce {
		s.nonce = random(12)
	}
	if cfg.OpenID {
		s.key = signingKey()
	}
	for i := range cfg.Clients {
		s.clients[cfg.Clients[i].ID] = &cfg.Clients[i]
	}
	for _, t := range cfg.Scopes {
		s.scopes[t] = true
	}
	s.handler = s.routes()
	for _, f := range faults {
		s.is.breakIn(f)
		if f.Wrap != nil {
			s.handler = f.Wrap(s.handler)
		}
	}
	return s
}

// with returns a server with the given faults that goes on with what s knows: codes,
// tokens and the key that they are signed with, sessions and who guesses.
func (s *Server) with(cfg Config, faults ...Fault) *Server {
	if s.cfg.Assertions {
		cfg.ClientKey = s.cfg.ClientKey
	}
	if s.cfg.MutualTLS {
		cfg.Certificates = s.cfg.Certificates
	}
	next := New(cfg, faults...)
	next.grants, next.wallet, next.people, next.guesses = s.grants, s.wallet, s.people, s.guesses
	if s.cfg.OpenID {
		next.key = s.key
	}
	return next
}

// Restart is a restart of the process. Grants are where the next one finds them.
func (s *Server) Restart() { s.is.restarted(s) }

// Config is the configuration the server runs with, defaults filled in.
func (s *Server) Config() Config { return s.cfg }

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(s.cfg.Delay)
	if s.cfg.TrustForwarded {
		r = forwarded(r)
	}
	if s.secure() { // RFC 6797 section 7.1
		w.Header().Set("Strict-Transport-Security", "max-age=31536000")
	}
	s.handler.ServeHTTP(w, r)
}

// routes is a plain switch: two paths carry nearly all requests.
func (s *Server) routes() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case s.contract.Token.Path:
			s.operation(w, r, "token", &s.contract.Token, s.token)
		case s.contract.Start.Path:
			s.operation(w, r, "start", &s.contract.Start, s.start)
		case pathOAuth, pathOpenID:
			s.serveMetadata(w, r)
		case pathPage, pathSignIn, pathConsent:
			s.servePage(w, r)
		case pathIntrospection:
			s.serveIntrospection(w, r)
		case pathRevocation:
			s.serveRevocation(w, r)
		case pathKeys:
			s.serveKeys(w, r)
		case pathUserInfo:
			s.serveUserInfo(w, r)
		case pathDecision:
			s.serveDecision(w, r)
		default:
			notFound().send(w)
		}
	})
}

func notFound() *answer {
	a := refuse("not_found", "nothing is served at this path")
	a.status = http.StatusNotFound
	return a
}

// operation carries out one of the two operations.
func (s *Server) operation(w http.ResponseWriter, r *http.Request, name string, op *spec.Operation,
	do func(*request) *answer) {
	if r.Method != http.MethodPost {
		methods(w, r, http.MethodPost)
		return
	}
	if name == "token" && s.misses.held(address(r), time.Now()) {
		tooMany(guessWindow).send(w)
		return
	}
	q, a := s.read(r, name, op)
	if refused := s.hold(kindOfOperation(name), q); refused != nil {
		refused.send(w)
		return
	}
	if a == nil {
		a = do(q)
	}
	s.is.finish(q, a)
	a.send(w)
}

// methods answers a method that is not served (RFC 9110 section 15.5.6).
func methods(w http.ResponseWriter, r *http.Request, allowed ...string) {
	allow := strings.Join(append(allowed, http.MethodOptions), ", ")
	if r.Method == http.MethodOptions {
		w.Header().Set("Allow", allow)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	problem(http.StatusMethodNotAllowed, "the method is not allowed here").with("Allow", allow).send(w)
}

// tooMany asks a client to come back later (RFC 6585 section 4), and says when unless
// that is 0.
func tooMany(wait time.Duration) *answer {
	a := refuse("temporarily_unavailable", "too many requests")
	if wait > 0 {
		a.with("Retry-After", seconds(wait))
	}
	a.status = http.StatusTooManyRequests
	return a
}
