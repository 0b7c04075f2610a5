package checks

import (
	"slices"
	"sync"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// All returns every check in catalogue order.
func All() Checks { return slices.Clone(inOrder()) }

var inOrder = sync.OnceValue(func() Checks {
	out := slices.Concat(
		discoveryChecks, authorizationChecks, userCodeChecks, pollingChecks, tokenChecks,
		denialChecks, expiryChecks, reuseChecks, clientChecks, contentTypeChecks, errorChecks,
		httpChecks, securityChecks, consentChecks, concurrencyChecks, refreshChecks, revocationChecks,
		idTokenChecks, dpopChecks, assertionChecks, certificateChecks,
		documentChecks,
	)
	place := map[string]int{}
	for i, r := range spec.Catalogue() {
		place[r.ID] = i
	}
	slices.SortStableFunc(out, func(a, b Check) int { return place[a.ID] - place[b.ID] })
	return out
})
