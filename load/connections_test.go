package load

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// witnessed is a reference server that knows which connection carried which
// polls. A connection is not known by its port: the next may have it again.
func witnessed(t *testing.T) (tg Target, codes func() map[net.Conn]map[string]bool) {
	t.Helper()
	type carrier struct{}
	var mu sync.Mutex
	seen := map[net.Conn]map[string]bool{} // device codes by connection
	inner := refserver.New(refserver.Config{Interval: time.Second, Decisions: true})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		c := r.Context().Value(carrier{}).(net.Conn)
		mu.Lock()
		if seen[c] == nil {
			seen[c] = map[string]bool{}
		}
		if form, err := url.ParseQuery(string(body)); err == nil && form.Has("device_code") {
			seen[c][form.Get("device_code")] = true
		}
		mu.Unlock()
		inner.ServeHTTP(w, r)
	}))
	server.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, carrier{}, c)
	}
	server.Start()
	tg = targetAt(t, server)
	tg.Approver = nil
	return tg, func() map[net.Conn]map[string]bool {
		mu.Lock()
		defer mu.Unlock()
		return seen
	}
}

// The three ways to connect: devices share connections, each keeps one, or each
// request has one.
func TestConnectionModes(t *testing.T) {
	const devices = 40
	for mode, holds := range map[string]func(connections, most int, requests uint64) bool{
		profile.Pooled:    func(n, most int, _ uint64) bool { return n < devices && most > 1 },
		profile.PerDevice: func(n, most int, _ uint64) bool { return n == devices && most == 1 },
		// one more than those of the crowd: the preflight's
		profile.PerRequest: func(n, most int, requests uint64) bool { return uint64(n) == requests+1 },
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			tg, codes := witnessed(t)
			l := run(t, tg, &profile.Profile{Devices: devices, Duration: profile.Duration(4500 * time.Millisecond),
				Connections: profile.Connections{Mode: mode},
				Arrivals:    profile.Arrivals{Kind: "ramp", Over: profile.Duration(time.Second)}})
			most := 0
			for _, c := range codes() {
				most = max(most, len(c))
			}
			if l.ErrorRate != 0 || l.Requests.Polls < 2*devices || !holds(len(codes()), most, l.Requests.Total()) {
				t.Errorf("%d connections, at most %d devices on one, %d requests, %+v", len(codes()), most,
					l.Requests.Total(), l.Outcomes)
			}
		})
	}
}

// Flows that are over keep no connections.
func TestNoConnectionAfterTheEnd(t *testing.T) {
	t.Parallel()
	delay := profile.Delay{Median: profile.Duration(100 * time.Millisecond)}
	p := (&profile.Profile{Devices: 20, Duration: profile.Duration(4 * time.Second),
		Connections: profile.Connections{Mode: profile.PerDevice},
		Groups:      []profile.Group{{People: profile.People{Approve: 1, Delay: delay}}}}).WithDefaults()
	c, err := newSimulation(t.Context(), target(t), p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.transport.Close()
	defer c.schedule.alarm.Close()
	complete, err := c.run(t.Context(), p, Options{})
	open, made := c.transport.Connections()
	if err != nil || !complete || c.active.Load() != 0 || made < 20 || open != 0 {
		t.Errorf("%d flows in flight, %d connections of %d: %v", c.active.Load(), open, made, err)
	}
}

// More connections than this machine has ports are refused before the run.
func TestRoomFor(t *testing.T) {
	if err := roomFor(200, true); err != nil {
		t.Error(err)
	}
	alone, ok := errors.AsType[*NotReady](roomFor(10_000_000, false))
	both, same := errors.AsType[*NotReady](roomFor(10_000_000, true))
	if !ok || !same || alone.Hint == both.Hint {
		t.Errorf("ten million connections: %v, with an embedded server: %v", alone, both)
	}
}

// Where a proxy leads to the server, net/http goes through it.
func TestThroughAProxy(t *testing.T) {
	t.Parallel()
	tg := target(t)
	var through sync.Map
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		through.Store(r.URL.String(), true)
		r.RequestURI = ""
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		for name := range resp.Header {
			w.Header().Set(name, resp.Header.Get(name))
		}
		w.WriteHeader(resp.StatusCode)
		io.Copy(w, resp.Body)
	}))
	t.Cleanup(proxy.Close)
	at, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	tg.Proxy = http.ProxyURL(at)
	l := run(t, tg, crowdOf(20))
	_, starts := through.Load(tg.StartURL)
	_, polls := through.Load(tg.TokenURL)
	if l.ErrorRate != 0 || l.Devices.Pending != 0 || !starts || !polls {
		t.Errorf("starts through the proxy: %v, polls: %v, %+v", starts, polls, l.Outcomes)
	}
	p := crowdOf(1)
	p.Connections.Mode = profile.PerDevice
	if _, err := Run(t.Context(), tg, p, Options{}); err == nil || !strings.Contains(err.Error(), "proxy") {
		t.Errorf("a connection for each device through a proxy: %v", err)
	}
}
