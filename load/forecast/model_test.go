package forecast

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within*want {
		t.Errorf("%s: %.3f, want %.3f", what, got, want)
	}
}

// Figures that can be worked out by hand.
func TestForecast(t *testing.T) {
	approve := profile.People{Approve: 1, Delay: profile.Delay{Median: profile.Duration(12 * time.Second)}}
	always := &profile.Profile{Groups: []profile.Group{{People: approve,
		Behaviour: profile.Behaviour{RestartAfter: 1}}}}
	p := Model{Devices: 30_000, Interval: 5 * time.Second, Lifetime: 10 * time.Minute, Profile: always,
		Speed: load.Speed{PerSecond: 2000,
			Sizes: load.Sizes{StartIn: 10, StartOut: 20, PollIn: 30, WaitOut: 40, TokenOut: 50}}}
	f, err := p.Forecast()
	if err != nil {
		t.Fatal(err)
	}
	r := f.Rates // three polls, the third gets the token, 3 s after the approval
	near(t, "polls", r.PollsPerSecond, 6000, 1e-6)
	near(t, "starts", r.StartsPerSecond, 2000, 1e-6)
	near(t, "tokens", r.TokensPerSecond, 2000, 1e-6)
	near(t, "polls of a flow", r.PollsPerFlow, 3, 1e-6)
	near(t, "waste", r.PollWaste, 2./3, 1e-6)
	near(t, "wait", r.TokenWaitSeconds, 3, 1e-6)
	near(t, "bytes to the server", r.BytesInPerSecond, 6000*30+2000*10, 1e-6)
	near(t, "bytes from it", r.BytesOutPerSecond, 4000*40+2000*50+2000*20, 1e-6)
	if r.Shards != 4 {
		t.Errorf("%d generators", r.Shards)
	}
	ten := f.Others[1] // after 2 s; two polls, the second gets the token after 20 s
	near(t, "polls every 10 s", ten.PollsPerSecond, 3000, 1e-6)
	near(t, "wait at 10 s", ten.TokenWaitSeconds, 8, 1e-6)

	p.Latency = 5 * time.Second // a poll each 10 s, and half of the time an answer is on its way
	r = must(t, p).Rates
	near(t, "in flight", r.InFlight, r.RequestsPerSecond*5, 1e-6)

	// Nobody decides: 121 polls of a code that lives 600 s.
	p = Model{Devices: 1000, Interval: 5 * time.Second, Lifetime: 600 * time.Second,
		Profile: &profile.Profile{Groups: []profile.Group{{Behaviour: profile.Behaviour{RestartAfter: 1}}}}}
	r = must(t, p).Rates
	near(t, "polls of a flow that expires", r.PollsPerFlow, 121, 1e-6)
	near(t, "starts of flows that expire", r.StartsPerSecond, 1000/605., 1e-3)

	// Devices that come once, over 100 s, and live for 15 s each: 15 of 100 are
	// in flight at one time.
	always.Groups[0].Behaviour.RestartAfter = 0
	always.Arrivals = profile.Arrivals{Kind: "ramp", Over: profile.Duration(100 * time.Second)}
	always.Devices = 100_000 // their times are close together
	p = Model{Devices: 1000, Interval: 5 * time.Second, Lifetime: 600 * time.Second, Profile: always}
	r = must(t, p).Rates
	near(t, "polls of devices that come once", r.PollsPerSecond, 1000*0.15/5, 1e-3)
	near(t, "their starts", r.StartsPerSecond, 10, 1e-3)
}

func must(t *testing.T, p Model) *reports.Forecast {
	t.Helper()
	f, err := p.Forecast()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestPlansAreChecked(t *testing.T) {
	good := Model{Devices: 1, Interval: time.Second, Lifetime: time.Minute}
	for want, change := range map[string]func(*Model){
		"devices must be 1 or more": func(p *Model) { p.Devices = 0 },
		"not between 1 s":           func(p *Model) { p.Interval = time.Millisecond },
		"shorter than the int":      func(p *Model) { p.Lifetime = 0 },
		"latency":                   func(p *Model) { p.Latency = -1 },
		"speed is -1":               func(p *Model) { p.Speed.PerSecond = -1 },
	} {
		p := good
		change(&p)
		if err := p.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
}
