package approve

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/spec/strict"
)

// Kinds lists the approvers.
var Kinds = []string{"none", "reference", "http", "exec", "prompt"}

// Config is the approve section of dfcheck.yaml. Approve and Deny are read by
// the kind: a request for http, a command for exec.
type Config struct {
	Kind    string `yaml:"kind"`
	Approve Action `yaml:"approve"`
	Deny    Action `yaml:"deny"`
	URL     string `yaml:"url"` // of the reference server; the host when empty
}

// Action is how one decision is carried out.
type Action struct {
	Command []string          // exec
	Method  string            `yaml:"method"`
	URL     string            `yaml:"url"`
	Headers map[string]string `yaml:"headers"`
	JSON    map[string]any    `yaml:"json"`
	Form    map[string]string `yaml:"form"`
}

// UnmarshalYAML reads a command as a list and a request as a mapping.
func (a *Action) UnmarshalYAML(unmarshal func(any) error) error {
	if unmarshal(&a.Command) == nil {
		return nil
	}
	type request Action
	var r request
	if err := unmarshal(&r); err != nil {
		return errors.New("an action is a command as a list of words, or a request: {method, url, headers, json or form}")
	}
	*a = Action(r)
	return nil
}

func (a Action) empty() bool { return len(a.Command) == 0 && a.URL == "" }

// Env is what an approver is given.
type Env struct {
	Host   string
	Client *http.Client // follows no redirects
	In     io.Reader    // where the prompt is answered
	Out    io.Writer    // where the prompt is shown
}

// New makes the approver of a configuration; nil for none. All problems are
// reported at once.
func New(c Config, env Env) (Approver, error) {
	switch c.Kind {
	case "", "none":
		return nil, nil
	case "reference":
		url := c.URL
		if url == "" {
			url = env.Host
		}
		return &Reference{Client: env.Client, URL: url}, nil
	case "http":
		return &HTTP{client: env.Client, host: env.Host, approve: c.Approve, deny: c.Deny}, c.check(func(a Action) bool { return a.URL != "" }, "a request with a url")
	case "exec":
		return &Exec{host: env.Host, approve: c.Approve.Command, deny: c.Deny.Command}, c.check(func(a Action) bool { return len(a.Command) > 0 }, "a command")
	case "prompt":
		return NewPrompt(env.In, env.Out), nil
	}
	return nil, fmt.Errorf("unknown approver %q; the nearest is %q (%s)", c.Kind, strict.Nearest(c.Kind, Kinds), strings.Join(Kinds, ", "))
}

// check holds that approve is there, and that both actions have the right form.
func (c Config) check(good func(Action) bool, want string) error {
	var errs []error
	if !good(c.Approve) {
		errs = append(errs, fmt.Errorf("approve.approve must be %s for kind %s", want, c.Kind))
	}
	if !c.Deny.empty() && !good(c.Deny) {
		errs = append(errs, fmt.Errorf("approve.deny must be %s for kind %s", want, c.Kind))
	}
	for name, a := range map[string]Action{"approve": c.Approve, "deny": c.Deny} {
		if a.JSON != nil && a.Form != nil {
			errs = append(errs, fmt.Errorf("approve.%s has both json and form", name))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// placeholders of commands and requests.
func placeholders(host string, v Verification, d Decision) map[string]string {
	return map[string]string{
		"{host}": host, "{user_code}": v.Typed(), "{verification_uri}": v.VerificationURI,
		"{verification_uri_complete}": v.VerificationURIComplete, "{client_id}": v.ClientID, "{decision}": string(d),
	}
}

// fill replaces the placeholders of a text, each by what escape makes of its
// value.
func fill(text string, values map[string]string, escape func(string) string) string {
	for name, value := range values {
		text = strings.ReplaceAll(text, name, escape(value))
	}
	return text
}
