package spec

import (
	_ "embed"
	"slices"
	"sync"

	"github.com/dfcheck/dfcheck/spec/strict"
)

// Mitigation is one that RFC 10027 section 6.1 describes against attacks that make people
// approve the device of somebody else.
type Mitigation struct {
	Section string   `yaml:"section"`
	Name    string   `yaml:"name"`
	Effect  string   `yaml:"effect"` // on an attack, as section 6.1.18 sums it up
	Checks  []string `yaml:"checks"` // whose verdicts show it
	Rest    string   `yaml:"rest"`   // what of it these checks do not show; "" for nothing
	Hidden  string   `yaml:"hidden"` // why it cannot be seen from outside; "" where it can
}

//go:embed mitigations.yaml
var mitigationsYAML []byte

var mitigations = sync.OnceValue(func() []Mitigation {
	var all []Mitigation
	if err := strict.Decode(mitigationsYAML, "mitigations.yaml", &all); err != nil {
		panic(err) // as for the catalogue
	}
	return all
})

// Mitigations lists the mitigations of RFC 10027 section 6.1 in their order.
func Mitigations() []Mitigation { return slices.Clone(mitigations()) }
