package approve

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Step is one thing a person does with a page. What it holds is done in the
// order when, open, fill, press, expect.
type Step struct {
	When    string            `yaml:"when"`    // only on a page with this text or selector
	Open    string            `yaml:"open"`    // a URL
	Fill    map[string]string `yaml:"fill"`    // fields by name, label or selector
	Press   string            `yaml:"press"`   // a button or link by its text, name or selector
	Expect  string            `yaml:"expect"`  // a text or selector the page must then have
	Timeout time.Duration     `yaml:"timeout"` // 15 s when absent
}

// stepTimeout is how long one step may take.
const stepTimeout = 15 * time.Second

func (s Step) timeout() time.Duration { return cmp.Or(s.Timeout, stepTimeout) }

// sends tells whether the step makes a request.
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
	say("fill", strings.Join(slices.Sorted(maps.Keys(s.Fill)), ", "))
	say("press", quoted(s.Press))
	say("expect", quoted(s.Expect))
	return strings.Join(parts, ", ")
}

// texts are those of a step in which placeholders are replaced.
func (s Step) texts() []string {
	return append([]string{s.When, s.Open, s.Press, s.Expect}, slices.Sorted(maps.Values(s.Fill))...)
}

// types tells whether the step carries one of the placeholders.
func (s Step) types(names ...string) bool {
	for _, text := range append(slices.Sorted(maps.Values(s.Fill)), s.Open) {
		for _, name := range names {
			if strings.Contains(text, name) {
				return true
			}
		}
	}
	return false
}
