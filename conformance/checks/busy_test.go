package checks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// What correct servers were accused of when this machine, or something before the server,
// had too much to do.

// TestLateAnswers: hostile text is blamed where it is late each time, and plain text never.
// Letters are seconds of hostile answers, those of plain text between them.
func TestLateAnswers(t *testing.T) {
	for _, tt := range []struct {
		hostile, plain []time.Duration
		want           reports.Verdict
	}{
		{[]time.Duration{12, 12, 12}, []time.Duration{0, 0, 0}, reports.Fail},
		{[]time.Duration{12, 0}, []time.Duration{0, 0}, reports.Pass},
		{[]time.Duration{12, 12, 12}, []time.Duration{0, 7, 0}, reports.Inconclusive},
		{[]time.Duration{12, 12, 12}, []time.Duration{0, 0}, reports.Inconclusive},
		{[]time.Duration{12, 12}, []time.Duration{0, 0, 0}, reports.Inconclusive},
		{[]time.Duration{12}, nil, reports.Inconclusive},
	} {
		var xs []*Exchange
		at := time.Duration(0)
		sent := func(value string, took time.Duration) {
			x := &Exchange{ID: fmt.Sprint(len(xs)), Op: OpToken, Scenario: hostileText.Name, Provoked: true,
				Step: hostileCase{value, "device_code", "application/x-www-form-urlencoded"}.step(), Sent: at,
				Received: at + took*time.Second}
			x.Request.Encoding = "application/x-www-form-urlencoded"
			replace(x, http.StatusBadRequest, "application/json", `{"error":"invalid_grant"}`)
			xs, at = append(xs, x), x.Received+time.Second
		}
		sent(plainText, 0)
		for i := range max(len(tt.hostile), len(tt.plain)+1) {
			if i < len(tt.hostile) {
				sent("NUL", tt.hostile[i])
			}
			if i < len(tt.plain) {
				sent(plainText, tt.plain[i])
			}
		}
		got := judgeOf(t, "DF-SEC-003", &Transcript{Header: Header{Contract: "rfc8628"}, Exchanges: xs})
		if got.Verdict != tt.want {
			t.Errorf("%v with plain text %v: %s %s %v", tt.hostile, tt.plain, got.Verdict, got.Reason, got.Findings)
		}
	}
}

// TestPagesOfAProxy: a page that a proxy answered with is no page of the server's.
func TestPagesOfAProxy(t *testing.T) {
	for status, want := range map[int]reports.Verdict{200: reports.Warning, 500: reports.Warning,
		403: reports.Inconclusive, 429: reports.Inconclusive, 502: reports.Inconclusive, 504: reports.Inconclusive} {
		start := &Exchange{ID: "x1", Op: OpStart, Scenario: consentPages.Name, Step: lookedAt, Flow: "f1"}
		replace(start, http.StatusOK, "application/json", `{"device_code":"d","user_code":"ABCD","verification_uri":`+
			`"https://a.example","expires_in":1800,"interval":5}`)
		seen, err := json.Marshal(Viewing{View: approve.View{Pages: []approve.Sight{{Step: "open", Status: status,
			Text: "Your code is ABCD", After: true, Carries: true, Headers: map[string]string{}}}}})
		if err != nil {
			t.Fatal(err)
		}
		got := judgeOf(t, "DF-CONSENT-011", &Transcript{Header: Header{Contract: "rfc8628"}, Exchanges: []*Exchange{start},
			Events: []Event{{Kind: EventView, Scenario: consentPages.Name, Flow: "f1", Detail: string(seen)}}})
		if got.Verdict != want {
			t.Errorf("a page under %d: %s %s %v, want %s", status, got.Verdict, got.Reason, got.Findings, want)
		}
	}
}

// TestLimiterSaysSlowDown: slow_down under 429 is a limiter's where a request gets it that is
// no device's poll, and open where one of many steady polls does.
func TestLimiterSaysSlowDown(t *testing.T) {
	steady := func(limited, strange, odd int) *Transcript {
		var xs []*Exchange
		add := func(x Exchange, status int, body string) {
			x.ID = fmt.Sprint("x", len(xs))
			replace(&x, status, "application/json", body)
			xs = append(xs, &x)
		}
		start := `{"device_code":"d","user_code":"ABCD","verification_uri":"https://a.example","expires_in":1800,"interval":5}`
		add(Exchange{Op: OpStart, Scenario: servedSlowDown.Name, Step: "start", Flow: "hasty"}, 200, start)
		add(Exchange{Op: OpToken, Scenario: servedSlowDown.Name, Step: "hasty", Flow: "hasty"}, 429, `{"error":"slow_down"}`)
		for f := range steadyDevices {
			flow := fmt.Sprint("steady", f)
			add(Exchange{Op: OpStart, Scenario: steadyPolls.Name, Step: "start", Flow: flow}, 200, start)
			for i := range steadyTimes {
				at := time.Duration(i+1) * 5200 * time.Millisecond
				x := Exchange{Op: OpToken, Scenario: steadyPolls.Name, Step: "steady", Flow: flow, Sent: at, Received: at}
				status, body := 400, `{"error":"authorization_pending"}`
				if f*steadyTimes+i < limited {
					status, body = 429, `{"error":"slow_down"}`
				}
				add(x, status, body)
			}
		}
		for range strange {
			add(Exchange{Op: OpToken, Scenario: firstPoll.Name, Step: "no device's"}, 429, `{"error":"slow_down"}`)
		}
		for range odd {
			x := Exchange{Op: OpToken, Scenario: firstPoll.Name, Step: "an odd poll of a device"}
			x.Request.Params = spec.Params{{Name: "device_code", Value: "d"}}
			add(x, 429, `{"error":"slow_down"}`)
		}
		for _, x := range xs {
			x.Request.Method, x.Request.URL = http.MethodPost, "https://a.example/"+strings.ToLower(string(x.Op))
		}
		return &Transcript{Header: Header{Contract: "rfc8628", Target: Facts{StartURL: "https://a.example/" + string(OpStart),
			TokenURL: "https://a.example/" + string(OpToken), Timing: Timing{Interval: 5 * time.Second, HasInterval: true,
				Lifetime: 30 * time.Minute}}}, Exchanges: xs}
	}
	for _, tt := range []struct {
		limited, strange, odd int
		pace, status          reports.Verdict // of DF-POLL-003 and DF-ERR-001
	}{
		{0, 0, 0, reports.Pass, reports.Warning},
		{1, 0, 0, reports.Inconclusive, reports.Warning},
		{3, 0, 0, reports.Fail, reports.Warning},
		{3, 0, 1, reports.Fail, reports.Warning},
		{3, 1, 0, reports.Inconclusive, reports.Pass},
	} {
		recorded := steady(tt.limited, tt.strange, tt.odd)
		for id, want := range map[string]reports.Verdict{"DF-POLL-003": tt.pace, "DF-ERR-001": tt.status} {
			if got := judgeOf(t, id, recorded); got.Verdict != want {
				t.Errorf("%d polls of a device and %d other requests limited: %s is %s %s %v, want %s", tt.limited, tt.strange,
					id, got.Verdict, got.Reason, got.Findings, want)
			}
		}
	}
}
