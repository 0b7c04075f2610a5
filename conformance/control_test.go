package conformance

import (
	"testing"

	"github.com/dfcheck/dfcheck/reports"
)

// TestControl: a special request is blamed only where the plain one did better.
func TestControl(t *testing.T) {
	const unknown, pending, tokens = `{"error":"invalid_grant"}`, `{"error":"authorization_pending"}`,
		`{"access_token":"a"}`
	for _, c := range []struct {
		name           string
		plain, special *Exchange
		want           reports.Verdict
	}{
		{"both crash", answered(500, "<html>"), answered(501, ""), reports.Inconclusive},
		{"the special one crashes", answered(400, unknown), answered(500, ""), reports.Fail},
		{"both give tokens", answered(200, tokens), answered(200, tokens), reports.Inconclusive},
		{"the special one gives tokens", answered(400, unknown), answered(200, tokens), reports.Fail},
		{"both are called pending", answered(400, pending), answered(400, pending), reports.Inconclusive},
		{"one is pending under another status, the other comes too soon", answered(401, pending),
			answered(400, `{"error":"slow_down"}`), reports.Inconclusive},
		{"the special one is called pending", answered(400, unknown), answered(400, pending), reports.Fail},
		{"both are refused alike", answered(404, `{"error":"no_such_code"}`), answered(404, `{"error":"no_such_code"}`),
			reports.Pass},
		{"refused in other words", answered(400, unknown), answered(404, `{"error":"no_such_code"}`), reports.Warning},
		{"the plain one was limited", answered(429, ""), answered(500, ""), reports.Inconclusive},
		{"there is no plain one", nil, answered(500, ""), reports.Inconclusive},
		{"tokens, and the plain one was limited", answered(429, ""), answered(200, tokens), reports.Fail},
		{"tokens, and there is no plain one", nil, answered(200, tokens), reports.Fail},
		{"tokens under an error, and there is no plain one", nil, answered(500, tokens), reports.Fail},
		{"tokens for both, under different statuses", answered(400, tokens), answered(200, tokens), reports.Inconclusive},
		{"pending, and the plain one was limited", answered(429, ""), answered(400, pending), reports.Inconclusive},
		{"pending, and there is no plain one", nil, answered(400, pending), reports.Inconclusive},
		{"all is well", nil, answered(400, unknown), reports.Pass},
	} {
		j := &Judgement{}
		j.Against(c.plain, "DF-POLL-011").Each([]*Exchange{c.special}, ExpectRefusal, "invalid_grant",
			FailIf(GivesTokens), FailIf(StillPending), PassIf(ErrorIs("invalid_grant")))
		if got := j.result(Check{}).Verdict; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestAcceptanceMeansCodesOrTokens: an error under 200 refuses.
func TestAcceptanceMeansCodesOrTokens(t *testing.T) {
	for body, want := range map[string]bool{
		`{"error":"invalid_client"}`: false, `{"error":"invalid_client","device_code":"d"}`: true,
		`{"access_token":"a"}`: true, `{}`: false,
	} {
		if got := accepted(answered(200, body)); got != want {
			t.Errorf("%s: accepted is %t", body, got)
		}
	}
	j := &Judgement{}
	j.Each([]*Exchange{answered(200, `{"error":"invalid_client"}`)}, ExpectRefusal, "a refusal",
		FailIf(Class(2)), PassIf(StatusIs(400), ErrorIs("invalid_client")))
	if got := j.result(Check{}).Verdict; got != reports.Pass {
		t.Errorf("a refusal under 200 is %s", got)
	}
}
