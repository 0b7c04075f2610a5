package spec

import (
	"cmp"
	"embed"
	"slices"
	"strings"
	"sync"

	"github.com/dfcheck/dfcheck/spec/strict"
)

// Sentence is something that a standard asks of a server, in our words, and the checks
// that hold a server to it.
type Sentence struct {
	Standard string   `yaml:"-"`        // RFC 8628
	At       string   `yaml:"at"`       // its place: the section, and what it is about where the section says several things
	Level    string   `yaml:"level"`    // MUST, SHOULD or MAY
	Says     string   `yaml:"says"`     // what is asked, as a sentence
	Checks   []string `yaml:"checks"`   // ids
	Excluded string   `yaml:"excluded"` // why no check holds a server to it; "" where one does
}

// Standards are those whose sentences are listed, in the order of what builds on what.
var Standards = []string{"RFC 8628", "RFC 6749", "RFC 8414", "RFC 7009",
	"OpenID Connect Core", "RFC 9449", "RFC 7523", "RFC 8705", "RFC 10027"}

//go:embed requirements/*.yaml
var sentenceFiles embed.FS

var sentences = sync.OnceValue(func() []Sentence {
	var all []Sentence
	for _, standard := range Standards {
		name := strings.ToLower(strings.ReplaceAll(standard, " ", "")) + ".yaml"
		data, err := sentenceFiles.ReadFile("requirements/" + name)
		var of []Sentence
		if err = cmp.Or(err, strict.Decode(data, name, &of)); err != nil {
			panic(err) // as for the catalogue
		}
		for i := range of {
			of[i].Standard = standard
		}
		all = append(all, of...)
	}
	return all
})

// Sentences lists what the standards ask of a server, by standard and place.
func Sentences() []Sentence { return slices.Clone(sentences()) }

// SentencesOf lists the sentences to which a check holds a server.
func SentencesOf(id string) []Sentence {
	return slices.DeleteFunc(Sentences(), func(s Sentence) bool { return !slices.Contains(s.Checks, id) })
}
