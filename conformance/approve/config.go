package approve

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/dfcheck/dfcheck/spec/strict"
)

// Kinds lists the approvers.
var Kinds = []string{"none", "reference", "http", "exec", "form", "browser", "prompt"}

// Config is the approve section of dfcheck.yaml. Approve and Deny are read by
// the kind: a request for http, a command for exec, steps for form and browser.
type Config struct {
	Kind    string `yaml:"kind"`
	Steps   []Step `yaml:"steps"` // form: before both decisions
	Approve Action `yaml:"approve"`
	Deny    Action `yaml:"deny"`
	URL     string `yaml:"url"` // of the reference server; the host when empty
	All     bool   `yaml:"all"` // prompt: ask for every decision, not only for the few that show the most

	Refused []string `yaml:"refused"` // form: texts or selectors of a page that refuses the code
	Hosts   []string `yaml:"hosts"`   // form: whose pages may be opened besides the target's
	Browser string   `yaml:"browser"` // browser: the program, when it is not found by itself
	// User names values for placeholders, {username} and so on; SecondUser are
	// those of another person.
	User       map[string]string `yaml:"user"`
	SecondUser map[string]string `yaml:"second_user"`
}

// Action is how one decision is carried out.
type Action struct {
	Command []string          `yaml:"-"` // exec
	Steps   []Step            `yaml:"-"` // form
	Method  string            `yaml:"method"`
	URL     string            `yaml:"url"`
	Headers map[string]string `yaml:"headers"`
	JSON    map[string]any    `yaml:"json"`
	Form    map[string]string `yaml:"form"`
}

type request Action

// How the three shapes of an action are written.
const (
	requestForm = `{url: "{host}/decide", json: {user_code: "{user_code}", action: approve}}`
	commandForm = `["./approve.sh", "{host}", "{user_code}"]`
	stepsForm   = `[{press: Allow, expect: Device connected}]`
)

// Form is how the section is written.
func (Config) Form() string {
	return `{kind: exec, approve: ["./approve.sh", "{user_code}"], deny: ["./deny.sh", "{user_code}"]}`
}

// Form is how a step is written.
func (Step) Form() string { return `{fill: {user_code: "{user_code}"}, press: Continue}` }

// Shape tells what an action looks like in YAML: a list of words, a list of
// steps, or a request.
func (a *Action) Shape(n *yaml.Node) any {
	switch {
	case n.Kind == yaml.SequenceNode && len(n.Content) > 0 && n.Content[0].Kind == yaml.MappingNode:
		return &a.Steps
	case n.Kind == yaml.SequenceNode:
		return &a.Command
	case n.Kind == yaml.MappingNode:
		return (*request)(a)
	}
	return nil
}

// UnmarshalYAML reads an action in its shape.
func (a *Action) UnmarshalYAML(n *yaml.Node) error {
	if shape := a.Shape(n); shape != nil {
		return n.Load(shape, yaml.WithUniqueKeys(false))
	}
	return fmt.Errorf("write a request like %s, a command like %s, or steps like %s", requestForm, commandForm, stepsForm)
}

func (a Action) empty() bool { return len(a.Command) == 0 && len(a.Steps) == 0 && a.URL == "" }

// Env is what an approver is given.
type Env struct {
	Host   string
	Client *http.Client            // follows no redirects
	In     io.Reader               // where the prompt is answered
	Out    io.Writer               // where the prompt is shown
	Hold   func() (release func()) // called while the prompt stands on the screen; nil does nothing
	Trace  func(PageSeen)          // is told of every page of a form; nil for nobody
	Redact func(string) string     // puts pseudonyms in the places of secrets; nil knows none
	Dir    string                  // where the browser's pictures of failed steps go; "" for the temporary folder
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
		return &HTTP{client: env.Client, host: env.Host, approve: c.Approve, deny: c.Deny},
			c.check(func(a Action) bool { return a.URL != "" }, "a request with a url, like "+requestForm)
	case "exec":
		return &Exec{host: env.Host, approve: c.Approve.Command, deny: c.Deny.Command},
			c.check(func(a Action) bool { return len(a.Command) > 0 }, "a command, like "+commandForm)
	case "form":
		f, err := NewForm(c, env)
		if err != nil {
			return nil, err
		}
		return f, nil
	case "browser":
		b, err := NewBrowser(c, env)
		if err != nil {
			return nil, err
		}
		return b, nil
	case "prompt":
		return NewPrompt(env.In, env.Out, env.Hold), nil
	}
	return nil, fmt.Errorf("unknown approver %q; the nearest is %q (%s)", c.Kind, strict.Nearest(c.Kind, Kinds),
		strings.Join(Kinds, ", "))
}

// check holds that approve is there, and that both actions have the right form.
func (c Config) check(good func(Action) bool, want string) error {
	var errs []error
	if !good(c.Approve) {
		errs = append(errs, fmt.Errorf("approve.approve must be %s, for kind %s", want, c.Kind))
	}
	if !c.Deny.empty() && !good(c.Deny) {
		errs = append(errs, fmt.Errorf("approve.deny must be %s, for kind %s", want, c.Kind))
	}
	for name, a := range map[string]Action{"approve": c.Approve, "deny": c.Deny} {
		if a.JSON != nil && a.Form != nil {
			errs = append(errs, fmt.Errorf("approve.%s has both json and form", name))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}
