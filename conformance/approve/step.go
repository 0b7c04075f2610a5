package approve

import (
	"cmp"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// Step is one thing a person does with a page. What it holds is done in the
// order when, open, fill, press, expect.
type Step struct {
	When    string        `yaml:"when"`    // only on a page with this text or selector
	Open    string        `yaml:"open"`    // a URL
	Fill    Fields        `yaml:"fill"`    // fields by name, label or selector
	Press   string        `yaml:"press"`   // a button or link by its text, name or selector
	Expect  string        `yaml:"expect"`  // a text or selector the page must then have
	Timeout time.Duration `yaml:"timeout"` // 15 s when absent
}

// Fields are what is typed into which fields, in the order in which they are
// written.
type Fields []Field

// Field is a field by its name, label or selector, and what is typed into it.
type Field struct{ Name, Value string }

// Shape tells that fields are written as a mapping.
func (f *Fields) Shape(*yaml.Node) any { return new(map[string]string) }

// UnmarshalYAML reads a mapping and keeps its order.
func (f *Fields) UnmarshalYAML(n *yaml.Node) error {
	values := map[string]string{}
	if err := n.Load(&values, yaml.WithUniqueKeys(false)); err != nil {
		return err
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if name := n.Content[i].Value; n.Content[i].Kind == yaml.ScalarNode {
			*f = append(*f, Field{name, values[name]})
		}
	}
	return nil
}

func (f Fields) names() (out []string) {
	for _, field := range f {
		out = append(out, field.Name)
	}
	return out
}

func (f Fields) values() (out []string) {
	for _, field := range f {
		out = append(out, field.Value)
	}
	return out
}

// stepTimeout is how long one step may take.
const stepTimeout = 15 * time.Second

func (s Step) timeout() time.Duration { return cmp.Or(s.Timeout, stepTimeout) }

// sends reports whether the step makes a request.
func (s Step) sends() bool { return s.Open != "" || s.Press != "" }

// String describes the step without what is typed, which can be a password.
func (s Step) String() string {
	var parts []string
	say := func(verb, what string) {
		if what != "" {
			parts = append(parts, verb+" "+what)
		}
	}
	quoted := func(s string) string {
		if s == "" {
			return ""
		}
		return `"` + s + `"`
	}
	say("open", s.Open)
	say("fill", strings.Join(s.Fill.names(), ", "))
	say("press", quoted(s.Press))
	say("expect", quoted(s.Expect))
	return strings.Join(parts, ", ")
}

// texts are those of a step in which placeholders are replaced.
func (s Step) texts() []string {
	return append([]string{s.When, s.Open, s.Press, s.Expect}, s.Fill.values()...)
}

// types reports whether the step carries one of the placeholders.
func (s Step) types(names ...string) bool {
	for _, text := range append(s.Fill.values(), s.Open) {
		for _, name := range names {
			if strings.Contains(text, name) {
				return true
			}
		}
	}
	return false
}
