package load

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/conformance/approve"
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
	server := func(interval time.Duration) Target {
		s := httptest.NewServer(refserver.New(refserver.Config{Interval: interval, Decisions: true}))
		t.Cleanup(s.Close)
		return Target{Host: s.URL, StartURL: s.URL + contract.Start.Path, TokenURL: s.URL + contract.Token.Path, Contract: contract,
			ClientID: "dfcheck", Scope: "openid", DeviceType: "tv", DeviceOS: "linux", Approver: &approve.Reference{Client: &http.Client{}, URL: s.URL}}
	}
	people := []Group{{Name: "devices", People: People{Approve: 0.9, Deny: 0.1, Delay: Delay{Kind: "uniform", Median: Duration(8 * time.Second)}},
		Behaviour: Behaviour{Again: Duration(time.Millisecond)}}}
	p := &Profile{Devices: 20_000, Duration: Duration(70 * time.Second), Groups: people, Arrivals: Arrivals{Kind: "stages", Stages: []Stage{
		{Name: "arrive", Share: 1, Over: Duration(5 * time.Second)}, {Name: "settle", Over: Duration(35 * time.Second)}, {Name: "hold"}}}}
	l, err := Run(t.Context(), server(5*time.Second), p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	measured, err := Calibrate(t.Context(), server(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	got := l.Stages[2]
	plan := Plan{Devices: 20_000, Interval: 5 * time.Second, Lifetime: 10 * time.Minute, Profile: &Profile{Groups: people}, Speed: Speed{Sizes: measured.Sizes},
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
