package conformance

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// at is an exchange of flow f1 that was sent at some second and answered 100 ms later.
func at(second float64, op Operation, status int, body string) *Exchange {
	sent := time.Duration(second * float64(time.Second))
	return &Exchange{ID: fmt.Sprintf("x%g", second), Flow: "f1", Op: op, Scenario: "steady polls", Sent: sent,
		Received: sent + 100*time.Millisecond, Response: &Response{Status: status, Body: body}}
}

// A poll is early until the interval has passed since the last answer; each slow_down
// makes it 5 s longer. Polls that overlap, and those after the end, are not early.
func TestLifeOfAFlow(t *testing.T) {
	const pending, slower = `{"error":"authorization_pending"}`, `{"error":"slow_down"}`
	tr := &Transcript{Exchanges: []*Exchange{
		at(1, OpStart, 200, `{"device_code":"d","interval":2,"expires_in":60}`),
		at(3.2, OpToken, 400, pending), // in time
		at(4, OpToken, 400, slower),    // early
		at(10, OpToken, 400, slower),   // early: the interval is 7 s now
		at(22.2, OpToken, 400, pending),
		at(34.5, OpToken, 200, `{"access_token":"a"}`),
		at(35, OpToken, 400, `{"error":"invalid_grant"}`), // the flow is over
	}, Events: []Event{{Flow: "f1", Kind: EventDecision, At: 30 * time.Second,
		Decision: &Decided{Decision: "approve", Outcome: Accepted, Took: 2 * time.Second}}}}
	tr.Exchanges = append(tr.Exchanges, at(34.55, OpToken, 400, pending)) // sent before the token was there
	f := newEvidence(tr, nil, nil).life("f1")
	var early []string
	var intervals []float64
	for _, m := range f.Moments {
		if m.Early {
			early = append(early, m.Exchange)
		}
		intervals = append(intervals, m.IntervalSeconds)
	}
	if want := []string{"x4", "x10"}; !slices.Equal(early, want) {
		t.Errorf("early: %q, want %q", early, want)
	}
	if want := []float64{2, 2, 7, 12, 12, 12, 12, 12, 12}; !slices.Equal(intervals, want) {
		t.Errorf("intervals: %v, want %v", intervals, want)
	}
	if d := f.Moments[5]; d.Kind != reports.MomentDecision || d.AtMS != 28_000 || d.DurationMS != 2000 {
		t.Errorf("the decision is %+v", d)
	}
	if f.IntervalSeconds != 2 || f.LifetimeSeconds != 60 || !f.Moments[6].Tokens {
		t.Errorf("%+v", f)
	}
}

// A device that keeps to the longer interval which the server enforces is not early, and
// one that does not is.
func TestAdaptedFlow(t *testing.T) {
	tr := &Transcript{Exchanges: []*Exchange{
		at(1, OpStart, 200, `{"device_code":"d","interval":2,"expires_in":60}`),
		at(5.2, OpToken, 400, `{"error":"authorization_pending"}`),
		at(8.5, OpToken, 400, `{"error":"authorization_pending"}`),
		at(13, OpToken, 400, `{"error":"authorization_pending"}`)}}
	tr.Header.Target.Timing.Adapted = &Adaptation{Announced: 2 * time.Second, Enforced: 4 * time.Second}
	f := newEvidence(tr, nil, nil).life("f1")
	if early := f.Moments; early[1].Early || !early[2].Early || early[3].Early || f.IntervalSeconds != 2 ||
		early[3].IntervalSeconds != 4 {
		t.Errorf("%+v", f)
	}
}

// A saved run has a flow that went well, and those that are cited; a report holds the
// exchanges of both.
func TestDrawnFlows(t *testing.T) {
	file, err := os.Open("../testdata/transcripts/zitadel-oidc.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	tr, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	flows := newEvidence(tr, nil, nil).drawn(map[string]bool{"x8": true})
	if len(flows) != 2 {
		t.Fatalf("%d flows are drawn", len(flows))
	}
	well := flows[0].Moments
	if !well[len(well)-1].Tokens || !orderly(well) {
		t.Errorf("the first flow is %+v", well)
	}
	if !slices.ContainsFunc(flows[1].Moments, func(m reports.Moment) bool { return m.Exchange == "x8" }) {
		t.Errorf("the cited exchange is not in %+v", flows[1])
	}
	held := map[string]bool{}
	for _, x := range Section(tr, nil, nil, nil, nil).Exchanges {
		held[x.ID] = true
	}
	for _, m := range well {
		if m.Exchange != "" && !held[m.Exchange] {
			t.Errorf("the report does not hold %s", m.Exchange)
		}
	}
}
