package checks

import (
	"net/http"
	"testing"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
)

// TestQuietErrors tells a person's address and session from a contact and a load
// balancer's cookie.
func TestQuietErrors(t *testing.T) {
	const contact = "support@auth.example"
	for _, c := range []struct {
		name, body, cookie string
		want               reports.Verdict
	}{
		{"a contact that every error names", `{"error":"access_denied","support":"` + contact + `"}`, "", reports.Pass},
		{"who denied", `{"error":"access_denied","by":"alice@auth.example"}`, "", reports.Fail},
		{"both", `{"error":"access_denied","support":"` + contact + `","by":"alice@auth.example"}`, "", reports.Fail},
		{"the cookie of starts", `{"error":"access_denied"}`, "SERVERID=2; Path=/", reports.Pass},
		{"a session", `{"error":"access_denied"}`, "session=1", reports.Warning},
	} {
		answer := func(op Operation, flow string, status int, body, cookie string) *Exchange {
			x := &Exchange{ID: "x1", Op: op, Flow: flow, Response: &Response{Status: status, Body: body, Header: http.Header{}}}
			if cookie != "" {
				x.Response.Header.Set("Set-Cookie", cookie)
			}
			return x
		}
		e := evidenceOf(t, &Transcript{Header: Header{Contract: "rfc8628"},
			Exchanges: []*Exchange{
				answer(OpStart, "f1", 200, `{"device_code":"d"}`, "SERVERID=1; Path=/"),
				answer(OpToken, "f2", 400, `{"error":"authorization_pending","support":"`+contact+`"}`, "SERVERID=1; Path=/"),
				answer(OpToken, "f1", 400, c.body, c.cookie),
			},
			Events: []Event{{Flow: "f1", Kind: EventDecision, Decision: &Decided{Decision: "deny", Outcome: Accepted}}},
		})
		if got := e.Judge(Check{Passive: true, Judge: judgeQuietErrors}).Verdict; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
