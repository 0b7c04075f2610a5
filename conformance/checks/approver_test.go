package checks

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports"
)

// faltering decides some times, and then no more.
type faltering struct {
	*slow
	works atomic.Int32 // times
	hangs time.Duration
}

var errDied = errors.New("./approve.sh was ended (signal: killed)")

func (f *faltering) Decide(ctx context.Context, v approve.Verification, d approve.Decision) error {
	if f.works.Add(-1) < 0 {
		Sleep(ctx, f.hangs)
		return errDied
	}
	return f.Reference.Decide(ctx, v, d)
}

// TestBrokenApprover: an approver that hangs or dies in the middle of a run accuses
// nobody. What rests on a decision that was not made is open, and the run ends in its time.
func TestBrokenApprover(t *testing.T) {
	for name, tt := range map[string]struct {
		works int32
		hangs time.Duration
		why   string
	}{
		"dies at once": {0, 0, errDied.Error()},
		"dies later":   {12, 0, errDied.Error()},
		"hangs":        {3, time.Minute, "too late: the approver took 60 s to decide"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := bench{server: embedded("rfc8628"), target: func(t *Target) {
				f := &faltering{slow: &slow{Reference: t.Approver.(*approve.Reference), takes: always(0)}, hangs: tt.hangs}
				f.works.Store(tt.works)
				t.Approver = f
			}}
			var results []Result
			var took time.Duration
			b.inBubble(t, func(ctx context.Context, run *Run) {
				began := time.Now()
				results = run.Conform(ctx)
				took = time.Since(began)
			})
			open := 0
			for _, r := range results {
				switch r.Verdict {
				case reports.Fail, reports.Warning, reports.Error:
					t.Errorf("%s %s: %s", r.Check.ID, r.Verdict, r.Reason)
				case reports.Inconclusive:
					if strings.Contains(r.Reason, tt.why) {
						open++
					}
				}
			}
			if open == 0 || took > 10*time.Minute {
				t.Errorf("%d checks are open because of the approver, after %s", open, took)
			}
		})
	}
}
