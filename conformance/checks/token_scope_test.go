package checks

import (
	"strings"
	"testing"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
)

// TestPolledRefresh tells a refresh token that the poll's scope brings from one that comes
// with a person's first approval.
func TestPolledRefresh(t *testing.T) {
	flow := func(asked, polled, refresh string) scoped {
		body := `{"access_token":"a","refresh_token":"` + refresh + `"}`
		x := &Exchange{ID: "x1", Op: OpToken, Response: &Response{Status: 200, Body: body}}
		return scoped{asked: []string{asked}, polled: polled, redeemed: x}
	}
	for name, c := range map[string]struct {
		polled, plain []scoped
		want          reports.Verdict
	}{
		"to each poll with a scope": {[]scoped{flow("a", "a b", "r"), flow("a", "b", "r")}, []scoped{flow("a", "", "")},
			reports.Warning},
		"to every device": {[]scoped{flow("a", "a b", "r"), flow("a", "b", "r")}, []scoped{flow("a", "", "r")},
			reports.Inconclusive},
		"to the first of each scope": {[]scoped{flow("a", "a b", "r"), flow("a", "b", ""), flow("b", "a b", "r")},
			[]scoped{flow("a", "", ""), flow("b", "", "")}, reports.Inconclusive},
		"to one of two without it": {[]scoped{flow("a", "a b", "r"), flow("a", "b", "r")},
			[]scoped{flow("a", "", ""), flow("a", "", "r")}, reports.Inconclusive},
	} {
		e := evidenceOf(t, &Transcript{Header: Header{Contract: "rfc8628"}})
		res := e.Judge(Check{Judge: func(_ *Evidence, j *Judgement) { judgePolledRefresh(j, c.polled, c.plain) }})
		if res.Verdict != c.want {
			t.Errorf("%s: %s, want %s (%s)", name, res.Verdict, c.want, res.Reason)
		}
	}
}

// TestPartOfTheScope keeps offline_access in the part that is asked for, as long as that
// leaves something out.
func TestPartOfTheScope(t *testing.T) {
	for scope, want := range map[string]string{
		"": "", "openid": "", "a b": "a", "b openid": "openid", "openid offline_access": "openid",
		"offline_access a": "a", "profile openid offline_access": "openid offline_access",
		"offline_access a b": "a offline_access", "offline_access offline_access": "offline_access",
	} {
		if got := strings.Join(partOf(scope), "+"); got != want {
			t.Errorf("the part of %q is %q, want %q", scope, got, want)
		}
	}
}
