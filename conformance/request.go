package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/dfcheck/dfcheck/spec"
)

// RequestConfig has values for requests: members, header fields and parameters of the
// URL that the contract does not tell, or that are to be others.
type RequestConfig struct {
	Start   map[string]any    `yaml:"start"`   // members of device authorization requests
	Poll    map[string]any    `yaml:"poll"`    // members of polls
	Headers map[string]string `yaml:"headers"` // of both
	Query   map[string]string `yaml:"query"`   // of both
	Path    map[string]string `yaml:"path"`    // for the parameters in the document's paths
}

// given are the values as requests have them.
func (c RequestConfig) given() (g spec.Given, err error) {
	var errs []error
	members := func(key string, from map[string]any) (out spec.Params) {
		for _, name := range slices.Sorted(maps.Keys(from)) {
			if _, err := json.Marshal(from[name]); err != nil || from[name] == nil {
				errs = append(errs, fmt.Errorf("request.%s.%s: not a text, number, boolean, list or mapping", key, name))
				continue
			}
			out = append(out, spec.ParamOf(name, from[name]))
		}
		return out
	}
	texts := func(from map[string]string) (out spec.Params) {
		for _, name := range slices.Sorted(maps.Keys(from)) {
			out = append(out, spec.Param{Name: name, Value: from[name]})
		}
		return out
	}
	g = spec.Given{Start: members("start", c.Start), Poll: members("poll", c.Poll), Header: texts(c.Headers),
		Query: texts(c.Query)}
	return g, errors.Join(errs...)
}

// empty reports whether nothing is given.
func (c RequestConfig) empty() bool {
	return len(c.Start)+len(c.Poll)+len(c.Headers)+len(c.Query)+len(c.Path) == 0
}

// secrets are the values that go by the name of one.
func secretsOf(g spec.Given) []string {
	var out []string
	for _, p := range slices.Concat(g.Start, g.Poll, g.Header, g.Query) {
		if !spec.Confidential(p.Name) {
			continue
		}
		out = append(out, p.Value)
		if _, rest, ok := strings.Cut(p.Value, " "); ok { // of an Authorization field
			out = append(out, strings.TrimSpace(rest))
		}
	}
	return out
}

// Sender is the device that the run plays.
func (t *Target) Sender() spec.Sender {
	s := spec.Sender{ClientID: t.Client.ID, Scope: t.Scope, Type: t.Device.Type, System: t.Device.OS, Given: t.Given}
	switch t.Client.Auth {
	case "post":
		s.Secret = t.Client.Secret
	case "basic":
		s.Authorized = true
	}
	s.Given.Header = slices.Clone(t.Given.Header)
	for name := range t.Headers {
		s.Given.Header = append(s.Given.Header, spec.Param{Name: name, Value: t.Headers.Get(name)})
	}
	return s
}

// BaseStart are the parameters of an ordinary start. The nonce keeps two
// starts from being byte-identical (rule C10).
func (t *Target) BaseStart(nonce string) spec.Params {
	return t.challenged(t.Sender().Start(t.Contract, nonce))
}

// BasePoll are the parameters of an ordinary poll.
func (t *Target) BasePoll(deviceCode string) spec.Params {
	sender := t.Sender().Follow(t.Contract, t.began.with(deviceCode))
	return t.verified(sender.Poll(t.Contract, deviceCode), deviceCode)
}

// Adopt takes from a user's document what the configuration leaves open, and asks for
// what nobody can make up.
func (t *Target) Adopt() error {
	start, token := &t.Contract.Start, &t.Contract.Token
	if id := start.Offered("client_id"); t.anyClient && id != "" {
		t.Client.ID = id
	}
	if t.Scope == "" && start.Requires("scope") {
		t.Scope = start.Offered("scope")
	}
	if t.Client.Secret != "" && (start.Requires("client_secret") || token.Requires("client_secret")) {
		t.Client.Auth = "post" // RFC 6749 section 2.3: one method in a request
	}
	return t.Sender().Check(t.Contract)
}

// begun is what devices said when they were given their codes: a document may want
// the same of their polls.
type begun struct {
	mu     sync.Mutex
	byCode map[string]spec.Params
}

func (b *begun) note(deviceCode string, p spec.Params) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byCode == nil {
		b.byCode = map[string]spec.Params{}
	}
	b.byCode[deviceCode] = p
}

func (b *begun) with(deviceCode string) spec.Params {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.byCode[deviceCode]
}

// dress adds to a request the header fields that the contract and the configuration
// want of the operation, and its parameters of the URL.
func (s *session) dress(req *http.Request, op Operation) {
	if op != OpStart && op != OpToken {
		return
	}
	sender := s.target.Sender()
	for _, p := range sender.Header(s.operation(op)) {
		req.Header.Set(p.Name, p.Value)
	}
	_, query, _ := strings.Cut(spec.InURL("?"+req.URL.RawQuery, sender.Query(s.operation(op))), "?")
	req.URL.RawQuery = strings.TrimPrefix(query, "&")
}

// Form is how further members of the requests are written.
func (RequestConfig) Form() string { return "{start: {audience: tv}, headers: {X-Tenant: demo}}" }

// UsePKCE makes every device authorization request carry a fresh code_challenge, and
// every poll the code_verifier of its code.
func (t *Target) UsePKCE() { t.PKCE, t.verifiers = spec.S256, spec.NewVerifiers() }

// challenged adds a fresh code challenge where the target wants one.
func (t *Target) challenged(p spec.Params) spec.Params {
	if t.verifiers == nil {
		return p
	}
	return append(p, spec.ChallengeParams(t.verifiers.Fresh())...)
}

// verified adds the code verifier that belongs to a code.
func (t *Target) verified(p spec.Params, deviceCode string) spec.Params {
	if t.verifiers == nil {
		return p
	}
	verifier := t.verifiers.Of(deviceCode)
	t.redactor().Sent("code_verifier", verifier)
	return append(p, spec.Param{Name: "code_verifier", Value: verifier})
}

// demandsPKCE reports whether an answer refuses a request because it has no code
// challenge.
func demandsPKCE(x *Exchange) bool {
	return x != nil && x.Class() == 4 && spec.DemandsPKCE(x.Response.Body)
}

// WantsScope reports whether a device authorization request was refused for its scope: by
// the error code, or in words where it had none.
func WantsScope(x *Exchange) bool {
	if x.ErrorCode() == spec.ErrInvalidScope {
		return true
	}
	_, sent := x.Request.Params.Get("scope")
	return x.Class() == 4 && !sent && namesScope.MatchString(x.Response.Body)
}

// scopeListed is a scope that the server's metadata lists, "" for none.
func (t *Target) scopeListed() string {
	if t.Look == nil {
		return ""
	}
	return t.Look.Scope
}

var namesScope = regexp.MustCompile(`(?i)\bscopes?\b`)

// checkPKCE holds that a configuration names a method that there is.
func checkPKCE(method string) error {
	if method == "" || method == spec.S256 {
		return nil
	}
	return fmt.Errorf("pkce is %q; write pkce: %s, the one method there is, or leave it out", method, spec.S256)
}
