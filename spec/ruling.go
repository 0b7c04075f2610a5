package spec

import (
	"cmp"
	_ "embed"
	"maps"
	"slices"
	"sync"

	"github.com/dfcheck/dfcheck/spec/strict"
)

//go:embed rulings.yaml
var rulingsYAML []byte

//go:embed conventions.yaml
var conventionsYAML []byte

var (
	rulings     = sync.OnceValue(func() map[string]string { return readTexts(rulingsYAML, "rulings.yaml") })
	conventions = sync.OnceValue(func() map[string]string { return readTexts(conventionsYAML, "conventions.yaml") })
)

func readTexts(data []byte, name string) map[string]string {
	all := map[string]string{}
	if err := strict.Decode(data, name, &all); err != nil {
		panic(err) // as for the catalogue
	}
	return all
}

// Ruling returns the text of a decision that Requirement.Rulings names, "" for an
// unknown one.
func Ruling(id string) string { return rulings()[id] }

// Rulings lists the ids of all rulings, in the order of their numbers.
func Rulings() []string { return inOrder(rulings()) }

// Convention returns the text of a convention that all checks keep (C1, C2, …) or
// of a lane (L0, L1, …), "" for an unknown one.
func Convention(id string) string { return conventions()[id] }

// Conventions lists the ids of all conventions and then of all lanes, in the order
// of their numbers.
func Conventions() []string { return inOrder(conventions()) }

// inOrder sorts ids by their letter, then by their number.
func inOrder(texts map[string]string) []string {
	return slices.SortedFunc(maps.Keys(texts), func(a, b string) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
}
