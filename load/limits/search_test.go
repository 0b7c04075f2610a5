package limits

import (
	"context"
	"math"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/reports/redact"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
	"github.com/dfcheck/dfcheck/spec/refserver/pipes"
)

// found searches the reference server with some limits, in a bubble.
func found(t *testing.T, server http.Handler, change ...func(*Search)) *reports.Limits {
	t.Helper()
	w := pipes.New()
	s := &http.Server{Handler: server}
	go s.Serve(w)
	defer s.Shutdown(context.Background())
	contract, err := spec.BuiltinContract("documented-v1")
	if err != nil {
		t.Fatal(err)
	}
	host := "http://127.0.0.1"
	tg := load.Target{Host: host, StartURL: host + contract.Start.Path, TokenURL: host + contract.Token.Path,
		Contract: contract, ClientID: "dfcheck", Scope: "openid", DeviceType: "tv", DeviceOS: "linux", Dial: w.Dial,
		Secrets: redact.New(nil)}
	second := tg
	second.ClientID = "dfcheck-other"
	search := Search{Target: tg, Second: &second, Source: w.From(net.IPv4(127, 0, 0, 2)), Rate: 100, Tries: 300,
		MaxWait: time.Minute, Progress: func(line string) { t.Log(line) }}
	for _, c := range change {
		c(&search)
	}
	out, err := search.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func limited(t *testing.T, limits ...string) http.Handler { return faulty(t, nil, limits...) }

// faulty is a server with faults and limits.
func faulty(t *testing.T, faults []refserver.Fault, limits ...string) http.Handler {
	t.Helper()
	cfg := refserver.Config{BaseURL: "http://127.0.0.1", Interval: 5 * time.Second, Lifetime: 30 * time.Minute,
		Decisions: true}
	for _, text := range limits {
		l, err := refserver.ParseLimit(text)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Limits = append(cfg.Limits, l)
	}
	return refserver.New(cfg, faults...)
}

// of is what was found of a kind of requests.
func of(t *testing.T, out *reports.Limits, kind string) reports.Limiter {
	t.Helper()
	i := slices.IndexFunc(out.Limiters, func(l reports.Limiter) bool { return l.Requests == kind })
	if i < 0 {
		t.Fatalf("nothing about %s", kind)
	}
	return out.Limiters[i]
}

// typist types codes at the server's back door for programs.
func typist(s *Search) {
	way := &http.Transport{DialContext: s.Target.Dial, DisableKeepAlives: true}
	s.Target.Approver = &approve.Reference{Client: &http.Client{Transport: way}, URL: s.Target.Host}
}

// near allows a tenth.
func near(got, want float64) bool { return math.Abs(got-want) <= want/10 }

// TestShapes: each shape of limiter is found, with its rate, its burst and its window
// within a tenth, and told from the others.
func TestShapes(t *testing.T) {
	for _, c := range []struct {
		limit     string
		perSecond float64
		burst     float64
		window    float64
		recovery  string
	}{
		{"bucket:burst=20", 0, 20, 0, reports.RecoversEvenly},
		{"fixed", 0, 0, 1, reports.RecoversInWindows},
		{"started", 0, 0, 1, reports.RecoversInWindows},
		{"sliding", 0, 0, 1, reports.RecoversSliding},
		{"counter", 0, 0, 0, reports.RecoversEvenly},
		{"lockout", 0, 0, 1, reports.RecoversInSilence},
	} {
		for _, size := range []struct {
			text string
			n    float64
			per  float64
		}{{"10/1s", 10, 1}, {"20/10s", 20, 10}, {"60/1m", 60, 60}, {"4/15s", 4, 15}} {
			for _, kind := range []string{"polls", "starts"} {
				limit := kind + ":address:" + size.text + ":" + c.limit
				t.Run(limit, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						out := found(t, limited(t, limit), func(s *Search) { s.MaxWait = 2 * time.Minute })
						name := map[string]string{"polls": reports.LimitedPolls, "starts": reports.LimitedStarts}[kind]
						l := of(t, out, name)
						burst := c.burst
						if burst == 0 {
							burst = size.n
						}
						if !l.Found || !near(l.PerSecond, size.n/size.per) || !near(float64(l.Burst), burst) ||
							!near(l.WindowSeconds, c.window*size.per) || l.Recovery != c.recovery {
							t.Errorf("%+v", l)
						}
						if !slices.Equal(l.Key, []string{keyAddress}) || len(l.NotCompared) > 0 {
							t.Errorf("key %q, not compared %q", l.Key, l.NotCompared)
						}
						if kind == "polls" && math.Abs(float64(out.PoliteDevices)-5*size.n/size.per) > max(1, size.n/size.per/2) {
							t.Errorf("%d polite devices, by %s", out.PoliteDevices, out.LimitedBy)
						}
					})
				})
			}
		}
	}
}

// TestKeys: a limiter is found whatever it counts by, and of several kinds of requests
// each its own.
func TestKeys(t *testing.T) {
	for limit, want := range map[string][]string{
		"starts:address:10/1s": {keyAddress}, "starts:client:10/1s": {keyClient},
		"starts:client+address:10/1s": {keyClient, keyAddress}, "polls:code:10/1s": {keyCode},
		"polls:client:10/1s": {keyClient}, "unknown:address:10/1s": {keyAddress}, "unknown:client:10/1s": {keyClient},
	} {
		t.Run(limit, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				kind := map[byte]string{'s': reports.LimitedStarts, 'p': reports.LimitedPolls,
					'u': reports.LimitedUnknown}[limit[0]]
				out := found(t, limited(t, limit))
				for _, l := range out.Limiters {
					unknown := l.Requests == reports.LimitedUnknown && limit == "polls:client:10/1s" // these are polls as well
					if l.Found != (l.Requests == kind || unknown) || l.Found && !slices.Equal(l.Key, want) {
						t.Errorf("%+v", l)
					}
				}
			})
		})
	}
}

// TestCovering: a limiter of all requests is measured once, and sets the number of
// devices by polls and new flows together.
func TestCovering(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := found(t, limited(t, "all:address:10/1s:bucket:burst=30"))
		for _, l := range out.Limiters {
			if !l.Found || !near(l.PerSecond, 10) || !near(float64(l.Burst), 30) {
				t.Errorf("%+v", l)
			}
		}
		if out.PoliteDevices < 45 || out.PoliteDevices > 55 || out.AtOnce != 30 || out.AtLeast {
			t.Errorf("%d polite devices, %d at once", out.PoliteDevices, out.AtOnce)
		}
	})
}

// TestNotFound: where nothing limits, no more is said than was tried.
func TestNotFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := found(t, limited(t), func(s *Search) { s.Tries = 40 })
		for _, l := range out.Limiters {
			if l.Found || l.Tried != 40 || l.TriedPerSecond > 140 {
				t.Errorf("%+v", l)
			}
		}
		if !out.AtLeast || out.PoliteDevices < 400 || out.Requests > 150 {
			t.Errorf("at least %d polite devices, %d requests", out.PoliteDevices, out.Requests)
		}
	})
}

// TestBelowThePace: a limit by code that the announced interval exceeds leaves room for nobody.
func TestBelowThePace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := found(t, limited(t, "polls:code:6/1m:started"), func(s *Search) { s.MaxWait = 2 * time.Minute })
		if out.PoliteDevices != 0 || out.AtLeast || !strings.Contains(strings.Join(out.Notes, "\n"), "is refused") {
			t.Errorf("%d polite devices: %q", out.PoliteDevices, out.Notes)
		}
	})
}

// TestTooSlow: a limiter that takes longer than the search waits is found without a rate.
func TestTooSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		out := found(t, limited(t, "polls:address:20/1h:fixed"), func(s *Search) { s.MaxWait = 10 * time.Second })
		l := of(t, out, reports.LimitedPolls)
		if !l.Found || l.PerSecond != 0 || l.Burst != 20 || l.Recovery != reports.RecoversNever ||
			!slices.Equal(l.Key, []string{keyAddress}) {
			t.Errorf("%+v", l)
		}
		if took := time.Since(began); took > 3*longWaits*10*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// TestClassify: what is a limiter's answer, and what the protocol's.
func TestClassify(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
		start  bool
		want   verdict
	}{
		{200, "", true, served}, {429, "", true, putOff}, {429, "slow_down", false, putOff},
		{400, "slow_down", true, putOff},
		{400, "slow_down", false, served}, {400, "authorization_pending", false, served}, {503, "", false, putOff},
		{403, "access_denied", false, served}, {403, "", false, putOff}, {400, "temporarily_unavailable", false, putOff},
		{500, "", false, broken}, {502, "", true, broken}, {400, "invalid_grant", false, served},
	} {
		if got := classify(c.status, c.code, c.start); got != c.want {
			t.Errorf("%d %q: %d", c.status, c.code, got)
		}
	}
}

// TestEntries: a limiter of the codes that people type, of each or of all from an
// address, and the one that the reference server has by itself.
func TestEntries(t *testing.T) {
	for _, c := range []struct {
		limit string
		burst float64
		per   float64
		key   []string
	}{
		{"entries:account:3/20s:started", 3, 20, []string{keyAccount}}, {"entries:address:4/20s:sliding", 4, 20, nil},
		{"", 20, 60, []string{keyAccount}},
	} {
		t.Run(c.limit, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var limits []string
				if c.limit != "" {
					limits = []string{c.limit}
				}
				out := found(t, limited(t, limits...), typist, func(s *Search) { s.MaxWait, s.Tries = 2*time.Minute, 40 })
				l := of(t, out, reports.LimitedEntries)
				if !l.Found || !near(float64(l.Burst), c.burst) || !near(l.WindowSeconds, c.per) || !slices.Equal(l.Key, c.key) {
					t.Errorf("%+v", l)
				}
			})
		})
	}
}

// TestSessions: a limit by session is told from one by account, also where both are there.
func TestSessions(t *testing.T) {
	unlimited, err := refserver.FaultNamed("guesses-not-counted") // by the server itself, and account
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		limits []string
		each   float64 // typed in a session each; 0: no limiter
		one    float64 // typed in one session
		key    string
	}{
		{[]string{"entries:session:5/20s:started"}, 0, 5, keySession},
		{[]string{"entries:account:8/20s:started"}, 8, 8, keyAccount},
		{[]string{"entries:session:4/20s:started", "entries:account:12/20s:started"}, 12, 4, keySession},
	} {
		t.Run(strings.Join(c.limits, " "), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				out := found(t, faulty(t, []refserver.Fault{unlimited}, c.limits...), typist,
					func(s *Search) { s.MaxWait, s.Tries = 2*time.Minute, 20 })
				each, one := of(t, out, reports.LimitedEntries), of(t, out, reports.LimitedStaying)
				if each.Found != (c.each > 0) || each.Found && !near(float64(each.Burst), c.each) {
					t.Errorf("a session each: %+v", each)
				}
				if !one.Found || !near(float64(one.Burst), c.one) || !near(one.WindowSeconds, 20) ||
					!slices.Equal(one.Key, []string{c.key}) {
					t.Errorf("one session: %+v", one)
				}
			})
		})
	}
}

// TestBehind: a limit by code hides none of all devices together, which sets their number;
// where it may, that is said.
func TestBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := found(t, limited(t, "polls:code:2/1s", "polls:address:8/1s"))
		if l := of(t, out, reports.LimitedPolls); !near(l.PerSecond, 2) || !slices.Equal(l.Key, []string{keyCode}) {
			t.Errorf("%+v", l)
		}
		if l := of(t, out, reports.LimitedSeveral); !near(l.PerSecond, 8) || !slices.Equal(l.Key, []string{keyAddress}) {
			t.Errorf("%+v", l)
		}
		if out.PoliteDevices < 36 || out.PoliteDevices > 44 || out.LimitedBy != reports.LimitedSeveral {
			t.Errorf("%d polite devices, by %s", out.PoliteDevices, out.LimitedBy)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		out := found(t, limited(t, "polls:code:2/1s", "starts:address:5/1h:fixed"),
			func(s *Search) { s.MaxWait = 10 * time.Second })
		l := of(t, out, reports.LimitedPolls)
		if !strings.Contains(strings.Join(l.Notes, "\n"), "would not show behind this one") {
			t.Errorf("%+v", l)
		}
	})
}
