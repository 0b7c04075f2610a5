package spec

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/dfcheck/dfcheck/spec/strict"
)

// Requirement is one entry of the catalogue: what is checked, why, and what to
// do when the check fails. All texts are whole sentences.
type Requirement struct {
	ID        string   `yaml:"id"`        // DF-GROUP-NNN, never changed and never reused
	Level     string   `yaml:"level"`     // MUST, SHOULD, MAY, or DOC: promised by a document alone
	Contracts []string `yaml:"contracts"` // documented, rfc8628, document; the last is implied by rfc8628
	Title     string   `yaml:"title"`
	Source    string   `yaml:"source"`    // standards and sections, or the documented API
	Needs     []string `yaml:"needs"`     // capabilities without which the check is skipped
	Rulings   []string `yaml:"rulings"`   // decisions where the texts leave room
	Rationale string   `yaml:"rationale"` // why a user cares
	How       string   `yaml:"how"`       // what is sent and looked at
	Fails     string   `yaml:"fails"`     // the rule for a fail
	Warns     string   `yaml:"warns"`     // the rule for a warning
	Undecided string   `yaml:"undecided"` // when it is inconclusive, "" for the reasons all checks share
	Remedy    string   `yaml:"remedy"`    // what to change in the server
	// Since is the requirement set with which the check came; firstSet when absent.
	Since string `yaml:"since"`
	// Provisional says that the check is reported and does not count yet.
	Provisional bool `yaml:"provisional"`

	Group string `yaml:"-"` // the GROUP of the id
}

//go:embed catalogue.yaml
var catalogueYAML []byte

var catalogue = sync.OnceValue(func() []Requirement {
	all, err := readCatalogue(catalogueYAML)
	if err != nil {
		panic(err) // the file is embedded and held by a test
	}
	return all
})

func readCatalogue(data []byte) ([]Requirement, error) {
	var all []Requirement
	if err := strict.Decode(data, "catalogue.yaml", &all); err != nil {
		return nil, err
	}
	for i := range all {
		parts := strings.Split(all[i].ID, "-")
		if len(parts) != 3 {
			return nil, fmt.Errorf("catalogue.yaml: id %q is not DF-GROUP-NNN", all[i].ID)
		}
		all[i].Group = parts[1]
		all[i].Since = cmp.Or(all[i].Since, firstSet)
		if all[i].AppliesTo(Standard) && !all[i].AppliesTo(Document) { // which adds to RFC 8628
			all[i].Contracts = append(all[i].Contracts, string(Document))
		}
	}
	return all, nil
}

// AppliesTo reports whether a contract of the family is held to the requirement.
func (r Requirement) AppliesTo(f Family) bool { return slices.Contains(r.Contracts, string(f)) }

// URL is where the requirement is explained to readers of reports.
func (r Requirement) URL() string {
	return "https://github.com/dfcheck/dfcheck/blob/main/conformance/checks/README.md#" + strings.ToLower(r.ID)
}

// Catalogue returns all requirements in catalogue order: by group, then by
// number.
func Catalogue() []Requirement { return slices.Clone(catalogue()) }

// groups are those of the catalogue, in its order, each with what it is about.
var groups = []struct{ name, about string }{
	{"DISC", "metadata, and whether both endpoints are there"},
	{"AUTHZ", "the device authorization request and its response"},
	{"USERCODE", "user codes: alphabet, length, randomness, how they may be typed"},
	{"POLL", "polling: authorization_pending, slow_down, the interval, wrong requests"},
	{"TOKEN", "the token response after the user approved"},
	{"DENY", "access_denied after the user refused"},
	{"EXPIRY", "expired_token, and what the lifetime promises"},
	{"REUSE", "a device code is redeemed once"},
	{"CLIENT", "client authentication, and codes of other clients"},
	{"CTYPE", "request encodings and media types"},
	{"ERR", "the form of error responses"},
	{"HTTP", "methods, caching, paths, TLS"},
	{"SEC", "guessing, injection, the pages a person sees"},
	{"CONSENT", "what a person is told and asked before a device gets access"},
	{"CONC", "requests at the same moment"},
	{"REFRESH", "refresh tokens"},
	{"REVOKE", "tokens that their device gives back"},
	{"IDTOKEN", "ID tokens that come with the tokens of a device"},
	{"DPOP", "tokens that are bound to a key of the device"},
	{"ASSERT", "client authentication by signed assertions"},
	{"MTLS", "client authentication by certificates, and tokens bound to them"},
	{"DOC", "answers as the contract's OpenAPI document describes them"},
}

// Groups lists the groups in catalogue order.
func Groups() []string {
	names := make([]string, 0, len(groups))
	for _, g := range groups {
		names = append(names, g.name)
	}
	return names
}

// GroupTitle says in a few words what the checks of a group are about.
func GroupTitle(name string) string {
	i := slices.Index(Groups(), name)
	if i < 0 {
		return ""
	}
	return groups[i].about
}

// Lookup finds a requirement by its id, in any letter case, with or without
// the leading DF-. An unknown id is an error that names the nearest one.
func Lookup(id string) (Requirement, error) {
	want := strings.ToUpper(id)
	if !strings.HasPrefix(want, "DF-") {
		want = "DF-" + want
	}
	var ids []string
	for _, r := range catalogue() {
		if r.ID == want {
			return r, nil
		}
		ids = append(ids, r.ID)
	}
	return Requirement{}, fmt.Errorf("unknown check %q; the nearest is %q", id, strict.Nearest(want, ids))
}
