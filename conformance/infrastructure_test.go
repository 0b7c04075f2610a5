package conformance

import (
	"net/http"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

func answered(status int, body string) *Exchange {
	return &Exchange{ID: "x1", Op: OpToken, Response: &Response{Status: status, Body: body, Length: int64(len(body)),
		Header: http.Header{}}}
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
			j.Each([]*Exchange{answered(429, "")}, ExpectPending, "", FailIf(AnyAnswer))
		}, reports.Inconclusive},
		{"a rule that warns before one that opens", func(j *Judgement) {
			j.Each([]*Exchange{answered(429, "")}, ExpectPending, "", WarnIf(StatusIs(429)), InconclusiveIf(Infrastructure))
		}, reports.Inconclusive},
		{"a finding by hand", func(j *Judgement) { j.Fail("", "", answered(503, "")) }, reports.Inconclusive},
		{"a comparison with a lost answer", func(j *Judgement) { j.Warn("", "", refused, answered(503, "")) },
			reports.Inconclusive},
		{"no request at all", func(j *Judgement) { j.Fail("", "", nil) }, reports.Inconclusive},
		{"a firewall's refusal where any will do", func(j *Judgement) {
			j.Each([]*Exchange{answered(403, "<html>")}, ExpectRefusal, "", PassIf(Class(4)))
		}, reports.Pass},
		{"a limiter's", func(j *Judgement) {
			j.Each([]*Exchange{answered(429, "")}, ExpectRefusal, "", PassIf(Class(4)))
		}, reports.Inconclusive},
		{"a pass", func(j *Judgement) { j.Pass(answered(503, "")) }, reports.Inconclusive},
		{"two winners and a loser", func(j *Judgement) { j.Fail("", "", tokens("a"), answered(502, ""), tokens("b")) },
			reports.Fail},
		{"a refusal after a lost answer", func(j *Judgement) {
			j.evidence = newEvidence(&Transcript{Exchanges: []*Exchange{lost, refused}}, nil, nil)
			j.Fail("", "", refused)
		}, reports.Inconclusive},
		{"a refusal before it", func(j *Judgement) {
			late := *lost
			late.Received = 5
			j.evidence = newEvidence(&Transcript{Exchanges: []*Exchange{&late, refused}}, nil, nil)
			j.Fail("", "", refused)
		}, reports.Fail},
		{"a refresh token whose last answer was lost", func(j *Judgement) {
			mine := spec.Params{{Name: "refresh_token", Value: "r"}}
			before, after := *lost, *refused
			before.Flow, after.Flow, before.Request.Params, after.Request.Params = "", "", mine, mine
			j.evidence = newEvidence(&Transcript{Exchanges: []*Exchange{&before, &after}}, nil, nil)
			j.Warn("", "", &after)
		}, reports.Inconclusive},
		{"the end of a flow after its lifetime", func(j *Judgement) {
			begun := &Exchange{ID: "x0", Op: OpStart, Flow: "f1", Sent: 1, Received: 1,
				Response: &Response{Status: 200, Body: `{"device_code":"d","expires_in":20}`, Header: http.Header{}}}
			late := *refused
			late.Received = 19 * time.Second
			j.evidence = newEvidence(&Transcript{Exchanges: []*Exchange{begun, &late}}, nil, nil)
			j.Fail("", "", &late)
		}, reports.Inconclusive},
		{"a code of another flow after its lifetime", func(j *Judgement) {
			begun := &Exchange{ID: "x0", Op: OpStart, Flow: "f1", Sent: 1, Received: 1,
				Response: &Response{Status: 200, Body: `{"device_code":"d","expires_in":20}`, Header: http.Header{}}}
			late := *refused
			late.Flow, late.Received, late.Request.Params = "", 19*time.Second, spec.Params{{Name: "device_code", Value: "d"}}
			j.evidence = newEvidence(&Transcript{Exchanges: []*Exchange{begun, &late}}, nil, nil)
			j.Fail("", "", &late)
		}, reports.Inconclusive},
		{"a refusal after an answer that was lost in another scenario", func(j *Judgement) {
			elsewhere := *lost
			elsewhere.Scenario = "another"
			j.evidence = newEvidence(&Transcript{Exchanges: []*Exchange{&elsewhere, refused}}, nil, nil)
			j.Fail("", "", refused)
		}, reports.Inconclusive},
		{"the end of a flow long before", func(j *Judgement) {
			begun := &Exchange{ID: "x0", Op: OpStart, Flow: "f1", Sent: 1, Received: 1,
				Response: &Response{Status: 200, Body: `{"device_code":"d","expires_in":20}`, Header: http.Header{}}}
			j.evidence = newEvidence(&Transcript{Exchanges: []*Exchange{begun, refused}}, nil, nil)
			j.Fail("", "", refused)
		}, reports.Fail},
		{"limits that are its own", func(j *Judgement) {
			j.ownsLimits = true
			j.Each([]*Exchange{answered(429, "")}, ExpectPending, "", FailIf(StatusIs(429)))
		}, reports.Fail},
	} {
		j := &Judgement{}
		c.book(j)
		if got := j.result(Check{}).Verdict; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestSlowedUnread: slow_down for a code that the server refused before tells nothing of the
// code (ruling R171); for one that it issued, or refused never, it is its word on that code.
func TestSlowedUnread(t *testing.T) {
	poll := func(id, code, answer string) *Exchange {
		x := answered(400, `{"error":"`+answer+`"}`)
		x.ID, x.Op, x.Request.Params = id, OpToken, spec.Params{{Name: "device_code", Value: code}}
		return x
	}
	begun := &Exchange{ID: "x0", Op: OpStart, Flow: "f1", Response: &Response{Status: 200, Header: http.Header{},
		Body: `{"device_code":"issued","expires_in":600}`}}
	for _, c := range []struct {
		name  string
		polls []*Exchange // the last is judged
		want  reports.Verdict
	}{
		{"refused, then slowed", []*Exchange{poll("x1", "strange", spec.ErrInvalidGrant),
			poll("x2", "strange", spec.ErrSlowDown)}, reports.Inconclusive},
		{"another code", []*Exchange{poll("x1", "strange", spec.ErrInvalidGrant), poll("x2", "strange", spec.ErrSlowDown),
			poll("x3", "issuee", spec.ErrSlowDown)}, reports.Inconclusive},
		{"never refused", []*Exchange{poll("x1", "strange", spec.ErrInvalidGrant), poll("x2", "issuee", spec.ErrSlowDown)},
			reports.Fail},
		{"pending, then slowed", []*Exchange{poll("x1", "strange", spec.ErrAuthorizationPending),
			poll("x2", "strange", spec.ErrSlowDown)}, reports.Fail},
		{"an issued code", []*Exchange{poll("x1", "strange", spec.ErrInvalidGrant), poll("x2", "strange", spec.ErrSlowDown),
			poll("x3", "issued", spec.ErrSlowDown)}, reports.Fail},
	} {
		j := &Judgement{evidence: newEvidence(&Transcript{Exchanges: append([]*Exchange{begun}, c.polls...)}, nil, nil)}
		j.Each(c.polls[len(c.polls)-1:], ExpectRefusal, "")
		if got := j.result(Check{}).Verdict; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestServerErrorAtRedemption: an ordinary poll that shows what the requests before
// it did shows nothing of them when the server fails (ruling R33).
func TestServerErrorAtRedemption(t *testing.T) {
	failed, refused := answered(500, `{"error":"server_error"}`), answered(400, `{"error":"invalid_grant"}`)
	for _, c := range []struct {
		due  Expectation
		x    *Exchange
		want reports.Verdict
	}{
		{ExpectTokens, failed, reports.Inconclusive},
		{ExpectTokens, refused, reports.Fail},
		{ExpectSuccess, failed, reports.Fail},
	} {
		if got, why := c.due.verdict(c.x, []Rule{PassIf(GivesTokens), FailIf(AnyAnswer)}, false); got != c.want {
			t.Errorf("%s where %d was due is %s (%s), want %s", Describe(c.x), c.due, got, why, c.want)
		}
	}
}
