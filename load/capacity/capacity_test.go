package capacity

import (
	"context"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
	"github.com/dfcheck/dfcheck/spec/refserver/pipes"
)

// limited is a reference server whose polls wait as long as delay says.
func limited(t *testing.T, interval time.Duration, delay func() time.Duration) http.Handler {
	t.Helper()
	polls := contractOf(t).Token.Path
	inner := refserver.New(refserver.Config{Interval: interval, Decisions: true})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == polls {
			time.Sleep(delay())
		}
		inner.ServeHTTP(w, r)
	})
}

// inBubble searches on a server in a bubble, where this machine is never the limit.
func inBubble(t *testing.T, server func(*pipes.Network) http.Handler, search func(t *testing.T, tg load.Target)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		network := pipes.New()
		s := &http.Server{Handler: server(network)}
		go s.Serve(network)
		defer s.Shutdown(context.Background())
		approver := &http.Client{Transport: &http.Transport{DialContext: network.Dial}}
		defer approver.CloseIdleConnections()
		tg := at(t, "http://127.0.0.1")
		tg.Dial, tg.Approver = network.Dial, &approve.Reference{Client: approver, URL: tg.Host}
		search(t, tg)
	})
}

func contractOf(t *testing.T) *spec.Contract {
	t.Helper()
	contract, err := spec.BuiltinContract("documented-v1")
	if err != nil {
		t.Fatal(err)
	}
	return contract
}

// serving is a server that takes the reference server's decisions, as a target.
func serving(t *testing.T, server *httptest.Server) load.Target {
	t.Helper()
	t.Cleanup(server.Close)
	return at(t, server.URL)
}

// at is a reference server at an address, as a target.
func at(t *testing.T, base string) load.Target {
	t.Helper()
	contract := contractOf(t)
	return load.Target{Host: base, StartURL: base + contract.Start.Path, TokenURL: base + contract.Token.Path,
		Contract: contract, ClientID: "dfcheck", Scope: "openid", DeviceType: "tv", DeviceOS: "linux",
		Approver: &approve.Reference{Client: &http.Client{}, URL: base}}
}

// dying is a reference server that ends a network with its poll number n.
func dying(t *testing.T, n int32, network *pipes.Network) http.Handler {
	t.Helper()
	var polls atomic.Int32
	path := contractOf(t).Token.Path
	inner := refserver.New(refserver.Config{Interval: time.Second, Decisions: true})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == path && polls.Add(1) >= n {
			network.Close()
			panic(http.ErrAbortHandler)
		}
		inner.ServeHTTP(w, r)
	})
}

// quick is a reference server with an interval of a second.
func quick(*pipes.Network) http.Handler {
	return refserver.New(refserver.Config{Interval: time.Second, Decisions: true})
}

// throttle serves a number of polls per second, one after the other: beyond that
// the queue grows, and with it the wait.
func throttle(perSecond float64) func() time.Duration {
	var mu sync.Mutex
	var free time.Time
	return func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		if free.Before(now) {
			free = now
		}
		wait := free.Sub(now)
		free = free.Add(time.Duration(float64(time.Second) / perSecond))
		return wait
	}
}

// degrading takes base / (1 - rate/limit) for a poll, like a queue whose work
// comes at random. The rate is what came in the last few seconds.
func degrading(limit float64, base, memory time.Duration) func() time.Duration {
	var mu sync.Mutex
	var last time.Time
	var rate float64
	return func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		rate = rate*math.Exp(-float64(now.Sub(last))/float64(memory)) + float64(time.Second)/float64(memory)
		last = now
		return time.Duration(float64(base) / max(1-rate/limit, 0.005))
	}
}

// holds searches and compares the answer with the truth.
func holds(t *testing.T, tg load.Target, s Search, truth float64) *reports.Capacity {
	t.Helper()
	got, err := s.Run(t.Context(), tg, &profile.Profile{}, load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if off := float64(got.Devices)/truth - 1; math.Abs(off) > 0.1 || got.Saturated {
		t.Errorf("%d devices, the truth is %.0f: %+.1f %%; %+v", got.Devices, truth, 100*off, got)
	}
	t.Logf("%d devices (%d to %d), the truth is %.0f, %d measurements, gave first %s", got.Devices, got.Low, got.High,
		truth, len(got.Points), got.FirstLimit)
	return got
}

// A queue that serves r polls per second makes N devices wait L = N/r - I, once
// they are in step with it: a crowd of r (I + L) devices is what it holds within
// a wait of L.
func TestCapacityOfAThrottledServer(t *testing.T) {
	slow := func(*pipes.Network) http.Handler { return limited(t, time.Second, throttle(150)) }
	inBubble(t, slow, func(t *testing.T, tg load.Target) {
		s := Search{Objectives: []string{"poll.p99 < 300ms"}, First: 120, Hold: 2 * time.Second, Precision: 0.2}
		got := holds(t, tg, s, 150*1.3)
		if got.FirstLimit != "poll.p99 < 300ms" || got.Low > got.Devices || got.High < got.Devices ||
			got.PollsPerSecond < 130 || got.PollsPerSecond > 165 {
			t.Errorf("%+v", got)
		}
	})
}

// The proof at full length: five answers out of five, for a server with a limit
// and for one that degrades smoothly.
func TestCapacityLong(t *testing.T) {
	if os.Getenv("DFCHECK_LONG") == "" {
		t.Skip("forty minutes: DFCHECK_LONG=1, as in make test-long")
	}
	for name, tt := range map[string]struct {
		delay     func() time.Duration
		objective string
		truth     float64
	}{
		"throttled": {throttle(1500), "poll.p99 < 250ms", 1500 * 5.25},
		// base/(1-rate/limit) is 100 ms at four fifths of the limit.
		"degrading": {degrading(1500, 20*time.Millisecond, 5*time.Second), "poll.p99 < 100ms", 1200 * 5.1},
	} {
		t.Run(name, func(t *testing.T) { // one after the other: the garbage collector is the process's
			for range 5 {
				holds(t, serving(t, httptest.NewServer(limited(t, 5*time.Second, tt.delay))),
					Search{Objectives: []string{tt.objective}, First: 1000}, tt.truth)
			}
		})
	}
}

// A crowd that is held to the last device has no breakpoint, and nothing gave. The
// profile's arrivals and thresholds do not count.
func TestCapacityUpToTheMost(t *testing.T) {
	s := Search{Objectives: []string{"poll.p99 < 5s"}, First: 20, MaxDevices: 40, Hold: time.Second}
	p := &profile.Profile{Arrivals: profile.Arrivals{Kind: "stages", Stages: []profile.Stage{{Name: "peak", Share: 1}}},
		Thresholds: []string{"poll.p99{stage:peak} < 1ms"}}
	inBubble(t, quick, func(t *testing.T, tg load.Target) {
		got, err := s.Run(t.Context(), tg, p, load.Options{})
		if err != nil || got.Devices != 40 || got.Low != 40 || got.High != 0 || got.FirstLimit != "" ||
			len(got.Points) != 2 {
			t.Errorf("%v, %+v", err, got)
		}
	})
}

// A server that holds nobody, and an end before the end.
func TestCapacityOfNobody(t *testing.T) {
	inBubble(t, quick, ofNobody)
}

func ofNobody(t *testing.T, tg load.Target) {
	s := Search{Objectives: []string{"http_5xx > 50%"}, First: 1, Hold: time.Second}
	got, err := s.Run(t.Context(), tg, &profile.Profile{}, load.Options{})
	if err != nil || got.Devices != 0 || got.High != 1 {
		t.Errorf("%v, %+v", err, got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s = Search{First: 5, Hold: time.Second, Progress: func(reports.CapacityPoint) { cancel() }}
	got, err = s.Run(ctx, tg, &profile.Profile{}, load.Options{})
	if err != nil || len(got.Points) != 1 || len(got.Notes) != 1 || !strings.HasPrefix(got.Notes[0], "interrupted") {
		t.Errorf("%v, %+v", err, got)
	}
}

func TestCapacityObjectives(t *testing.T) {
	for text, want := range map[string]string{
		"poll.p98 < 1s": "poll needs one of", "poll.p99{stage:x} < 1s": "no such stage", "nonsense": "not of the form",
	} {
		if err := (Search{Objectives: []string{text}}).Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	got := (Search{Objectives: []string{"poll.p99 < 1s"}}).withDefaults().Objectives
	if len(got) != 2 || got[1] != errorObjective {
		t.Errorf("objectives %q", got)
	}
	if got := (Search{Objectives: []string{"error_rate < 5%"}}).withDefaults().Objectives; len(got) != 1 {
		t.Errorf("objectives %q", got)
	}
}

// The answer is never beyond what was to be tried, however it came about.
func TestCapacityStaysBelowTheMost(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 7))
		strat := newStrategy(100, 3600, 30, 0.1)
		out := &reports.Capacity{MaxDevices: 3600}
		n := 0
		for ; strat.next > 0; n++ { // it supports about 4,000
			held := r.Float64() < 1/(1+math.Pow(float64(strat.next)/4000, 1/0.04))
			out.Points = append(out.Points, reports.CapacityPoint{Devices: uint64(strat.next), OK: held,
				Limit: "poll.p99 < 1s", PollsPerSecond: 1})
			strat.observe(strat.next, held)
		}
		conclude(out, strat)
		if out.Devices > 3600 || out.Low > out.Devices || out.High > 3600 || out.High > 0 && out.High < out.Devices {
			t.Errorf("search %d: %d devices (%d to %d)", seed, out.Devices, out.Low, out.High)
		}
		if n > 20 {
			t.Errorf("search %d: %d measurements, most of them at the bound", seed, n)
		}
	}
}

// A target that does not survive a measurement is named as the reason.
func TestCapacityOfATargetThatDies(t *testing.T) {
	mortal := func(n *pipes.Network) http.Handler { return dying(t, 60, n) } // ten devices poll about forty times
	inBubble(t, mortal, func(t *testing.T, tg load.Target) {
		tg.Approver = nil
		s := Search{Objectives: []string{"poll.p99 < 5s"}, First: 10, Hold: 2 * time.Second}
		got, err := s.Run(t.Context(), tg, &profile.Profile{}, load.Options{})
		if err != nil {
			t.Fatal(err)
		}
		last := got.Points[len(got.Points)-1]
		if !got.Stopped || got.Devices != 10 || got.FirstLimit != reports.LimitStopped ||
			last.Limit != reports.LimitStopped || last.OK {
			t.Errorf("%+v", got)
		}
	})
}
