package refserver

import (
	"math/big"
	"strings"
	"sync"
	"time"
)

// codeFault changes how user codes are made.
func codeFault(name, check, doc string, make func(s *Server) string) Fault {
	return Fault{Name: name, Check: check, Doc: doc, Break: func(b *behaviour) { b.userCode = make }}
}

// entryFault changes how typed codes are compared.
func entryFault(name, check, doc string, normal func(typed string) string) Fault {
	return Fault{Name: name, Check: check, Doc: doc, Break: func(b *behaviour) { b.normal = normal }}
}

// viewFault changes what looking at the page with a code in its address does.
func viewFault(name, doc string, signedIn bool) Fault {
	return Fault{Name: name, Check: "DF-USERCODE-011", Doc: doc, Break: func(b *behaviour) {
		b.page.viewed = func(g *grant, user string) {
			if user == "" && signedIn {
				return
			}
			g.mu.Lock()
			defer g.mu.Unlock()
			if g.state == pending {
				g.state, g.user = approved, user
			}
		}
	}}
}

// from is a text of n random characters of an alphabet.
func from(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = letter(alphabet)
	}
	return string(b)
}

// abuse shows a fault when limits are attacked.
func abuse(f Fault) Fault { f.Abuse = true; return f }

var userCodeFaults = []Fault{
	codeFault("user-code-with-zero-width-space", "DF-USERCODE-001", "The user code holds a zero-width space.",
		func(s *Server) string { return strings.Replace(s.newUserCode(), "-", "\u200b", 1) }),
	codeFault("user-code-of-both-cases", "DF-USERCODE-001", "The user code mixes upper and lower case.",
		func(*Server) string { return from(userCodeAlphabet, 4) + from("bcdfghjkmnpqrstvwxz", 4) }),
	codeFault("user-code-of-four-letters", "DF-USERCODE-002", "The user code is four letters.",
		func(*Server) string { return from(userCodeAlphabet, 4) }),
	{
		Name: "user-code-sequence-repeats", Check: "DF-USERCODE-003",
		Doc: "The generator is seeded by the device's description and repeats itself after 20 codes.",
		Break: func(b *behaviour) {
			var mu sync.Mutex
			given := map[string][]string{}
			b.began = func(s *Server, q *request, g *grant, m map[string]any) {
				mu.Lock()
				defer mu.Unlock()
				of := q.get("device_os")
				if n := len(given[of]); n >= 20 {
					g.userCode = given[of][n-20]
					m["user_code"] = g.userCode
					delete(m, "verification_uri_complete")
					s.grants.assign(s.is.normal(g.userCode), g)
				}
				given[of] = append(given[of], g.userCode)
			}
		},
	},
	{
		Name: "user-code-counter", Check: "DF-USERCODE-004",
		Doc: "The user code is a counter times a constant, which looks random.",
		Break: func(b *behaviour) {
			var mu sync.Mutex
			n := new(big.Int)
			size := new(big.Int).Exp(big.NewInt(20), big.NewInt(8), nil)
			b.userCode = func(*Server) string {
				mu.Lock()
				defer mu.Unlock()
				n.Add(n, big.NewInt(9_876_543_211)).Mod(n, size)
				rest, code := new(big.Int).Set(n), make([]byte, 8)
				for i := 7; i >= 0; i-- {
					digit := new(big.Int)
					rest.QuoRem(rest, big.NewInt(20), digit)
					code[i] = userCodeAlphabet[digit.Int64()]
				}
				return string(code)
			}
		},
	},
	codeFault("user-code-with-fixed-middle", "DF-USERCODE-004",
		"Two characters in the middle of the user code never change.",
		func(*Server) string { return from(userCodeAlphabet, 4) + "TV" + from(userCodeAlphabet, 4) }),
	entryFault("entry-minds-case", "DF-USERCODE-005", "Typed codes are compared case-sensitively.",
		func(typed string) string { return strings.NewReplacer("-", "", " ", "").Replace(typed) }),
	entryFault("entry-minds-separators", "DF-USERCODE-006", "Typed codes must have their dash.",
		func(typed string) string { return strings.ToUpper(strings.TrimSpace(typed)) }),
	{
		Name: "user-code-from-device-code", Check: "DF-USERCODE-007",
		Doc: "The user code is the beginning of the device code.",
		Break: func(b *behaviour) {
			b.deviceCode = func(*Server) string { return from(userCodeAlphabet, 40) }
			b.began = func(s *Server, _ *request, g *grant, m map[string]any) {
				g.userCode = g.deviceCode[:8]
				m["user_code"] = g.userCode
				delete(m, "verification_uri_complete")
				s.grants.assign(s.is.normal(g.userCode), g)
			}
		},
	},
	findFault("user-code-redeems", "DF-USERCODE-008", "The token endpoint takes the user code for the device code.",
		func(s *Server, _ *request, code string) *grant {
			if g := s.grants.find(code); g != nil {
				return g
			}
			return s.grants.typedAs(s.is.normal(code))
		}),
	entryFault("prefix-approves", "DF-USERCODE-009", "The beginning of a code is enough to approve it.",
		func(typed string) string { return normalCode(typed)[:min(7, len(normalCode(typed)))] }),
	{
		Name: "last-person-owns", Check: "DF-USERCODE-010",
		Doc: "Whoever approves last before the device polls owns the tokens.",
		Break: func(b *behaviour) {
			b.decide = func(s *Server, g *grant, action, user string, now time.Time) error {
				g.mu.Lock()
				if g.state == approved && action == actionApprove && now.Before(g.expires) {
					g.user = user
					g.mu.Unlock()
					return nil
				}
				g.mu.Unlock()
				return s.decide(g, action, user, now)
			}
		},
	},
	viewFault("link-approves", "Opening the link with the code in it approves.", false),
	viewFault("link-approves-when-signed-in", "Opening the link with the code in it approves, for one who is signed in.",
		true),
	startFault("verification-page-missing", "DF-USERCODE-012", "verification_uri names a page that is not there.",
		func(s *Server, _ *grant, m map[string]any) {
			m["verification_uri"] = s.cfg.BaseURL + "/activate"
			delete(m, "verification_uri_complete")
		}),
	{
		Name: "page-in-frames", Check: "DF-USERCODE-013", Doc: "Any site may show the verification page in a frame.",
		Break: func(b *behaviour) { b.page.framed = true },
	},
	abuse(Fault{
		Name: "guesses-not-counted", Check: "DF-USERCODE-014", Doc: "User codes can be guessed without a limit.",
		Break: func(b *behaviour) { b.guesser = func(string) string { return random(8) } },
	}),
	abuse(Fault{
		Name: "guesses-lock-everybody", Check: "DF-USERCODE-015", Doc: "Wrong codes of one person lock everybody out.",
		Break: func(b *behaviour) { b.guesser = func(string) string { return "" } },
	}),
}
