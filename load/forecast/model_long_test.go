package forecast

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// The forecast for 20,000 devices against a real run: within five percent.
func TestForecastLong(t *testing.T) {
	if os.Getenv("DFCHECK_LONG") == "" {
		t.Skip("a minute: DFCHECK_LONG=1, as in make test-long")
	}
	contract, err := spec.BuiltinContract("documented-v1")
	if err != nil {
		t.Fatal(err)
	}
	server := func(interval time.Duration) load.Target {
		s := httptest.NewServer(refserver.New(refserver.Config{Interval: interval, Decisions: true}))
		t.Cleanup(s.Close)
		return load.Target{Host: s.URL, StartURL: s.URL + contract.Start.Path, TokenURL: s.URL + contract.Token.Path,
			Contract: contract, ClientID: "dfcheck", Scope: "openid", DeviceType: "tv", DeviceOS: "linux",
			Approver: &approve.Reference{Client: &http.Client{}, URL: s.URL}}
	}
	delay := profile.Delay{Kind: "uniform", Median: profile.Duration(8 * time.Second)}
	people := []profile.Group{{Name: "devices", People: profile.People{Approve: 0.9, Deny: 0.1, Delay: delay},
		Behaviour: profile.Behaviour{RestartAfter: profile.Duration(time.Millisecond)}}}
	p := &profile.Profile{Devices: 20_000, Duration: profile.Duration(70 * time.Second), Groups: people,
		Arrivals: profile.Arrivals{Kind: "stages", Stages: []profile.Stage{
			{Name: "arrive", Share: 1, Over: profile.Duration(5 * time.Second)},
			{Name: "settle", Over: profile.Duration(35 * time.Second)}, {Name: "hold"}}}}
	l, err := load.Run(t.Context(), server(5*time.Second), p, load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	measured, err := load.Calibrate(t.Context(), server(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	got := l.Stages[2]
	plan := Model{Devices: 20_000, Interval: 5 * time.Second, Lifetime: 10 * time.Minute,
		Profile: &profile.Profile{Groups: people}, Speed: load.Speed{Sizes: measured.Sizes},
		Latency: time.Duration(l.Service.Poll.Mean * float64(time.Millisecond))}
	want := must(t, plan).Rates
	t.Logf("a real run made %.0f polls, %.0f starts, %.0f tokens a second; the forecast is %.0f, %.0f, %.0f",
		got.Requests.PollsPerSecond, got.Requests.PerSecond-got.Requests.PollsPerSecond,
		float64(got.Outcomes.Token)/30, want.PollsPerSecond, want.StartsPerSecond, want.TokensPerSecond)
	near(t, "polls", want.PollsPerSecond, got.Requests.PollsPerSecond, 0.05)
	near(t, "starts", want.StartsPerSecond, got.Requests.PerSecond-got.Requests.PollsPerSecond, 0.05)
	near(t, "tokens", want.TokensPerSecond, float64(got.Outcomes.Token)/30, 0.05)
	near(t, "polls of a flow", want.PollsPerFlow, got.PollsPerFlow.Mean, 0.05)
	near(t, "waste", want.PollWaste, got.PollWaste, 0.05)
	near(t, "wait", want.TokenWaitSeconds*1000, got.TokenWait.Waiting.Mean, 0.05)
	near(t, "bytes to the server", want.BytesInPerSecond, float64(got.Requests.BytesOut)/30, 0.05)
	near(t, "bytes from it", want.BytesOutPerSecond, float64(got.Requests.BytesIn)/30, 0.05)
}
