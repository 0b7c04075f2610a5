package refserver

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// deviceCodeFault changes how device codes are made.
func deviceCodeFault(name, check, doc string, make func(s *Server) string) Fault {
	return Fault{Name: name, Check: check, Doc: doc, Break: func(b *behaviour) { b.deviceCode = make }}
}

func crash() *answer { return problem(http.StatusInternalServerError, "something went wrong") }

var securityFaults = []Fault{
	deviceCodeFault("device-code-of-eight-digits", "DF-SEC-001", "The device code is eight hexadecimal digits.",
		func(*Server) string { return from("0123456789abcdef", 8) }),
	deviceCodeFault("device-code-seeded-by-the-second", "DF-SEC-002",
		"Device codes of one second share all but five characters.",
		func(*Server) string {
			sum := sha256.Sum256([]byte(time.Now().Format(time.RFC3339)))
			return hex.EncodeToString(sum[:]) + from("0123456789abcdefghijklmnopqrstuvwxyz", 5) // never the same
		}),
	tokenRequestFault("nul-crashes", "DF-SEC-003", "NUL in the device code reaches the database driver and ends in 500.",
		func(_ *Server, q *request) *answer {
			if strings.Contains(q.get("device_code"), "\x00") {
				return crash()
			}
			return nil
		}),
	startRequestFault("line-break-makes-header", "DF-SEC-003",
		"A line break in the scope ends the header it is copied to.",
		func(_ *Server, q *request) *answer {
			_, field, ok := strings.Cut(q.get("scope"), "\r\n")
			if !ok {
				return nil
			}
			name, value, _ := strings.Cut(field, ": ")
			return refuse(spec.ErrInvalidScope, "the scope is malformed").with(name, value)
		}),
	{
		Name: "templates-hang", Check: "DF-SEC-003",
		Doc: "A value that looks like a template is rendered, which takes twelve seconds.",
		Wrap: rewriteRequest(func(_ *http.Request, body []byte) (*answer, []byte) {
			if bytes.Contains(body, []byte("{{")) || bytes.Contains(body, []byte(url.QueryEscape("{{"))) {
				time.Sleep(12 * time.Second)
			}
			return nil, body
		}),
	},
	{
		Name: "operator-finds-any-grant", Check: "DF-SEC-004",
		Doc: "A JSON object as device code is a query, which finds the latest grant that nobody has decided on.",
		Wrap: rewriteRequest(func(_ *http.Request, body []byte) (*answer, []byte) {
			var in map[string]any
			if json.Unmarshal(body, &in) != nil {
				return nil, body
			}
			if _, ok := in["device_code"].(map[string]any); !ok || !bytes.Contains(body, []byte(`{"$`)) {
				return nil, body
			}
			in["device_code"] = anyGrant
			body, _ = json.Marshal(in) // it was JSON
			return nil, body
		}),
		Break: func(b *behaviour) {
			var mu sync.Mutex
			var issued []*grant
			b.began = func(_ *Server, _ *request, g *grant, _ map[string]any) {
				mu.Lock()
				defer mu.Unlock()
				issued = append(issued, g)
			}
			b.find = func(s *Server, _ *request, code string) *grant {
				if code != anyGrant {
					return s.grants.find(code)
				}
				mu.Lock()
				defer mu.Unlock()
				for _, g := range slices.Backward(issued) {
					g.mu.Lock()
					open := g.state == pending
					g.mu.Unlock()
					if open {
						return g
					}
				}
				return nil
			}
		},
	},
	abuse(requestFault("deep-json-crashes", "DF-SEC-005", "Deeply nested JSON ends in 500.",
		func(_ *http.Request, body []byte) (*answer, []byte) {
			if bytes.Contains(body, bytes.Repeat([]byte("["), 5000)) {
				return crash(), body
			}
			return nil, body
		})),
	{
		Name: "forwarded-host-believed", Check: "DF-SEC-006", Doc: "verification_uri is made from X-Forwarded-Host.",
		Break: func(b *behaviour) {
			b.began = func(_ *Server, q *request, _ *grant, m map[string]any) {
				if host := q.Header.Get("X-Forwarded-Host"); host != "" {
					m["verification_uri"] = "http://" + host + pathPage
					delete(m, "verification_uri_complete")
				}
			}
		},
	},
	startFault("link-with-device-code", "DF-SEC-007", "verification_uri_complete carries the device code.",
		func(_ *Server, g *grant, m map[string]any) {
			m["verification_uri_complete"] = m["verification_uri_complete"].(string) + "&ref=" + g.deviceCode
		}),
	onwards(Fault{Name: "redirect-with-client-secret", Check: "DF-SEC-007",
		Doc: "Who has entered a code is redirected to an address with the client's secret in it."},
		func(g *grant) url.Values {
			if g.client.Secret == "" {
				return url.Values{"client_id": {g.client.ID}}
			}
			return url.Values{"client_id": {g.client.ID}, "client_secret": {g.client.Secret}}
		}),
	onwards(Fault{Name: "redirect-with-device-code", Check: "DF-SEC-007",
		Doc: "Who has entered a code is redirected to an address with the device code in it."},
		func(g *grant) url.Values { return url.Values{"ref": {g.deviceCode}} }),
	{
		Name: "decision-exempt-from-csrf", Check: "DF-SEC-008",
		Doc:   "The decision is accepted without an anti-forgery token, from any site.",
		Break: func(b *behaviour) { b.page.forgeable = true },
	},
	{
		Name: "anybody-decides", Check: "DF-SEC-008", Doc: "The decision is accepted from somebody who never signed in.",
		Break: func(b *behaviour) { b.page.forgeable, b.page.anonymous = true, true },
	},
	{
		Name: "device-unescaped", Check: "DF-SEC-009", Doc: "The page shows the device's description without escaping it.",
		Break: func(b *behaviour) { b.page.text = func(s string) string { return s } },
	},
	{
		Name: "link-unescaped", Check: "DF-SEC-009", Contract: "rfc8628",
		Doc:  "The page shows the code that a link says without escaping it.",
		Wrap: linkShown(func(code string) string { return code }),
	},
	abuse(Fault{
		Name: "flood-evicts", Check: "DF-SEC-010",
		Doc: "A device that requests 150 codes pushes all other grants out of the store.",
		Break: func(b *behaviour) {
			var mu sync.Mutex
			started := map[string]int{}
			b.began = func(s *Server, q *request, _ *grant, _ map[string]any) {
				mu.Lock()
				defer mu.Unlock()
				started[q.get("device_os")]++
				if started[q.get("device_os")] == 150 {
					s.grants.clear()
				}
			}
		},
	}),
	{
		Name: "verifier-optional", Check: "DF-SEC-011", Doc: "A code verifier is checked only where one is sent.",
		Break: func(b *behaviour) {
			var mu sync.Mutex
			challenges := map[string]string{}
			b.began = func(_ *Server, q *request, g *grant, _ map[string]any) {
				mu.Lock()
				defer mu.Unlock()
				challenges[g.deviceCode] = q.get("code_challenge")
			}
			b.refuseToken = func(_ *Server, q *request) *answer {
				mu.Lock()
				defer mu.Unlock()
				if challenges[q.get("device_code")] != "" && q.get("code_verifier") != "" &&
					challenges[q.get("device_code")] != spec.CodeChallenge(q.get("code_verifier")) {
					return refuse(spec.ErrInvalidGrant, "the code verifier is wrong")
				}
				return nil
			}
		},
	},
	standard(tokenRequestFault("token-query-merged", "DF-SEC-012",
		"Token request parameters in the URL are read like those in the body.",
		func(_ *Server, q *request) *answer { return q.merge(func(string) bool { return true }) })),
	standard(tokenRequestFault("secret-in-query", "DF-SEC-012",
		"A client secret in the URL is as good as one in the body.",
		func(_ *Server, q *request) *answer {
			return q.merge(func(name string) bool { return name == "client_secret" })
		})),
	{
		Name: "address-limit-below-a-crowd", Check: "DF-SEC-013", Thorough: true, Only: []string{"DF-SEC-013", "POLL"},
		Doc:       "More than ten polls a second from one address are answered 429.",
		Configure: func(c *Config) { c.Limits = pollLimit(ByAddress, 10) },
	},
}

// onwards redirects whoever has entered a code to the page of the decision.
func onwards(f Fault, to func(g *grant) url.Values) Fault {
	f.Break = func(b *behaviour) { b.page.straight, b.page.onward = true, to }
	return f
}

// pollLimit is one of so many polls a second, and twice as many at once.
func pollLimit(by string, n int) []Limit {
	return []Limit{{Of: LimitPolls, By: []string{by}, N: n, Per: time.Second, Burst: 2 * n}}
}

// merge takes parameters of the URL for parameters of the body.
func (q *request) merge(takes func(name string) bool) *answer {
	for name, values := range q.URL.Query() {
		if takes(name) {
			q.params = q.params.With(name, values[0])
		}
	}
	return nil
}

// anyGrant stands for a query in place of a device code.
const anyGrant = "any grant"

// linkShown is a page that shows the code of a link in another way.
func linkShown(in func(code string) string) func(http.Handler) http.Handler {
	return rewrite(func(r *http.Request, a *recorded) {
		if code := r.URL.Query().Get("user_code"); code != "" && isPage(r, a) {
			a.body = bytes.ReplaceAll(a.body, []byte(html.EscapeString(code)), []byte(in(code)))
		}
	})
}
