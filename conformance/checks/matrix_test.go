package checks

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
	"github.com/dfcheck/dfcheck/spec/refserver/daily"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "update the golden files")

const matrixFile = "matrix.golden"

// benchFor is a bench on which a fault can be seen.
func benchFor(f refserver.Fault) bench {
	contract := f.Contract
	if contract == "" {
		contract = "documented-v1"
	}
	b := bench{server: embedded(contract), faults: []refserver.Fault{f}}
	if f.Slow {
		b.server = refserver.Config{Contract: contract, Interval: 5 * time.Second, Lifetime: time.Minute}
	}
	if f.Detailed {
		b.server.Document = refserver.Document()
	}
	b.opts.Abuse, b.opts.Thorough, b.opts.Only = f.Abuse, f.Thorough, f.Only
	b.https = f.TLS
	b.asPublic(f)
	return b
}

// tripped lists the checks that turned worse than they are on a clean server:
// fails and warnings. What stays undecided behind a gate did not trip.
func tripped(results []Result) map[string]reports.Verdict {
	out := map[string]reports.Verdict{}
	for _, r := range results {
		switch r.Verdict {
		case reports.Fail, reports.Warning, reports.Error, reports.Waived:
			out[r.Check.ID] = r.Verdict
		}
	}
	return out
}

// row is a fault's line in the matrix: its owner first.
func row(f refserver.Fault, trips map[string]reports.Verdict) string {
	cells := []string{f.Check + " " + string(trips[f.Check])}
	for _, c := range All() {
		if v, ok := trips[c.ID]; ok && c.ID != f.Check {
			cells = append(cells, c.ID+" "+string(v))
		}
	}
	return fmt.Sprintf("%-44s %s", f.Name, strings.Join(cells, ", "))
}

// builtFaults are the faults whose owner is there to be tripped.
func builtFaults() []refserver.Fault {
	return slices.DeleteFunc(refserver.Faults(), func(f refserver.Fault) bool {
		_, ok := All().Lookup(f.Check)
		return !ok
	})
}

// today are the faults and variants to run: under the race detector those of the day, less
// the ones that show by chance, which need requests that truly meet; the detector slows
// them apart.
func today(t *testing.T, all []refserver.Fault) []refserver.Fault {
	return slices.DeleteFunc(daily.Part(t, all), func(f refserver.Fault) bool {
		return daily.Racing && (strings.Contains(f.Name, "-in-ten") || f.Thorough)
	})
}

// TestKillMatrix runs every fault through the whole engine. A fault trips its
// owner and beyond that only what its declaration names with a reason.
func TestKillMatrix(t *testing.T) {
	var mu sync.Mutex
	rows := map[string]string{}
	t.Run("faults", func(t *testing.T) {
		for _, f := range today(t, builtFaults()) {
			t.Run(f.Name, func(t *testing.T) {
				t.Parallel()
				results := benchFor(f).conform(t)
				trips := tripped(results)
				for id := range trips {
					if _, named := f.Also[id]; id != f.Check && !named {
						t.Errorf("%s trips %s, which its declaration does not name", f.Name, id)
					}
				}
				if _, ok := trips[f.Check]; !ok {
					t.Errorf("%s does not trip its owner %s", f.Name, f.Check)
				}
				for id, reason := range f.Also {
					if _, ok := trips[id]; !ok || reason == "" {
						t.Errorf("%s declares %s (%q), which it does not trip", f.Name, id, reason)
					}
				}
				if t.Failed() {
					for _, line := range worse(results) {
						t.Log(line)
					}
				}
				mu.Lock()
				defer mu.Unlock()
				rows[f.Name] = row(f, trips)
			})
		}
	})
	compareMatrix(t, rows)
}

func compareMatrix(t *testing.T, rows map[string]string) {
	var b strings.Builder
	for _, f := range builtFaults() {
		if rows[f.Name] == "" {
			return // a single fault was asked for
		}
		b.WriteString(rows[f.Name] + "\n")
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(matrixFile, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(matrixFile)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); d != "" {
		t.Errorf("the kill matrix changed (-want +got); read each row, then run with -update:\n%s", d)
	}
}

// TestEveryCheckHasAKiller: a check that no fault trips proves nothing.
func TestEveryCheckHasAKiller(t *testing.T) {
	killed := map[string]bool{}
	for _, f := range refserver.Faults() {
		if killed[f.Name] {
			t.Errorf("two faults are called %s", f.Name)
		}
		killed[f.Name], killed[f.Check] = true, true
	}
	for _, c := range All() {
		if !killed[c.ID] {
			t.Errorf("no fault is owned by %s", c.ID)
		}
	}
}
