package refserver

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/dfcheck/dfcheck/spec/strict"
)

// A Fault makes the server wrong in one way. It is data: what is wrong, which
// requirement it breaks, and how.
type Fault struct {
	Name  string // unique, in kebab case
	Check string // id of the requirement that it breaks, none for BadDays
	// Also are other requirements that it cannot help breaking, with the reason.
	Also map[string]string
	Doc  string // what is wrong, one sentence
	// Contract in which it shows, documented-v1 when empty.
	Contract string
	// Slow faults show at an interval of 5 s alone, Abuse faults when limits are
	// attacked, TLS faults over https.
	Slow, Abuse, TLS bool
	// Detailed faults show where the server is judged by its own Document.
	Detailed bool
	// Thorough faults show too rarely for a default run.
	Thorough bool
	// Whole faults show what all checks of a run do together.
	Whole bool
	// Only are the checks and groups that can see anything of a server like this, where
	// that is worth knowing: a run of these alone is quick. All when empty.
	Only []string

	Configure func(*Config)
	Break     func(*behaviour)
	// races is how a race fault breaks the server where hit says so. A hit of odds shows:
	// so much likelier must one be than the fault is to show.
	races func(b *behaviour, hit func() bool)
	odds  float64
	Wrap  func(http.Handler) http.Handler
}

// ofGroup is a server that is configured for one group of checks, of which only that group
// sees anything. What the fault configures itself comes last.
func ofGroup(group string, f Fault, configure func(*Config)) Fault {
	f.Contract, f.Only = "rfc8628", []string{group}
	own := f.Configure
	f.Configure = func(c *Config) {
		configure(c)
		if own != nil {
			own(c)
		}
	}
	return f
}

// overlooks is a server that does not look at one part of what a client proves.
func overlooks(part string) func(*behaviour) {
	return func(b *behaviour) { b.looks = func(at string) bool { return at != part } }
}

// Faults lists every fault in the order of the catalogue's groups.
func Faults() []Fault {
	return slices.Concat(discoveryFaults, authorizationFaults, supersededFaults, userCodeFaults, wayFaults,
		pollingFaults, unservedFaults, patienceFaults, tokenFaults, scopeFaults,
		denialFaults, expiryFaults, reuseFaults, clientFaults, contentTypeFaults, errorFaults, httpFaults,
		securityFaults, consentFaults, concurrencyFaults, decisionFaults, chanceFaults, refreshFaults, revocationFaults,
		openIDFaults, dpopFaults, assertionFaults, certificateFaults,
		documentFaults)
}

// AllFaults lists Faults, LoadFaults and BadDays.
func AllFaults() []Fault { return slices.Concat(Faults(), LoadFaults(), BadDays()) }

// FaultNamed finds one of AllFaults. An unknown name is an error that names the nearest.
func FaultNamed(name string) (Fault, error) { return named("fault", AllFaults(), name) }

func named(kind string, all []Fault, name string) (Fault, error) {
	var names []string
	for _, f := range all {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return Fault{}, fmt.Errorf("unknown %s %q; the nearest is %q", kind, name, strict.Nearest(name, names))
}
