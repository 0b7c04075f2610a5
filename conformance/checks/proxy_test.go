package checks

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
)

// TestOwnersOfLimits lists the checks that answers of infrastructure may fail.
func TestOwnersOfLimits(t *testing.T) {
	var got []string
	for _, c := range All() {
		if c.OwnsLimits {
			got = append(got, c.ID)
		}
	}
	if want := []string{"DF-USERCODE-014", "DF-USERCODE-015", "DF-POLL-022", "DF-SEC-003", "DF-SEC-005",
		"DF-SEC-010", "DF-SEC-013"}; !slices.Equal(got, want) {
		t.Errorf("%v own limits, want %v", got, want)
	}
}

// proxies are answers that are not the server's.
var proxies = []func(x *Exchange){
	func(x *Exchange) { replace(x, http.StatusBadGateway, "text/html", "<html>Bad Gateway</html>") },
	func(x *Exchange) {
		replace(x, http.StatusServiceUnavailable, "application/json", `{"error":"Service Unavailable"}`)
	},
	func(x *Exchange) { replace(x, http.StatusTooManyRequests, "text/plain", "slow") },
	func(x *Exchange) { replace(x, http.StatusForbidden, "text/html", "<html>blocked</html>") },
	func(x *Exchange) { x.Response, x.Error = nil, "connection reset by peer" },
}

func replace(x *Exchange, status int, media, body string) {
	x.Response = &Response{Status: status, Proto: "HTTP/1.1", Header: http.Header{"Content-Type": {media}}, Body: body,
		Length: int64(len(body))}
}

// TestNoCheckFailsForAProxy puts a proxy's answer in place of each answer of a
// recording of a right server, one at a time, and of all answers of a step. No
// check turns worse than open.
func TestNoCheckFailsForAProxy(t *testing.T) {
	t.Parallel()
	clean := recorded(t, bench{server: embedded("documented-v2")})
	readers := map[string][]Check{}
	for _, c := range All() {
		for _, s := range c.Scenarios() {
			if !c.OwnsLimits {
				readers[s.Name] = append(readers[s.Name], c)
			}
		}
	}
	steps := map[string][]int{}
	for i, x := range clean.Exchanges {
		steps[x.Scenario+": "+x.Step+" "+string(x.Op)] = append(steps[x.Scenario+": "+x.Step+" "+string(x.Op)], i)
	}
	for n, step := range slices.Sorted(maps.Keys(steps)) {
		hits := [][]int{steps[step]}
		for _, i := range steps[step] {
			hits = append(hits, []int{i})
		}
		for k, hit := range hits {
			e := evidenceOf(t, spoilt(clean, hit, proxies[(n+k)%len(proxies)]))
			for _, c := range readers[clean.Exchanges[hit[0]].Scenario] {
				if res := e.Judge(c); reports.Order(res.Verdict, reports.Inconclusive) > 0 {
					t.Errorf("%s (%d of %d): %s is %s: %s %v", step, len(hit), len(steps[step]), c.ID, res.Verdict, res.Reason,
						res.Findings)
				}
			}
		}
	}
}

// spoilt is a recording with other answers at some places. A start that was not
// answered leaves nothing to poll.
func spoilt(t *Transcript, at []int, answer func(*Exchange)) *Transcript {
	out := *t
	out.Exchanges = nil
	dead := map[string]bool{}
	for i, x := range t.Exchanges {
		if dead[x.Flow] {
			continue
		}
		if slices.Contains(at, i) {
			y := *x
			answer(&y)
			x = &y
			dead[x.Flow] = x.Op == OpStart && x.Flow != ""
		}
		out.Exchanges = append(out.Exchanges, x)
	}
	return &out
}

// recorded is the transcript of a whole run.
func recorded(t *testing.T, b bench) (out *Transcript) {
	t.Helper()
	b.inBubble(t, func(ctx context.Context, run *Run) {
		run.Record(ctx)
		out = run.Transcript()
	})
	return out
}

// TestLimitedPollShowsNoValue: a limiter that says slow_down under 429 has not read
// which of two values counts.
func TestLimitedPollShowsNoValue(t *testing.T) {
	for status, want := range map[int]reports.Verdict{429: reports.Pass, 400: reports.Warning} {
		var xs []*Exchange
		for i, op := range []Operation{OpStart, OpToken, OpStart, OpToken} {
			x := &Exchange{}
			replace(x, 400, "application/json", `{"error":"invalid_client"}`)
			if i == 3 {
				replace(x, status, "application/json", `{"error":"slow_down"}`)
			}
			x.ID, x.Op, x.Flow, x.Provoked, x.Scenario = fmt.Sprintf("x%d", i), op, "f1", true, repeatedNames.Name
			x.Step = []string{"own first", "own last"}[i/2]
			xs = append(xs, x)
		}
		recorded := &Transcript{Header: Header{Contract: "documented-v1"}, Exchanges: xs}
		if got := judgeOf(t, "DF-CTYPE-011", recorded).Verdict; got != want {
			t.Errorf("after a %d the verdict is %s, want %s", status, got, want)
		}
	}
}

// judgeOf is the result of one check on a recording.
func judgeOf(t *testing.T, id string, recorded *Transcript) Result {
	t.Helper()
	c, ok := All().Lookup(id)
	if !ok {
		t.Fatalf("there is no %s", id)
	}
	return evidenceOf(t, recorded).Judge(c)
}

// evidenceOf is what judges see of a transcript.
func evidenceOf(t *testing.T, recorded *Transcript) *Evidence {
	t.Helper()
	e, err := NewEvidence(recorded, All())
	if err != nil {
		t.Fatal(err)
	}
	return e
}
