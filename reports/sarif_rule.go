package reports

import (
	"cmp"
	"slices"

	"github.com/dfcheck/dfcheck/spec"
)

type (
	sarifRule struct {
		ID         string           `json:"id"`
		Short      sarifText        `json:"shortDescription"`
		Full       *sarifText       `json:"fullDescription,omitempty"`
		Help       sarifText        `json:"help"`
		HelpURI    string           `json:"helpUri,omitempty"`
		Default    sarifConfig      `json:"defaultConfiguration"`
		Properties sarifRuleDetails `json:"properties"`
	}
	sarifConfig struct {
		Level string `json:"level"`
	}
	sarifRuleDetails struct {
		Tags     []string `json:"tags"`
		Severity string   `json:"problem.severity"`
	}
)

// rule returns the index of a check's rule. Its words are those of the catalogue; a
// report of another version may have checks that it does not know.
func (s *sarif) rule(c Check) int {
	if i := slices.IndexFunc(s.rules, func(r sarifRule) bool { return r.ID == c.ID }); i >= 0 {
		return i
	}
	r, err := spec.Lookup(c.ID)
	if err != nil || r.ID != c.ID {
		r = spec.Requirement{}
	}
	if c.Source == "" {
		c.Group, c.Level, c.Source = r.Group, r.Level, r.Source
	}
	level := "warning"
	if c.Level == "MUST" || c.Level == "DOC" {
		level = "error"
	}
	tags := slices.DeleteFunc([]string{c.Group, c.Level}, func(t string) bool { return t == "" })
	out := sarifRule{ID: c.ID, Short: sarifText{Text: legible(c.Title)}, HelpURI: cmp.Or(c.url(), sourceURL(c.Source)),
		Default: sarifConfig{level}, Properties: sarifRuleDetails{tags, level}}
	if r.Rationale != "" {
		out.Full = &sarifText{Text: r.Rationale}
	}
	help := c.about()
	for _, p := range []struct{ name, text string }{{"How", r.How}, {"Fails", r.Fails}, {"Warns", r.Warns},
		{"Remedy", r.Remedy}} {
		if p.text != "" {
			help += "\n\n" + p.name + ": " + p.text
		}
	}
	out.Help = sarifText{Text: legible(help)}
	s.rules = append(s.rules, out)
	return len(s.rules) - 1
}

// url is where a check is explained, empty for one that this version does not know.
func (c Check) url() string {
	if r, err := spec.Lookup(c.ID); err == nil && r.ID == c.ID {
		return r.URL()
	}
	return ""
}

// sourceURL is where the first standard that a requirement cites can be read, empty
// when it cites none.
func sourceURL(source string) string {
	for _, c := range citations(source) {
		if c.URL != "" {
			return c.URL
		}
	}
	return ""
}
