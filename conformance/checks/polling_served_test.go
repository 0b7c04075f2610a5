package checks

import (
	"context"
	"strings"
	"testing"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// TestRunAdaptsToThePace: a server that does not serve the announced interval gets one
// finding, and nearly everything else is judged all the same.
func TestRunAdaptsToThePace(t *testing.T) {
	for name, c := range map[string]struct {
		note      string
		undecided int // checks of pending itself, and what a code does not live long enough for
	}{
		"first-poll-slowed":             {"the first poll of every code is answered slow_down", 8},
		"longer-interval-from-start":    {"polls are served that are 2 s apart", 8},
		"longer-interval-between-polls": {"polls are served that are 2 s apart", 8},
		"slow-down-for-pending":         {"every poll of an undecided code is answered slow_down", 12},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := refserver.FaultNamed(name)
			if err != nil {
				t.Fatal(err)
			}
			benchFor(f).inBubble(t, func(ctx context.Context, run *Run) {
				results := run.Conform(ctx)
				open := 0
				for _, r := range results {
					if r.Verdict == reports.Inconclusive {
						open++
						t.Log(r.Check.ID, r.Reason)
					}
				}
				if open > c.undecided {
					t.Errorf("%d checks are undecided, at most %d should be", open, c.undecided)
				}
				notes := strings.Join(Section(run.Transcript(), results, run.Plan(), nil, nil).Notes, "\n")
				if !strings.Contains(notes, c.note) {
					t.Errorf("the notes do not say %q:\n%s", c.note, notes)
				}
			})
		})
	}
}
