package checks

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
)

// TestPoliteCrowd: what the polls of a crowd come to. Each letter is the answer to a third
// of the polls: pending, slow_down with 429, 429, 502 once in twenty; none is not sent.
func TestPoliteCrowd(t *testing.T) {
	for _, c := range []struct {
		first, alone, again string
		devices             int
		want                reports.Verdict
	}{
		{"ppp", "", "", 30, reports.Pass},
		{"ppp", "", "", 20, reports.Inconclusive},    // too few to tell
		{"psp", "", "", 30, reports.Pass},            // put off in the protocol's own words
		{"pll", "", "", 30, reports.Inconclusive},    // could not be tried again
		{"pll", "ppp", "ppp", 30, reports.Pass},      // it was the rest of the run
		{"pll", "pll", "", 30, reports.Inconclusive}, // whoever shares its address
		{"pll", "ppp", "ppl", 30, reports.Warning},
		{"pgg", "ppp", "pgg", 30, reports.Inconclusive}, // a proxy that fails now and then
		{"lll", "ppp", "lll", 20, reports.Warning},      // 20 are too many, and so are 30
	} {
		t.Run(c.first+c.alone+c.again, func(t *testing.T) {
			recorded := &Transcript{Header: Header{Contract: "rfc8628",
				Target: Facts{Timing: Timing{Interval: 5 * time.Second, HasInterval: true, Lifetime: 30 * time.Minute}}}}
			for _, part := range []struct {
				step, answers string
				devices       int
			}{{inCrowd, c.first, c.devices}, {inCrowdAlone, c.alone, 1}, {inCrowdAgain, c.again, c.devices}} {
				for d := range part.devices {
					recorded.Exchanges = append(recorded.Exchanges, ofDevice(part.step, d, part.answers)...)
				}
			}
			if got := judgeOf(t, "DF-SEC-013", recorded); got.Verdict != c.want {
				t.Errorf("%s (%s) %v, want %s", got.Verdict, got.Reason, got.Findings, c.want)
			}
		})
	}
}

// ofDevice are the start of a device of the crowd and its polls.
func ofDevice(step string, d int, answers string) []*Exchange {
	if answers == "" {
		return nil
	}
	flow := fmt.Sprintf("%s %d", step, d)
	at := time.Duration(d) * 5 * time.Second / crowdSize
	start := &Exchange{ID: flow, Op: OpStart, Scenario: politeCrowd.Name, Step: "start", Flow: flow, Sent: at,
		Received: at}
	replace(start, http.StatusOK, "application/json", `{"device_code":"`+strings.ReplaceAll(flow, " ", "")+
		`","user_code":"ABCD","verification_uri":"https://a.example","expires_in":1800,"interval":5}`)
	out := []*Exchange{start}
	for i, a := range answers {
		at += 5*time.Second + Slack
		x := &Exchange{ID: fmt.Sprintf("%s poll %d", flow, i), Op: OpToken, Scenario: politeCrowd.Name, Step: step,
			Flow: flow, Sent: at, Received: at}
		switch {
		case a == 'l':
			replace(x, http.StatusTooManyRequests, "text/plain", "slow")
		case a == 's':
			replace(x, http.StatusTooManyRequests, "application/json", `{"error":"slow_down"}`)
		case a == 'g' && d%20 == 0:
			replace(x, http.StatusBadGateway, "text/html", "Bad Gateway")
		default:
			replace(x, http.StatusBadRequest, "application/json", `{"error":"authorization_pending"}`)
		}
		out = append(out, x)
	}
	return out
}
