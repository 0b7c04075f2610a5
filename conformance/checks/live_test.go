package checks

import (
	"sync"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// aDozen picks faults that take turns from day to day.
const aDozen = 12

// TestKillLive runs a dozen faults over real sockets and in real time. A busy
// machine may leave the owner undecided; it may not make it pass, or trip a check
// that the fault does not name.
func TestKillLive(t *testing.T) {
	if testing.Short() {
		t.Skip("half a minute of real time")
	}
	faults := builtFaults()
	day := int(time.Now().Unix() / (24 * 60 * 60))
	var wg sync.WaitGroup
	for i := range aDozen {
		f := faults[(day*aDozen+i)%len(faults)]
		if f.Abuse || f.TLS || f.Slow || f.Whole || f.Check == "DF-EXPIRY-008" {
			continue // minutes, a listener of another kind, all checks, or somebody who restarts
		}
		b := benchFor(f)
		b.opts.Only = []string{f.Check}
		wg.Go(func() {
			t.Logf("%s (%s)", f.Name, f.Check)
			for _, r := range b.live(t) {
				if r.Verdict == reports.Pass || r.Verdict == reports.Skipped {
					t.Errorf("%s: %s is %s over a real socket", f.Name, r.Check.ID, r.Verdict)
				}
			}
		})
	}
	wg.Wait()
}
