package conformance

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

func answered(status int, body string) *Exchange {
	return &Exchange{ID: "x1", Op: OpToken, Response: &Response{Status: status, Body: body, Length: int64(len(body)), Header: http.Header{}}}
}

func TestInfrastructure(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   bool
	}{
		{502, "<html>", true}, {503, `{"error":"Service Unavailable"}`, true}, {504, `{"message":"timeout"}`, true},
		{503, `{"error":"temporarily_unavailable"}`, false}, // the application says so itself
		{521, "<html>", true}, {408, "", true}, {500, "<html>", false},
		{429, "", true}, {429, `{"error":"rate_limit_exceeded"}`, true}, {429, `{"error":"slow_down"}`, true}, // of no flow's
		{403, "<html>", true}, {403, `{"error":"Forbidden"}`, true}, {403, `{"error":403}`, true},
		{403, `{"error":"access_denied"}`, false}, {403, `{"error":"authorization_declined"}`, false},
		{400, "<html>", false}, {401, "", false},
	} {
		if got := answered(c.status, c.body).Infrastructure(); got != c.want {
			t.Errorf("%d %s: infrastructure is %t", c.status, c.body, got)
		}
	}
	if !(&Exchange{Error: "reset"}).Infrastructure() {
		t.Error("no answer is no infrastructure")
	}
}

// TestInfrastructureIsOpen: whatever a judge's rules say, in whatever order.
func TestInfrastructureIsOpen(t *testing.T) {
	tokens := func(id string) *Exchange {
		x := answered(200, `{"access_token":"`+id+`"}`)
		x.ID = id
		return x
	}
	refused := answered(400, `{"error":"invalid_grant"}`)
	refused.Flow, refused.Sent = "f1", 3
	lost := answered(502, "<html>")
	lost.Flow, lost.Received = "f1", 2
	for _, c := range []struct {
		name string
		book func(j *Judgement)
		want reports.Verdict
	}{
		{"a rule that fails", func(j *Judgement) {
			j.Each([]*Exchange{answered(429, "")}, DuePending, "", failIf(anyAnswer))
		}, reports.Inconclusive},
		{"a rule that warns before one that opens", func(j *Judgement) {
			j.Each([]*Exchange{answered(429, "")}, DuePending, "", warnIf(statusIs(429)), openIf(infrastructure))
		}, reports.Inconclusive},
		{"a finding by hand", func(j *Judgement) { j.Fail("", "", answered(503, "")) }, reports.Inconclusive},
		{"a comparison with a lost answer", func(j *Judgement) { j.Warn("", "", refused, answered(503, "")) }, reports.Inconclusive},
		{"no request at all", func(j *Judgement) { j.Fail("", "", nil) }, reports.Inconclusive},
		{"a firewall's refusal where any will do", func(j *Judgement) {
			j.Each([]*Exchange{answered(403, "<html>")}, DueRefusal, "", passIf(class(4)))
		}, reports.Pass},
		{"a limiter's", func(j *Judgement) {
			j.Each([]*Exchange{answered(429, "")}, DueRefusal, "", passIf(class(4)))
		}, reports.Inconclusive},
		{"a pass", func(j *Judgement) { j.Pass(answered(503, "")) }, reports.Inconclusive},
		{"two winners and a loser", func(j *Judgement) { j.Fail("", "", tokens("a"), answered(502, ""), tokens("b")) }, reports.Fail},
		{"a refusal after a lost answer", func(j *Judgement) {
			j.evidence = newEvidence(&Transcript{Exchanges: []*Exchange{lost, refused}}, nil, All())
			j.Fail("", "", refused)
		}, reports.Inconclusive},
		{"a refusal before it", func(j *Judgement) {
			late := *lost
			late.Received = 5
			j.evidence = newEvidence(&Transcript{Exchanges: []*Exchange{&late, refused}}, nil, All())
			j.Fail("", "", refused)
		}, reports.Fail},
		{"a refresh token whose last answer was lost", func(j *Judgement) {
			mine := spec.Params{{Name: "refresh_token", Value: "r"}}
			before, after := *lost, *refused
			before.Flow, after.Flow, before.Request.Params, after.Request.Params = "", "", mine, mine
			j.evidence = newEvidence(&Transcript{Exchanges: []*Exchange{&before, &after}}, nil, All())
			j.Warn("", "", &after)
		}, reports.Inconclusive},
		{"limits that are its own", func(j *Judgement) {
			j.ownsLimits = true
			j.Each([]*Exchange{answered(429, "")}, DuePending, "", failIf(statusIs(429)))
		}, reports.Fail},
	} {
		j := &Judgement{}
		c.book(j)
		if got := j.result(Check{}).Verdict; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestOwnersOfLimits lists the checks that answers of infrastructure may fail.
func TestOwnersOfLimits(t *testing.T) {
	var got []string
	for _, c := range All() {
		if c.OwnsLimits {
			got = append(got, c.ID)
		}
	}
	if want := []string{"DF-USERCODE-014", "DF-USERCODE-015", "DF-SEC-003", "DF-SEC-005", "DF-SEC-010"}; !slices.Equal(got, want) {
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
	x.Response = &Response{Status: status, Proto: "HTTP/1.1", Header: http.Header{"Content-Type": {media}}, Body: body, Length: int64(len(body))}
}

// TestNoCheckFailsForAProxy puts a proxy's answer in place of each answer of a
// recording of a right server, one at a time, and of all answers of a step. No
// check turns worse than open.
func TestNoCheckFailsForAProxy(t *testing.T) {
	clean := recorded(t, bench{server: embedded("documented-v2")})
	contract, err := clean.contract()
	if err != nil {
		t.Fatal(err)
	}
	readers := map[string][]Check{}
	for _, c := range All() {
		for _, s := range c.named() {
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
			e := newEvidence(spoilt(clean, hit, proxies[(n+k)%len(proxies)]), contract, All())
			for _, c := range readers[clean.Exchanges[hit[0]].Scenario] {
				if res := judge(e, c); reports.Order(res.Verdict, reports.Inconclusive) > 0 {
					t.Errorf("%s (%d of %d): %s is %s: %s %v", step, len(hit), len(steps[step]), c.ID, res.Verdict, res.Reason, res.Findings)
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
	c, err := spec.BuiltinContract("documented-v1")
	if err != nil {
		t.Fatal(err)
	}
	for status, want := range map[int]reports.Verdict{429: reports.Pass, 400: reports.Warning} {
		var xs []*Exchange
		for i, op := range []Operation{OpStart, OpToken, OpStart, OpToken} {
			x := answered(400, `{"error":"invalid_client"}`)
			if i == 3 {
				x = answered(status, `{"error":"slow_down"}`)
			}
			x.ID, x.Op, x.Flow, x.Provoked, x.Scenario = fmt.Sprintf("x%d", i), op, "f1", true, repeatedNames.Name
			x.Step = []string{"own first", "own last"}[i/2]
			xs = append(xs, x)
		}
		e := newEvidence(&Transcript{Exchanges: xs}, c, All())
		j := &Judgement{evidence: e}
		judgeRepeatedNames(e, j)
		if got := j.result(Check{}).Verdict; got != want {
			t.Errorf("after a %d the verdict is %s, want %s", status, got, want)
		}
	}
}

// TestServerErrorAtRedemption: an ordinary poll that shows what the requests before
// it did shows nothing of them when the server fails (ruling R33).
func TestServerErrorAtRedemption(t *testing.T) {
	failed := &Exchange{Op: OpToken}
	replace(failed, http.StatusInternalServerError, "application/json", `{"error":"server_error"}`)
	refused := &Exchange{Op: OpToken}
	replace(refused, http.StatusBadRequest, "application/json", `{"error":"invalid_grant"}`)
	for _, c := range []struct {
		due  Due
		x    *Exchange
		want reports.Verdict
	}{
		{DueTokens, failed, reports.Inconclusive},
		{DueTokens, refused, reports.Fail},
		{DueSuccess, failed, reports.Fail},
	} {
		if got, why := c.due.verdict(c.x, []Rule{passIf(givesTokens), failIf(anyAnswer)}, false); got != c.want {
			t.Errorf("%s where %d was due is %s (%s), want %s", describe(c.x), c.due, got, why, c.want)
		}
	}
}
