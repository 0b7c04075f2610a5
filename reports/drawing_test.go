package reports

import (
	"strings"
	"testing"
)

// slowedFlow polls too early once, is slowed down, approved and redeemed.
func slowedFlow() Flow {
	return Flow{ID: "f1", Scenario: "steady polls", IntervalSeconds: 5, LifetimeSeconds: 17, Moments: []Moment{
		{Kind: MomentStart, AtMS: 1000, DurationMS: 10, Status: 200, Exchange: "x1", IntervalSeconds: 5},
		{Kind: MomentPoll, AtMS: 3000, DurationMS: 10, Status: 400, Error: "slow_down", Early: true, Exchange: "x2",
			IntervalSeconds: 10},
		{Kind: MomentDecision, AtMS: 4000, DurationMS: 1000, Decision: "approve", Outcome: "accepted", IntervalSeconds: 10},
		{Kind: MomentPoll, AtMS: 13_500, DurationMS: 10, Status: 200, Tokens: true, Exchange: "x3", IntervalSeconds: 10}}}
}

func TestDrawing(t *testing.T) {
	d := draw(slowedFlow())
	golden(t, "flow.svg", strings.ReplaceAll(string(d.Drawing), "><", ">\n<"))
	for _, want := range []string{`class="window slowed"`, `<a href="#x2" class="moment early"`, `class="moment decision"`,
		`<a href="#x3" class="moment good"`, "codes expire, 17 s", ">10 s</text>"} {
		if !strings.Contains(string(d.Drawing), want) {
			t.Errorf("the drawing has no %s", want)
		}
	}
	for i, want := range []string{"0 s: device authorization request, answered 200; the interval is 5 s from here",
		"2 s: poll, too early, answered slow_down (400); the interval is 10 s from here",
		"3 s: the person is asked to approve: accepted",
		"12.5 s: poll, answered token (200)"} {
		if got := d.Lines[i].Text; got != want {
			t.Errorf("moment %d reads %q, want %q", i, got, want)
		}
	}
}

// Whatever a report says of a flow, there is a drawing.
func TestDrawingOfOddFlows(t *testing.T) {
	for _, f := range []Flow{{}, {Moments: []Moment{{}}}, {LifetimeSeconds: -1, IntervalSeconds: 1e300, Moments: []Moment{
		{Kind: MomentStart, Status: 200, IntervalSeconds: 1e300}, {Kind: "new", AtMS: -5, DurationMS: 1e18}}}} {
		if got := string(draw(f).Drawing); !strings.HasSuffix(got, "</svg>") || strings.Contains(got, "NaN") ||
			strings.Contains(got, "Inf") {
			t.Errorf("%+v is drawn as %s", f, got)
		}
	}
}
