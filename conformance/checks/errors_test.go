package checks

import (
	"fmt"
	"testing"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// TestServerErrors: two answers of 500 to what devices send are the server's, one may have
// had any cause, and those of races, of provoked requests, of a full server and of a proxy
// do not count.
func TestServerErrors(t *testing.T) {
	const html, oauth = "<html>bad gateway</html>", `{"error":"server_error"}`
	plain := func(*Exchange) {}
	for _, c := range []struct {
		name   string
		n      int
		change func(x *Exchange)
		want   reports.Verdict
	}{
		{"none", 0, plain, reports.Pass},
		{"one", 1, plain, reports.Warning},
		{"two", 2, plain, reports.Fail},
		{"in a race", 2, func(x *Exchange) { x.Scenario = pendingRace.Name }, reports.Pass},
		{"provoked", 2, func(x *Exchange) { x.Provoked = true }, reports.Pass},
		{"of a full server", 2, func(x *Exchange) {
			replace(x, 503, "application/json",
				`{"error":"temporarily_unavailable"}`)
		}, reports.Pass},
		{"of a proxy", 2, func(x *Exchange) { replace(x, 502, "text/html", html) }, reports.Pass},
		{"of a gateway that speaks OAuth", 2, func(x *Exchange) { replace(x, 502, "application/json", oauth) }, reports.Fail},
	} {
		recorded := &Transcript{Header: Header{Contract: "rfc8628"}}
		recorded.Header.Target.TokenURL = "http://127.0.0.1/token"
		for i := range 4 {
			x := &Exchange{ID: fmt.Sprintf("x%d", i), Op: OpToken, Scenario: refreshing.Name}
			x.Request.Method, x.Request.URL = "POST", recorded.Header.Target.TokenURL
			x.Request.Params = spec.Params{{Name: "grant_type", Value: spec.GrantRefreshToken}}
			replace(x, 200, "application/json", `{"access_token":"t"}`)
			if i < c.n {
				replace(x, 500, "application/json", oauth)
				c.change(x)
			}
			recorded.Exchanges = append(recorded.Exchanges, x)
		}
		res := evidenceOf(t, recorded).Judge(Check{Passive: true, Judge: judgeServerErrors})
		if res.Verdict != c.want {
			t.Errorf("%s: %s (%s), want %s", c.name, res.Verdict, res.Reason, c.want)
		}
		if c.want == reports.Fail && (len(res.Findings) != 1 || res.Findings[0].Actual != "500 server_error for 2 of 4" &&
			res.Findings[0].Actual != "502 server_error for 2 of 4") {
			t.Errorf("%s: %+v", c.name, res.Findings)
		}
	}
}
