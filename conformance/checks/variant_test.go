package checks

import (
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// TestVariants: a server that is right in another way fails nothing, and warns
// only where a ruling says so.
func TestVariants(t *testing.T) {
	for _, v := range today(t, refserver.Variants()) {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			warned := map[string]bool{}
			for _, contract := range spec.ContractNames() {
				if v.Contract != "" && v.Contract != contract {
					continue
				}
				t.Run(contract, func(t *testing.T) { checkVariant(t, v, contract, warned) })
			}
			for id, reason := range v.Also {
				if !warned[id] || reason == "" {
					t.Errorf("%s declares %s (%q), which it trips in no contract", v.Name, id, reason)
				}
			}
		})
	}
}

// decidedByValue are checks that compare and measure codes and tokens.
var decidedByValue = []string{"DF-CONC-003", "DF-TOKEN-007", "DF-TOKEN-008"}

func checkVariant(t *testing.T, v refserver.Fault, contract string, warned map[string]bool) {
	b := bench{server: embedded(contract), faults: []refserver.Fault{v},
		opts: Options{Abuse: v.Abuse, Thorough: v.Thorough, Only: v.Only}}
	b.https = v.TLS
	b.asPublic(v)
	if v.Slow {
		b.server = refserver.Config{Contract: contract, Interval: 5 * time.Second, Lifetime: time.Minute}
	}
	if v.Name == refserver.RegisteredForPost {
		b.target = func(t *Target) { t.Confidential.Auth = "post" }
	}
	results := b.conform(t)
	for id, verdict := range tripped(results) {
		warned[id] = true
		if _, named := v.Also[id]; !named || verdict != reports.Warning {
			t.Errorf("%s is %s", id, verdict)
		}
	}
	for _, r := range results {
		if strings.HasPrefix(v.Name, "escapes-") && slices.Contains(decidedByValue, r.Check.ID) && r.Verdict != reports.Pass {
			t.Errorf("%s is %s, and looks at codes and tokens whose escapes do not matter", r.Check.ID, r.Verdict)
		}
		if r.Verdict != reports.Pass && r.Verdict != reports.Skipped {
			t.Log(worse([]Result{r}))
		}
	}
}
