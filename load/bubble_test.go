package load

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
	"github.com/dfcheck/dfcheck/spec/refserver/pipes"
)

// inBubble runs a crowd on a server in a bubble.
func inBubble(t *testing.T, server http.Handler, contract *spec.Contract, p *profile.Profile,
	check func(t *testing.T, l *reports.Load), change ...func(*Target)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { runOn(t, server, contract, p, Options{}, check, change...) })
}

// runOn is called in a bubble.
func runOn(t *testing.T, server http.Handler, contract *spec.Contract, p *profile.Profile, o Options,
	check func(t *testing.T, l *reports.Load), change ...func(*Target)) {
	t.Helper()
	w := pipes.New()
	s := &http.Server{Handler: server}
	go s.Serve(w)
	defer s.Shutdown(context.Background()) // waits for the answers that are still being made
	tg := targetOver(w, contract)
	for _, c := range change {
		c(&tg)
	}
	defer tg.Approver.(*approve.Reference).Client.CloseIdleConnections()
	l, err := Run(t.Context(), tg, p, o)
	if err != nil {
		t.Fatal(err)
	}
	check(t, l)
}

// targetOver is the server at the other end of the pipes.
func targetOver(w *pipes.Network, contract *spec.Contract) Target {
	host := "http://127.0.0.1"
	return Target{Host: host, StartURL: host + contract.Start.Path, TokenURL: host + contract.Token.Path,
		Contract: contract, ClientID: "dfcheck", Scope: "openid", DeviceType: "tv", DeviceOS: "linux", Dial: w.Dial,
		Approver: &approve.Reference{Client: &http.Client{Transport: &http.Transport{DialContext: w.Dial}}, URL: host}}
}

// quick is the reference server with a short interval and short codes.
func quick(faults ...refserver.Fault) http.Handler {
	return refserver.New(refserver.Config{Interval: time.Second, Lifetime: 6 * time.Second, Decisions: true}, faults...)
}

// Minutes of a crowd pass in a bubble.
func TestBubble(t *testing.T) {
	p := crowdOf(100)
	p.Duration = profile.Duration(2 * time.Minute)
	p.Groups[0].Behaviour.RestartAfter = profile.Duration(time.Second)
	inBubble(t, quick(), documented(t), p, func(t *testing.T, l *reports.Load) {
		if l.ErrorRate != 0 || len(l.Violations) != 0 || l.Requests.Polls < 3000 {
			t.Errorf("%+v %+v", l.Outcomes, l.Violations)
		}
		t.Logf("%+v", l.Outcomes)
	})
}
