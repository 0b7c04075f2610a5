package load

import (
	"os"
	"testing"
	"time"
)

// The forecast for 20,000 devices against a real run: within five percent.
func TestForecastLong(t *testing.T) {
	if os.Getenv("DFCHECK_LONG") == "" {
		t.Skip("a minute: DFCHECK_LONG=1, as in make test-long")
	}
	tg := limited(t, 5*time.Second, func() time.Duration { return 0 })
	people := []Group{{Name: "devices", People: People{Approve: 0.9, Deny: 0.1, Delay: Delay{Kind: "uniform", Median: Duration(8 * time.Second)}},
		Behaviour: Behaviour{Again: Duration(time.Millisecond)}}}
	p := &Profile{Devices: 20_000, Duration: Duration(70 * time.Second), Groups: people, Arrivals: Arrivals{Kind: "stages", Stages: []Stage{
		{Name: arriving, Share: 1, Over: Duration(5 * time.Second)}, {Name: settling, Over: Duration(35 * time.Second)}, {Name: holding}}}}
	l := run(t, tg, p)
	got := l.Stages[2]
	plan := Plan{Devices: 20_000, Interval: 5 * time.Second, Lifetime: 10 * time.Minute, Profile: &Profile{Groups: people}, Speed: Speed{Sizes: figuresOf(t, tg, people).sizes()},
		Latency: time.Duration(l.Service.Poll.Mean * float64(time.Millisecond))}
	want := must(t, plan).Rates
	t.Logf("a real run made %.0f polls, %.0f starts, %.0f tokens a second; the forecast is %.0f, %.0f, %.0f", got.Requests.PollsPerSecond,
		got.Requests.PerSecond-got.Requests.PollsPerSecond, float64(got.Outcomes.Token)/30, want.PollsPerSecond, want.StartsPerSecond, want.TokensPerSecond)
	near(t, "polls", want.PollsPerSecond, got.Requests.PollsPerSecond, 0.05)
	near(t, "starts", want.StartsPerSecond, got.Requests.PerSecond-got.Requests.PollsPerSecond, 0.05)
	near(t, "tokens", want.TokensPerSecond, float64(got.Outcomes.Token)/30, 0.05)
	near(t, "polls of a flow", want.PollsPerFlow, got.PollsPerFlow.Mean, 0.05)
	near(t, "waste", want.PollWaste, got.PollWaste, 0.05)
	near(t, "wait", want.TokenWaitSeconds*1000, got.TokenWait.Waiting.Mean, 0.05)
	near(t, "bytes to the server", want.BytesInPerSecond, float64(got.Requests.BytesOut)/30, 0.05)
	near(t, "bytes from it", want.BytesOutPerSecond, float64(got.Requests.BytesIn)/30, 0.05)
}

// figuresOf is a small run whose messages are measured.
func figuresOf(t *testing.T, tg Target, groups []Group) *figures {
	t.Helper()
	p := (&Profile{Devices: 50, Duration: Duration(12 * time.Second), Groups: groups}).WithDefaults()
	c, err := newCrowd(t.Context(), tg, p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.transport.close()
	defer c.schedule.waker.close()
	c.run(t.Context(), p, Options{})
	all, err := c.record.total()
	if err != nil {
		t.Fatal(err)
	}
	return all
}
