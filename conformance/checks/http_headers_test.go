package checks

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
)

// TestErrorsWithoutCORS says what a browser cannot read where only the error answers lack
// the CORS field, and not where the response to a device authorization request lacks it.
func TestErrorsWithoutCORS(t *testing.T) {
	answer := func(id, step string, op Operation, origin, body string) *Exchange {
		x := &Exchange{ID: id, Scenario: foreignOrigin.Name, Step: step, Op: op,
			Response: &Response{Status: 400, Header: http.Header{}, Body: body}}
		if origin != "" {
			x.Response.Header.Set("Access-Control-Allow-Origin", origin)
		}
		return x
	}
	for name, c := range map[string]struct {
		op            Operation
		before, after string
		want          reports.Verdict
		says          bool
	}{
		"a poll":            {OpToken, "*", "", reports.Warning, true},
		"a poll, otherwise": {OpToken, "", "*", reports.Warning, false},
		"a start":           {OpStart, "*", "", reports.Warning, false},
		"both":              {OpToken, "*", "*", reports.Pass, false},
	} {
		e := evidenceOf(t, &Transcript{Header: Header{Contract: "rfc8628"}, Exchanges: []*Exchange{
			answer("x1", asPreflight, c.op, c.before, ""),
			answer("x2", withOrigin, c.op, c.after, `{"error":"invalid_grant"}`)}})
		res := e.Judge(Check{Reads: []*Scenario{foreignOrigin}, Judge: judgeForeignOrigin})
		says := false
		for _, f := range res.Findings {
			says = says || strings.Contains(f.Actual, "the error answers lack it: a browser cannot read authorization_pending")
		}
		if res.Verdict != c.want || says != c.says {
			t.Errorf("%s: %s, %v (%+v)", name, res.Verdict, says, res.Findings)
		}
	}
}

// TestNoMethodGets405: where the server answers every other method in another way, nothing is
// asked of the 405 that it never sends; where an answer is missing, that is open.
func TestNoMethodGets405(t *testing.T) {
	for _, c := range []struct {
		answers int
		want    reports.Verdict
	}{{2 * len(methods), reports.Skipped}, {2*len(methods) - 1, reports.Inconclusive}} {
		var xs []*Exchange
		for i := range c.answers {
			xs = append(xs, &Exchange{ID: fmt.Sprint("x", i), Scenario: otherMethods.Name, Step: methods[i/2], Op: OpToken,
				Response: &Response{Status: http.StatusNotFound, Header: http.Header{}}})
		}
		e := evidenceOf(t, &Transcript{Header: Header{Contract: "rfc8628"}, Exchanges: xs})
		res := e.Judge(Check{Reads: []*Scenario{safeMethods, otherMethods}, Judge: judgeAllow})
		if res.Verdict != c.want {
			t.Errorf("%d answers of 404: %s %s, want %s", c.answers, res.Verdict, res.Reason, c.want)
		}
	}
}
