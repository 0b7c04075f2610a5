package load

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// documented is the contract of the servers in these tests.
func documented(t testing.TB) *spec.Contract {
	t.Helper()
	contract, err := spec.BuiltinContract("documented-v1")
	if err != nil {
		t.Fatal(err)
	}
	return contract
}

// target starts a reference server with faults.
func target(t *testing.T, faults ...refserver.Fault) Target {
	t.Helper()
	cfg := refserver.Config{Interval: time.Second, Lifetime: 6 * time.Second, Decisions: true}
	return targetAt(t, httptest.NewServer(refserver.New(cfg, faults...)))
}

// targetAt is a server that takes the reference server's decisions.
func targetAt(t *testing.T, server *httptest.Server) Target {
	t.Helper()
	t.Cleanup(server.Close)
	contract := documented(t)
	return Target{Host: server.URL, StartURL: server.URL + contract.Start.Path,
		TokenURL: server.URL + contract.Token.Path, Contract: contract,
		ClientID: "dfcheck", Scope: "openid", DeviceType: "tv", DeviceOS: "linux",
		Approver: &approve.Reference{Client: &http.Client{}, URL: server.URL}}
}

// crowdOf is a small crowd in which everything happens: approvals, denials,
// expiry, polls of flows that are over, in all encodings.
func crowdOf(n int) *profile.Profile {
	delay := profile.Delay{Kind: "uniform", Median: profile.Duration(time.Second)}
	return &profile.Profile{Devices: n, Duration: profile.Duration(9 * time.Second),
		Arrivals: profile.Arrivals{Kind: "ramp", Over: profile.Duration(time.Second)},
		Groups: []profile.Group{{Name: "all", Encodings: map[string]float64{"form": 1, "json": 1, "multipart": 1},
			People:    profile.People{Approve: 0.5, Deny: 0.2, Delay: delay},
			Behaviour: profile.Behaviour{Replay: 1}}}}
}

func run(t *testing.T, tg Target, p *profile.Profile) *reports.Load {
	t.Helper()
	l, err := Run(t.Context(), tg, p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A correct server: every flow ends as its person decided, and nothing is held
// against it.
func TestRun(t *testing.T) {
	t.Parallel()
	l := run(t, target(t), crowdOf(200))
	d := l.Devices
	if d.Started != 200 || d.Approved == 0 || d.Denied == 0 || d.Expired == 0 || d.Failed != 0 || d.Pending != 0 {
		t.Errorf("devices: %+v", d)
	}
	if l.ErrorRate != 0 || len(l.Violations) != 0 {
		t.Errorf("error rate %g, violations %+v, outcomes %+v", l.ErrorRate, l.Violations, l.Outcomes)
	}
	if l.Latency.TimeToToken.Count == 0 || l.Latency.TimeToToken.Count > d.Approved || !l.Shard.Complete {
		t.Errorf("time to token: %+v, shard %+v", l.Latency.TimeToToken, l.Shard)
	}
}

// An end before the end gives a complete report.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	p := crowdOf(50)
	p.Duration = profile.Duration(time.Minute)
	l, err := Run(ctx, target(t), p, Options{Progress: func(g Progress) {
		if g.Polls > 0 {
			cancel()
		}
	}})
	cancel()
	if err != nil || l.Shard.Complete || l.Requests.Starts == 0 {
		t.Errorf("%v, %+v", err, l)
	}
}

func TestLoadGoesNowhereElse(t *testing.T) {
	tg := Target{StartURL: "https://auth.example.com/d", TokenURL: "https://auth.example.com/t"}
	if err := tg.Allowed(); err == nil {
		t.Error("a foreign host may be loaded")
	}
	tg.AllowHosts = []string{"auth.example.com"}
	if err := tg.Allowed(); err != nil {
		t.Error(err)
	}
}
