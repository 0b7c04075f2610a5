package pipes

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// A Tap is what a server gave out: it knows the truth without a redactor.
type Tap struct {
	mu      sync.Mutex
	secrets map[string]bool
}

// minSecret is the length in bytes from which a secret is looked for.
const minSecret = 8

// NewTap knows the secrets that were given before, of minSecret bytes at least.
func NewTap(secrets ...string) *Tap {
	t := &Tap{secrets: map[string]bool{}}
	for _, s := range secrets {
		t.secrets[s] = true
	}
	return t
}

// Len is how many secrets it knows.
func (w *Tap) Len() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.secrets)
}

// Listen makes a handler tell the codes, tokens and cookies of its answers.
func (w *Tap) Listen(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		proofs := append(r.Header.Values("DPoP"), assertionIn(r)...)
		next.ServeHTTP(rec, r)
		var members map[string]any
		json.Unmarshal(rec.Body.Bytes(), &members)
		w.mu.Lock()
		for _, m := range []string{"device_code", "access_token", "refresh_token", "id_token"} {
			if s, ok := members[m].(string); ok && len(s) >= minSecret {
				w.secrets[s] = true
			}
		}
		for _, p := range proofs {
			for _, s := range []string{p, privateKeyIn(p)} {
				if len(s) >= minSecret {
					w.secrets[s] = true
				}
			}
		}
		for _, c := range rec.Result().Cookies() {
			if len(c.Value) >= minSecret {
				w.secrets[c.Value] = true
			}
		}
		w.mu.Unlock()
		for k, v := range rec.Header() {
			out.Header()[k] = v
		}
		out.WriteHeader(rec.Code)
		out.Write(rec.Body.Bytes())
	})
}

// assertionIn is the assertion in a form, which stays to be read.
func assertionIn(r *http.Request) []string {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return nil
	}
	body, _ := io.ReadAll(r.Body) // what does not arrive is missed by the handler as well
	r.Body = io.NopCloser(bytes.NewReader(body))
	fields, _ := url.ParseQuery(string(body))
	return fields["client_assertion"]
}

// privateKeyIn is the private part of the key in a proof's header, "" for none.
func privateKeyIn(proof string) string {
	head, _, _ := strings.Cut(proof, ".")
	text, _ := base64.RawURLEncoding.DecodeString(head)
	var h struct {
		JWK struct{ D string }
	}
	json.Unmarshal(text, &h)
	return h.JWK.D
}

var (
	basicPair   = regexp.MustCompile(`Basic ([A-Za-z0-9+/]+=*)`)
	percentCode = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
)

// unescaped is a text without the escapes of JSON. Pages have hundreds of thousands of
// them, for which a regular expression takes seconds.
func unescaped(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 || i+1 == len(s) {
			return b.String() + s
		}
		b.WriteString(s[:i])
		s = s[i:]
		n := 0 // both halves of a character beyond the first 65,536 stand together
		for len(s) >= n+6 && s[n:n+2] == `\u` && strings.Trim(s[n+2:n+6], "0123456789abcdefABCDEF") == "" {
			n += 6
		}
		n = max(n, 2)
		var read string
		if json.Unmarshal([]byte(`"`+s[:n]+`"`), &read) != nil {
			read = s[1:n]
		}
		b.WriteString(read)
		s = s[n:]
	}
}

// readings adds a text and what it reads as when encodings are undone.
func readings(seen map[string]bool, text string, depth int) {
	if seen[text] {
		return
	}
	seen[text] = true
	if depth == 0 {
		return
	}
	for _, read := range []func(string) string{
		html.UnescapeString,
		func(s string) string { return strings.ReplaceAll(s, "+", " ") },
		func(s string) string {
			return percentCode.ReplaceAllStringFunc(s, func(e string) string { c, _ := url.PathUnescape(e); return c })
		},
		unescaped,
		func(s string) string {
			return basicPair.ReplaceAllStringFunc(s, func(e string) string {
				pair, _ := base64.StdEncoding.DecodeString(e[6:])
				return string(pair)
			})
		},
	} {
		readings(seen, read(text), depth-1)
	}
}

// Search returns an error when a text holds a secret, also one that is written with the
// escapes of JSON, URLs or HTML, or in base64.
func (w *Tap) Search(name string, text []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.secrets) < 5 {
		return fmt.Errorf("only %d secrets were seen at the server", len(w.secrets))
	}
	beginning := map[string][]string{} // secrets by their first bytes
	var pairs [1 << 16]bool            // of their first two bytes, of which a text has few
	pair := func(s string) uint16 { return uint16(s[0])<<8 | uint16(s[1]) }
	for s := range w.secrets {
		beginning[s[:minSecret]] = append(beginning[s[:minSecret]], s)
		pairs[pair(s)] = true
	}
	seen := map[string]bool{}
	readings(seen, string(text), 2)
	for reading := range seen {
		for i := 0; i+minSecret <= len(reading); i++ {
			if !pairs[pair(reading[i:])] {
				continue
			}
			for _, s := range beginning[reading[i:i+minSecret]] {
				if strings.HasPrefix(reading[i:], s) {
					return fmt.Errorf("%s holds %q: %.300s", name, s, reading[max(0, i-140):])
				}
			}
		}
	}
	return nil
}
