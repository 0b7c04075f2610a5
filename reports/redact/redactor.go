package redact

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Kinds of secrets: the members and parameters they stand in, and cookies,
// passwords, other credentials.
const (
	DeviceCode   = "device_code"
	AccessToken  = "access_token"
	IDToken      = "id_token"
	ClientSecret = "client_secret"
	Cookie       = "cookie"
	Password     = "password"
	Credentials  = "credentials"
	Proof        = "dpop_proof"
	Assertion    = "client_assertion"
	PrivateKey   = "private_key"
)

// members are the names under which a secret stands, with its kind.
var members = map[string]string{
	DeviceCode: DeviceCode, AccessToken: AccessToken, "refresh_token": "refresh_token", IDToken: IDToken,
	ClientSecret: ClientSecret, Assertion: Assertion, Password: Password,
	"deviceCode": DeviceCode, "accessToken": AccessToken, "refreshToken": "refresh_token", "idToken": IDToken,
	"clientSecret": ClientSecret,
}

// IsMember reports whether a member or parameter of this name holds a secret.
func IsMember(name string) bool { return members[name] != "" }

// minSearched is the length in bytes from which a secret is looked for outside
// of its places; shorter ones would be found by accident.
const minSearched = 8

// maxMadeUp is the length in bytes up to which what was made up is looked for:
// kilobytes of one letter are no secret, and cost much time.
const maxMadeUp = 1 << 10

// standing is how much of a secret a text is.
type standing uint8

const (
	placed standing = iota // it stood where secrets stand: replaced there alone
	sent                   // made up and sent: looked for, but it opens nothing
	real                   // issued or configured: nothing is written that holds it
)

// secret is one that is known.
type secret struct {
	kind, value, name string
	standing          standing
	word              bool // looked for as a whole word alone, see wordlike
}

// A Redactor knows every secret of a run and calls each by a stable pseudonym
// (device_code:3f9a1c). It is safe for concurrent use.
type Redactor struct {
	mu    sync.RWMutex
	key   [16]byte
	known map[string]*secret // by value
	named map[string]*secret // by pseudonym
	shown strings.Builder    // what reports show on purpose
	index index
	hear  func(name, kind, value string)
}

// New returns a Redactor that knows nothing. hear is told of each secret when it
// gets its pseudonym; nil for nobody. It must not call back.
func New(hear func(name, kind, value string)) *Redactor {
	if hear == nil {
		hear = func(string, string, string) {}
	}
	r := &Redactor{known: map[string]*secret{}, named: map[string]*secret{}, hear: hear}
	rand.Read(r.key[:])
	for name, kind := range members {
		r.Show(name, kind)
	}
	return r
}

// Show tells what reports show on purpose: hosts, client ids, user codes. A
// secret that is part of it is replaced only where secrets stand.
func (r *Redactor) Show(texts ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range texts {
		r.shown.WriteString(t + "\n")
	}
}

// Learn takes in a secret that was issued or configured, and returns its
// pseudonym; "" for an empty one.
func (r *Redactor) Learn(kind, value string) string { return r.name(kind, value, real) }

// Sent takes in what was made up and sent in the place of a secret.
func (r *Redactor) Sent(kind, value string) string { return r.name(kind, value, sent) }

// Client takes in the secret of a client, also as Basic credentials in base64
// (RFC 6749 section 2.3.1, RFC 7617).
func (r *Redactor) Client(id, secret string) {
	if secret == "" {
		return
	}
	r.Show(id)
	r.Learn(ClientSecret, secret)
	for _, pair := range []string{id + ":" + secret, url.QueryEscape(id) + ":" + url.QueryEscape(secret)} {
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			r.Learn(Credentials, e.EncodeToString([]byte(pair)))
		}
	}
}

// name returns the pseudonym of a secret, and remembers both.
func (r *Redactor) name(kind, value string, how standing) string {
	if value == "" {
		return ""
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.known[value]; s != nil {
		if how > s.standing {
			s.standing = how
			r.search(s)
		}
		return s.name
	}
	mac := hmac.New(sha256.New, r.key[:])
	mac.Write([]byte(value))
	sum := hex.EncodeToString(mac.Sum(nil))
	n := kind + ":" + sum[:6]
	for i := 7; r.named[n] != nil; i++ {
		n = kind + ":" + sum[:i]
	}
	s := &secret{kind: kind, value: value, name: n, standing: how, word: wordlike(kind, value)}
	r.known[value], r.named[n] = s, s
	r.search(s)
	r.hear(n, kind, value)
	return n
}

// search makes a secret one that is looked for, if it is of that sort.
func (r *Redactor) search(s *secret) {
	if s.standing == placed || s.standing == sent && len(s.value) > maxMadeUp || len(s.value) < minSearched ||
		strings.Contains(r.shown.String(), s.value) {
		return
	}
	r.index.add(s, s.value)
}

// wordlike reports whether a secret that a person chose is made of words, as
// "television" and "client-secret" are: their letters may well be part of a
// longer word that is no secret. What servers issue is not chosen by people.
func wordlike(kind, value string) bool {
	if kind != ClientSecret && kind != Password && kind != Cookie && kind != Credentials || len(value) >= 20 {
		return false
	}
	return strings.Trim(strings.ToLower(value), "abcdefghijklmnopqrstuvwxyz-_. ") == ""
}

// pseudonym reports whether a text is one of this run.
func (r *Redactor) pseudonym(text string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.named[text] != nil
}

// Recall takes in the pseudonyms of a saved run, which are no secrets.
func (r *Redactor) Recall(pseudonyms ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range pseudonyms {
		r.named[n] = &secret{name: n, value: n}
	}
}

// Reveal puts the secrets in the places of their pseudonyms, for a user who
// asked to see them.
func (r *Redactor) Reveal(text string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var names []string // of which a text has few
	for n := range r.named {
		if strings.Contains(text, n) {
			names = append(names, n)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return len(b) - len(a) }) // one may begin another
	for _, n := range names {
		text = strings.ReplaceAll(text, n, r.named[n].value)
	}
	return text
}
