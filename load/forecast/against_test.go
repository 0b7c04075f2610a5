package forecast

import (
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
)

// A run is held against the model where both speak of the same: devices that are always
// there, at a time when all of them polled.
func TestAgainst(t *testing.T) {
	p := &profile.Profile{Devices: 1000, Groups: []profile.Group{{Behaviour: profile.Behaviour{RestartAfter: 1},
		People: profile.People{Approve: 1, Delay: profile.Delay{Kind: "fixed", Median: profile.Duration(12 * time.Second)}}}}}
	l := &reports.Load{Requests: reports.Requests{SteadyPollsPerSecond: 190}}
	got := Against(l, p, 5*time.Second, 10*time.Minute)
	if got == nil || got.PollsPerSecond < 199 || got.PollsPerSecond > 201 || got.PollsPerFlow < 2.99 ||
		got.PollsPerFlow > 3.01 ||
		got.TokenWaitMS < 2990 || got.TokenWaitMS > 3010 || got.PollWaste < 0.66 || got.PollWaste > 0.67 {
		t.Errorf("%+v", got)
	}
	if got := Against(&reports.Load{}, p, 5*time.Second, 10*time.Minute); got != nil {
		t.Errorf("without a steady time: %+v", got)
	}
	if got := Against(l, p, 0, time.Minute); got != nil {
		t.Errorf("without an interval: %+v", got)
	}
	p.Groups[0].Behaviour.RestartAfter = 0
	if got := Against(l, p, 5*time.Second, 10*time.Minute); got != nil {
		t.Errorf("of devices that come once: %+v", got)
	}
}
