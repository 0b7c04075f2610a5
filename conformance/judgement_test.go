package conformance

import (
	"testing"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// TestFindingsCarryTheirVerdict: what failed stands apart from what warned, the
// worst comes first and is the reason, and what repeats is counted.
func TestFindingsCarryTheirVerdict(t *testing.T) {
	j := &Judgement{}
	for _, id := range []string{"x1", "x2"} {
		j.Warn("a number", "a string", &Exchange{ID: id, Response: &Response{Status: 200}})
	}
	j.Fail("405", "501", &Exchange{ID: "x3", Response: &Response{Status: 501}})
	res := j.result(Check{})
	if res.Verdict != reports.Fail || res.Reason != "expected 405, got 501" || len(res.Findings) != 2 {
		t.Fatalf("%+v", res)
	}
	if f := res.Findings[0]; f.Verdict != reports.Fail || f.Seen() != "x3" {
		t.Errorf("first finding %+v", f)
	}
	if f := res.Findings[1]; f.Verdict != reports.Warning || f.Count != 2 || f.Seen() != "2 times, for example x1 x2" {
		t.Errorf("second finding %+v", f)
	}
}

// A check that saw nothing says where its flows came to a stop.
func TestStopped(t *testing.T) {
	s := &Scenario{Name: "stopped"}
	at := func(op Operation, step string, status int, body string) *Exchange {
		return &Exchange{ID: step, Op: op, Step: step, Scenario: s.Name, Flow: "f1",
			Response: &Response{Status: status, Body: body}}
	}
	const codes = `{"device_code":"d","user_code":"u"}`
	decided := func(o Outcome) Event {
		return Event{Scenario: s.Name, Flow: "f1", Kind: EventDecision, Detail: "the page is gone",
			Decision: &Decided{Decision: "approve", Outcome: o}}
	}
	start, pending := at(OpStart, "start", 200, codes), at(OpToken, redeemStep, 400, `{"error":"authorization_pending"}`)
	for want, recorded := range map[string]Transcript{
		"no code was issued for it: 503 (start)": {Exchanges: []*Exchange{at(OpStart, "start", 503, "")}},
		"the approve decision was broken: the page is gone": {Exchanges: []*Exchange{start},
			Events: []Event{decided(Broken)}},
		"no token was issued: 400 authorization_pending (redeem)": {Exchanges: []*Exchange{start, pending},
			Events: []Event{decided(Accepted)}},
		"nothing was observed that this check could judge": {Exchanges: []*Exchange{start, pending,
			at(OpToken, redeemStep, 200, `{"access_token":"t","token_type":"Bearer"}`)}, Events: []Event{decided(Accepted)}},
	} {
		e := newEvidence(&recorded, &spec.Contract{}, nil)
		res := e.Judge(Check{ID: "DF-ANY-001", Reads: []*Scenario{s}, Judge: func(*Evidence, *Judgement) {}})
		if res.Verdict != reports.Inconclusive || res.Reason != want {
			t.Errorf("%s %q, want %q", res.Verdict, res.Reason, want)
		}
	}
}
