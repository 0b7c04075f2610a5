package conformance

import (
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/dfcheck/dfcheck/conformance/traits"
	"github.com/dfcheck/dfcheck/reports/redact"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/jwt"
)

// A redactor puts pseudonyms for the secrets of a target, and measures each
// secret while it is at hand: what a judge wants to know of it are its traits.
type redactor struct {
	*redact.Redactor
	mu     sync.Mutex
	traits map[string]traits.Secret // by pseudonym
}

// newRedactor knows the secrets of the target's configuration, and what reports
// show of it.
func newRedactor(t *Target) *redactor {
	r := &redactor{traits: map[string]traits.Secret{}}
	r.Redactor = redact.New(func(name, kind, secret string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.traits[name] = traits.Of(kind, secret, spec.StartResponse{})
	})
	r.Show(t.Host, t.StartURL, t.TokenURL, t.Issuer, t.Resource, t.Scope, t.Narrow, t.Device.Type, t.Device.OS,
		t.Client.ID)
	clients := []*Client{&t.Client, t.Second, t.Restricted, t.Confidential}
	if in := t.Introspection; in != nil {
		r.Show(in.URL)
		clients = append(clients, in.Client)
	}
	for _, c := range clients {
		if c != nil {
			r.Client(c.ID, c.Secret)
			if c.Key != nil {
				r.Learn(redact.PrivateKey, jwt.Secret(*c.Key))
			}
		}
	}
	for _, p := range t.Passwords {
		r.Learn(redact.Password, p)
	}
	r.Configured(t.Headers)
	for _, p := range t.Given.Header {
		r.Configured(http.Header{http.CanonicalHeaderKey(p.Name): {p.Value}})
	}
	return r
}

// redactor is the one of the run that is going on.
func (t *Target) redactor() *redactor {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.secrets == nil {
		t.secrets = newRedactor(t)
	}
	return t.secrets
}

// renewed is the redactor of another run: pseudonyms of the last say nothing in it.
func (t *Target) renewed() *redactor {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.secrets != nil {
		t.former = append(t.former, t.secrets)
	}
	t.secrets = newRedactor(t)
	return t.secrets
}

// redactors are those of all runs, the latest last.
func (t *Target) redactors() []*redactor {
	latest := t.redactor()
	t.mu.Lock()
	defer t.mu.Unlock()
	return append(slices.Clone(t.former), latest)
}

// Secrets is what knows the secrets of the target, for who writes of it.
func (t *Target) Secrets() *redact.Redactor { return t.redactor().Redactor }

// Redact returns a text with pseudonyms in the places of the target's secrets.
func (t *Target) Redact(text string) string {
	all := t.redactors()
	last := len(all) - 1
	for _, r := range all[:last] {
		if r.Check("", []byte(text)) != nil {
			text = r.Text(text)
		}
	}
	return all[last].Text(text)
}

// Guard returns an error for a text that is to be written under a name and
// holds a secret of the target, however it is written there.
func (t *Target) Guard(name string, text []byte) error {
	for _, r := range t.redactors() {
		if err := r.Check(name, text); err != nil {
			return err
		}
	}
	return nil
}

// Redactor knows the secrets that a transcript holds although it should hold none:
// one that was written by hand, or by another program.
func (t *Transcript) Redactor() *redact.Redactor {
	r := newRedactor(&Target{Facts: t.Header.Target})
	r.Recall(slices.Collect(maps.Keys(t.Secrets))...)
	for _, x := range t.Exchanges {
		r.Header(x.Request.Header)
		if x.Response == nil {
			continue
		}
		if codes, err := spec.DecodeStart([]byte(x.Response.Body)); err == nil {
			r.Show(codes.UserCode)
		}
		r.Header(x.Response.Header)
		r.Body(x.Response.Body, redact.About{ContentType: x.Response.Header.Get("Content-Type"),
			Refusal: x.Status() >= http.StatusBadRequest})
	}
	return r.Redactor
}

// maxShownCode is the length in bytes up to which a user code is one that a person
// could type.
const maxShownCode = 256

// learn takes in the secrets of an answer that gives some out, and what the two
// codes of a start have to do with each other.
func (r *redactor) learn(body []byte) {
	obj := spec.Object(body)
	if obj == nil {
		return
	}
	codes, _ := spec.DecodeStart(body)
	if n := len(codes.UserCode); n > 0 && n <= maxShownCode {
		r.Show(codes.UserCode)
	}
	for _, m := range slices.Sorted(maps.Keys(obj)) {
		s, ok := obj[m].(string)
		if !ok || !redact.IsMember(m) {
			continue
		}
		name := r.Learn(m, s)
		r.mu.Lock()
		if m == redact.DeviceCode && name != "" && r.traits[name].UserCode == "" {
			r.traits[name] = traits.Of(m, s, codes)
		}
		r.mu.Unlock()
	}
}

// secretTraits are those of all secrets so far.
func (r *redactor) secretTraits() map[string]traits.Secret {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.traits)
}
