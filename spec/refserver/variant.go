package refserver

import (
	"bytes"
	"encoding/base64"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// Variants are servers that are right in another way: each does something the
// standards leave open, as real servers do. Nothing may fail on them, and only
// what Also names may warn, with the ruling that says so.
func Variants() []Fault {
	return slices.Concat(openVariants, encoderVariants, bodyVariants, frameworkVariants, frontVariants, refusalVariants,
		clientVariants,
		scopeVariants, wayVariants, consentVariants,
		revocationVariants, openIDVariants, dpopVariants, assertionVariants, certificateVariants, limitVariants,
		storeVariants, machineVariants, proxyVariants,
		clockVariants, []Fault{burstProxy})
}

// VariantNamed finds one of Variants. An unknown name is an error that names the nearest.
func VariantNamed(name string) (Fault, error) { return named("variant", Variants(), name) }

// openVariants differ in what RFC 8628 leaves open by itself.
var openVariants = []Fault{
	paceVariant("never-slow-down", "The interval is announced and not enforced.",
		map[string]string{"DF-POLL-004": "ruling R2: a server need not emit slow_down"},
		func(*request, *grant, time.Time) bool { return false }),
	answerVariant("interval-not-raised", "slow_down does not raise the interval that the server measures by.",
		func(_ *Server, g *grant, a *answer) {
			if a.code == spec.ErrSlowDown {
				g.interval -= spec.SlowDownStep * time.Second
			}
		}),
	startVariant("interval-absent", "No interval is announced, so that five seconds hold.",
		func(_ *Server, _ *grant, m map[string]any) { delete(m, "interval") }, "rfc8628", true),
	{
		Name: "invalid-grant-after-a-while", Doc: "Five seconds after its end a code is unknown.",
		Break: func(b *behaviour) {
			b.early = func(_ *Server, _ *request, g *grant, now time.Time) *answer {
				if g.state != redeemed && now.Sub(g.expires) > 5*time.Second {
					return refuse(spec.ErrInvalidGrant, "the device code is unknown")
				}
				return nil
			}
		},
	},
	finishVariant("client-refused-with-401", "An unknown client is refused with status 401.",
		func(a *answer) {
			if a.code == spec.ErrInvalidClient {
				a.status = http.StatusUnauthorized
			}
		}),
	{
		Name: "purged-after-use", Doc: "A redeemed code is forgotten at once.",
		Break: func(b *behaviour) {
			b.find = func(s *Server, _ *request, code string) *grant {
				g := s.grants.find(code)
				if g != nil {
					g.mu.Lock()
					defer g.mu.Unlock()
					if g.state == redeemed {
						return nil
					}
				}
				return g
			}
		},
	},
	codeVariant("nine-digits", "User codes are nine digits.",
		func(*Server) string {
			return from("0123456789", 3) + "-" + from("0123456789", 3) + "-" + from("0123456789", 3)
		}),
	{
		Name: "hexadecimal-device-codes", Doc: "Device codes are forty hexadecimal digits, in lower case alone.",
		Break: func(b *behaviour) { b.deviceCode = func(*Server) string { return from("0123456789abcdef", 40) } },
	},
	deviceCodeVariant("device-codes-labelled", "Device codes begin with a label, which nobody compares.",
		func() string { return "dc_" + random(32) },
		func(issued, code string) bool { return len(code) > 3 && issued[3:] == code[3:] }),
	deviceCodeVariant("device-codes-in-jwt", "Device codes are JWTs, whose signature is compared by its bytes.",
		func() string {
			return encoded(`{"alg":"HS256","typ":"JWT"}`) + "." + encoded(`{"jti":"`+random(16)+`"}`) + "." + random(32)
		},
		func(issued, code string) bool {
			i, j := strings.LastIndex(issued, "."), strings.LastIndex(code, ".")
			own, _ := base64.RawURLEncoding.DecodeString(issued[i+1:])
			sent, err := base64.RawURLEncoding.DecodeString(code[j+1:]) // bits that fill the last character are ignored
			return err == nil && i == j && issued[:i] == code[:j] && bytes.Equal(own, sent)
		}),
	{
		Name: "short-link", Doc: "The verification page has a shorter address on another host, which redirects.",
		Break: func(b *behaviour) {
			b.began = func(_ *Server, _ *request, g *grant, m map[string]any) {
				m["verification_uri"] = "http://localhost" + pathPage
				m["verification_uri_complete"] = "http://localhost" + pathPage + "?user_code=" + g.userCode
			}
		},
		Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Host == "localhost" && r.URL.Path == pathPage {
					http.Redirect(w, r, "http://127.0.0.1"+r.URL.RequestURI(), http.StatusFound)
					return
				}
				next.ServeHTTP(w, r)
			})
		},
	},
	finishVariant("charset-in-content-type", "JSON is labelled with its charset.",
		func(a *answer) { a.with("Content-Type", "application/json; charset=utf-8") }),
	{
		Name: "chunked", Doc: "Answers come in chunks, without a length.",
		Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(&flushed{ResponseWriter: w}, r)
			})
		},
	},
	{
		Name: "far-away", Doc: "Every answer takes 400 ms, more or less.",
		Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(150*time.Millisecond + rand.N(50*time.Millisecond))
				next.ServeHTTP(w, r)
				time.Sleep(150*time.Millisecond + rand.N(100*time.Millisecond))
			})
		},
	},
	lateDecision,
	{
		Name: "limited", Doc: "More than forty requests a second from one address are answered 429.", Abuse: true,
		Configure: func(c *Config) {
			c.Limits = []Limit{{Of: LimitAll, By: []string{ByAddress}, N: 40, Per: time.Second, Burst: 80}}
		},
	},
	proxied,
}

// proxied stands behind a proxy that answers every twentieth request itself. Half
// of those have reached the server, whose answer is then lost.
var proxied = Fault{
	Name: "proxied", Doc: "Every twentieth request is answered by a proxy, with 502, 503 or 504 in HTML or JSON.",
	Abuse: true,
	Wrap: func(next http.Handler) http.Handler {
		var served atomic.Int64
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n := served.Add(1)
			if n%20 != 0 {
				next.ServeHTTP(w, r)
				return
			}
			if n%40 == 0 {
				next.ServeHTTP(lost{}, r)
			}
			status := http.StatusBadGateway + int(n/20)%3
			body, media := "<html><h1>"+http.StatusText(status)+"</h1></html>", "text/html"
			if n%60 == 0 {
				body, media = `{"error":"`+http.StatusText(status)+`"}`, "application/json"
			}
			w.Header().Set("Content-Type", media)
			w.WriteHeader(status)
			io.WriteString(w, body)
		})
	},
}

// lost takes an answer that nobody gets.
type lost struct{}

func (lost) Header() http.Header         { return http.Header{} }
func (lost) Write(b []byte) (int, error) { return len(b), nil }
func (lost) WriteHeader(int)             {}

const late = "a decision that shows on the second compliant poll warns"

// lateDecision is a server whose parts agree a little later.
var lateDecision = Fault{
	Name: "decisions-show-late", Doc: "The first poll after a decision does not know of it yet.",
	Also: map[string]string{
		"DF-POLL-008": late, "DF-POLL-019": late, "DF-TOKEN-001": late, "DF-DENY-001": late,
	},
	Break: func(b *behaviour) {
		var seen sync.Map // the grants of which a poll has met the decision
		b.early = func(s *Server, q *request, g *grant, now time.Time) *answer {
			if g.state != approved && g.state != denied || !now.Before(g.expires) {
				return nil
			}
			if _, before := seen.LoadOrStore(g, true); before {
				return nil
			}
			fast := tooFast(q, g, now)
			g.polled = now
			if fast {
				g.interval += spec.SlowDownStep * time.Second
				return stateAnswer(spec.ErrSlowDown)
			}
			return stateAnswer(spec.ErrAuthorizationPending)
		}
	},
}

func paceVariant(name, doc string, also map[string]string, tooFast func(*request, *grant, time.Time) bool) Fault {
	return Fault{Name: name, Doc: doc, Also: also, Break: func(b *behaviour) { b.tooFast = tooFast }}
}

func answerVariant(name, doc string, change func(s *Server, g *grant, a *answer)) Fault {
	return Fault{Name: name, Doc: doc, Break: func(b *behaviour) {
		b.polled = func(s *Server, _ *request, g *grant, a *answer) { change(s, g, a) }
	}}
}

func startVariant(name, doc string, change func(s *Server, g *grant, m map[string]any), contract string,
	slow bool) Fault {
	return Fault{Name: name, Doc: doc, Contract: contract, Slow: slow, Break: func(b *behaviour) {
		b.began = func(s *Server, _ *request, g *grant, m map[string]any) { change(s, g, m) }
	}}
}

func finishVariant(name, doc string, change func(a *answer)) Fault {
	return Fault{Name: name, Doc: doc, Break: func(b *behaviour) { b.finish = func(_ *request, a *answer) { change(a) } }}
}

func codeVariant(name, doc string, make func(s *Server) string) Fault {
	return Fault{Name: name, Doc: doc, Break: func(b *behaviour) { b.userCode = make }}
}

// deviceCodeVariant makes device codes of its own, and compares them in its own way.
func deviceCodeVariant(name, doc string, make func() string, same func(issued, code string) bool) Fault {
	return Fault{Name: name, Doc: doc, Break: func(b *behaviour) {
		b.deviceCode = func(*Server) string { return make() }
		b.find = func(s *Server, _ *request, code string) *grant { return s.grants.findLike(code, same) }
	}}
}

// flushed sends the header before the body, so that nothing knows its length.
type flushed struct {
	http.ResponseWriter
}

func (w *flushed) Write(b []byte) (int, error) {
	w.ResponseWriter.(http.Flusher).Flush()
	return w.ResponseWriter.Write(b)
}
