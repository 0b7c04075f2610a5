package checks

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
)

// failingRedemptions answers 500 in place of tokens, so many times: for codes that were
// polled before, or for those that were not.
func failingRedemptions(primed bool, n int64) func(http.Handler) http.Handler {
	var left atomic.Int64
	left.Store(n)
	var seen sync.Map
	return deviates(func(r *http.Request, sent string, status int, body map[string]any) int {
		_, polled := seen.LoadOrStore(sent, true)
		if !strings.HasSuffix(r.URL.Path, "/token") || polled != primed || status != http.StatusOK || left.Add(-1) < 0 {
			return status
		}
		clear(body)
		body["error"] = "server_error"
		return http.StatusInternalServerError
	})
}

// TestGateOfTokensTriesAgain: one server error at the first redemption is told, and what
// stands behind the gate is judged by a second code. Where that fails too, the gate is shut.
func TestGateOfTokensTriesAgain(t *testing.T) {
	for _, c := range []struct {
		name          string
		failing       int64
		gate, members reports.Verdict
	}{
		{"none", 0, reports.Pass, reports.Pass},
		{"one", 1, reports.Warning, reports.Pass},
		{"each", 9, reports.Fail, reports.Inconclusive},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := bench{server: embedded("rfc8628"), wrap: failingRedemptions(true, c.failing),
				opts: Options{Only: []string{"DF-TOKEN-001", "DF-TOKEN-002"}}}
			for _, r := range b.conform(t) {
				want := c.members
				if r.Check.ID == GateTokens {
					want = c.gate
				}
				if r.Verdict != want {
					t.Errorf("%s is %s (%s), want %s", r.Check.ID, r.Verdict, r.Reason, want)
				}
			}
		})
	}
}

// TestServerErrorAtFirstPoll: a server error at the first poll of a code that was approved
// before shows nothing of what came before it (ruling R33). It fails as a server error where
// there are several.
func TestServerErrorAtFirstPoll(t *testing.T) {
	b := bench{server: embedded("rfc8628"), wrap: failingRedemptions(false, 99),
		opts: Options{Only: []string{"TOKEN", "DF-POLL-019", "DF-ERR-008"}}}
	got := b.outcome(t)
	want := map[string]string{"DF-POLL-019": string(reports.Inconclusive), "DF-ERR-008": string(reports.Fail)}
	for id, verdict := range want {
		if got[id] != verdict {
			t.Errorf("%s is %s, want %s", id, got[id], verdict)
		}
	}
}
