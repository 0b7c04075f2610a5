package load

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// What each kind of device does after each kind of error (RFC 8628 section 3.5).
func TestFailing(t *testing.T) {
	const s = int64(time.Second)
	start, poll := device{state: starting}, device{state: polling}
	for _, tt := range []struct {
		name    string
		onError string
		d       device
		e       event
		state   state
		due     int64 // 0: never again in this flow
	}{
		{"no answer: every device backs off", profile.Leave, poll, event{outcome: wire.TimedOut}, polling, 20 * s},
		{"a refused connection is no answer", profile.Restart, poll,
			event{outcome: wire.ConnectionFailed}, polling, 20 * s},
		{"the second in a row doubles the wait", profile.Retry, device{state: polling, backoff: 1},
			event{outcome: wire.TimedOut}, polling, 30 * s},
		{"the wait has a bound", profile.Retry, device{state: polling, backoff: 9, endsMS: 1e7},
			event{outcome: wire.TimedOut}, polling, 330 * s},
		{"5xx: the same poll again", profile.Retry, poll, event{outcome: wire.HTTP5xx}, polling, 20 * s},
		{"5xx: another flow", profile.Restart, poll, event{outcome: wire.HTTP5xx}, failed, 20 * s},
		{"5xx: gone", profile.Leave, poll, event{outcome: wire.HTTP5xx}, failed, 0},
		{"nonsense is like 5xx", profile.Retry, poll, event{outcome: wire.Malformed}, polling, 20 * s},
		{"a longer Retry-After is obeyed", profile.Retry, poll,
			event{outcome: wire.HTTP4xx, retryAfter: 40 * s}, polling, 50 * s},
		{"by those that restart, too", profile.Restart, poll,
			event{outcome: wire.HTTP4xx, retryAfter: 40 * s}, failed, 50 * s},
		{"a shorter one changes nothing", profile.Retry, poll,
			event{outcome: wire.HTTP4xx, retryAfter: s}, polling, 20 * s},
		{"slow_down may ask for more, too", profile.Restart, poll,
			event{outcome: wire.SlowDown, retryAfter: 40 * s}, polling, 50 * s},
		{"an OAuth error: no more polls of this code", profile.Retry, poll,
			event{outcome: wire.OAuthError}, failed, 20 * s},
		{"after the end of the code nothing is polled", profile.Retry, device{state: polling, endsMS: 1000},
			event{outcome: wire.TimedOut}, expired, 0},
		{"a start is asked for again", profile.Restart, start, event{outcome: wire.HTTP5xx}, starting, 20 * s},
		{"and by those that leave when nothing came", profile.Leave, start,
			event{outcome: wire.TimedOut}, starting, 20 * s},
		{"a refused start is the end of a flow", profile.Restart, start,
			event{outcome: wire.OAuthError}, failed, 20 * s},
		{"slow_down to a start is a refusal", profile.Restart, start, event{outcome: wire.SlowDown}, failed, 20 * s},
	} {
		d := tt.d
		d.interval, tt.e.received = 5, 10*s
		if d.endsMS == 0 {
			d.endsMS = 90_000
		}
		got := d.after(&profile.Behaviour{SlowDown: profile.Obey, OnError: tt.onError}, tt.e)
		if got.state != tt.state || got.due != tt.due {
			t.Errorf("%s: state %d due %s, want state %d due %s", tt.name, got.state, time.Duration(got.due), tt.state,
				time.Duration(tt.due))
		}
	}
}

// Codes that come after errors are polled at their interval, and only an answer
// to a poll is the end of the errors in a row.
func TestBackoffOutlivesAStart(t *testing.T) {
	d, b := device{state: starting, interval: 5, backoff: 2},
		&profile.Behaviour{SlowDown: profile.Obey, OnError: profile.Restart}
	a := d.after(b, event{outcome: wire.Codes, interval: 1, lifetime: 60})
	if a.due != int64(time.Second) || d.backoff != 2 {
		t.Errorf("first poll after %s, %d errors in a row", time.Duration(a.due), d.backoff)
	}
	d.state = polling
	if d.after(b, event{outcome: wire.Pending}); d.backoff != 0 {
		t.Errorf("%d errors in a row after an answer", d.backoff)
	}
}

// every answers one request in n by itself.
func every(n int, answer http.HandlerFunc) refserver.Fault {
	return refserver.Fault{Name: fmt.Sprintf("every %d", n), Wrap: func(next http.Handler) http.Handler {
		var mu sync.Mutex
		seen := 0
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			mine := r.URL.Path != "/decision" && seen > 0 && seen%n == 0 // not the preflight
			if r.URL.Path != "/decision" {
				seen++
			}
			mu.Unlock()
			if mine {
				answer(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}}
}

// says answers with a status, a body and headers.
func says(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		if strings.HasPrefix(body, "{") {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func hangsUp(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }

// stalls is called in a bubble, and takes longer than the timeout.
func stalls(http.ResponseWriter, *http.Request) { time.Sleep(5 * time.Second) }

// troubles are servers that do not answer some requests, or all, as a flow needs.
var troubles = map[string]refserver.Fault{
	"none":               {},
	"500 for one in 3":   every(3, says(500, "no database")),
	"503 for all":        every(1, says(503, "<html>", "Retry-After", "3")),
	"429 for one in 2":   every(2, says(429, `{"error":"rate_limited"}`, "Retry-After", "2")),
	"403 of a firewall":  every(4, says(403, "<html>forbidden</html>")),
	"nonsense":           every(3, says(200, "ok")),
	"hangs up":           every(3, hangsUp),
	"stalls":             every(5, stalls),
	"refuses everything": every(1, says(400, `{"error":"invalid_grant"}`)),
	"denies at random":   every(7, says(400, `{"error":"access_denied"}`)),
}

// Whatever a server does, every device is in one state at the end, and every flow
// is over or in progress.
func TestEveryDeviceIsInOneState(t *testing.T) {
	for i, name := range append(profile.Names(), "") {
		for k, trouble := range slices.Sorted(maps.Keys(troubles)) {
			onError := []string{profile.Retry, profile.Restart, profile.Leave}[(i+k)%3]
			t.Run(name+"/"+trouble+"/"+onError, func(t *testing.T) {
				p := crowdOf(0)
				if name != "" {
					p = loaded(t, name)
				}
				p.Devices, p.Duration, p.Timeout = 15, profile.Duration(25*time.Second), profile.Duration(2*time.Second)
				p.Arrivals = profile.Arrivals{Kind: "ramp", Over: profile.Duration(10 * time.Second)}
				for i := range p.Groups {
					p.Groups[i].Behaviour.OnError = onError
				}
				inBubble(t, quick(troubles[trouble]), documented(t), p,
					func(t *testing.T, l *reports.Load) { addsUp(t, l) })
			})
		}
	}
}

func loaded(t *testing.T, name string) *profile.Profile {
	t.Helper()
	p, err := profile.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// addsUp holds what is true of the counts of every run.
func addsUp(t *testing.T, l *reports.Load) {
	t.Helper()
	d, s, o := l.Devices, l.States, l.Offered
	if s.Sum() != d.Simulated {
		t.Errorf("%d devices are in %d states: %+v", d.Simulated, s.Sum(), s)
	}
	if d.Started != d.Pending+d.Over() || d.Started < l.Outcomes.DeviceCode {
		t.Errorf("%d codes, and of the flows that started some are lost: %+v", l.Outcomes.DeviceCode, d)
	}
	if polls := s.Polling + s.BackingOff; s.Polling > d.Pending || d.Pending > polls {
		t.Errorf("%d flows are pending, and %d devices poll or will: %+v", d.Pending, polls, s)
	}
	kinds := map[string]uint64{}
	for _, s := range l.Timeline {
		sum := uint64(0)
		for kind, n := range s.ErrorsByKind {
			kinds[kind] += n
			sum += n
		}
		if sum != s.Errors {
			t.Errorf("second %d has %d errors, and by kind %v", s.Second, s.Errors, s.ErrorsByKind)
		}
	}
	all := uint64(0)
	for _, e := range l.Errors {
		all += e.Count
		if kinds[e.Kind] != e.Count || e.Exchange == "" || e.FirstSecond > e.LastSecond {
			t.Errorf("%+v, and in the time line %v", e, kinds)
		}
	}
	if all != l.Outcomes.Errors() {
		t.Errorf("%d errors, by kind %+v", l.Outcomes.Errors(), l.Errors)
	}
	if o.Requests != l.Requests.Total()+o.PutOff+o.Unsent || o.Carried != l.Requests.Total()-l.Outcomes.Errors() {
		t.Errorf("%+v of %d requests with %d errors", o, l.Requests.Total(), l.Outcomes.Errors())
	}
}

// With errors or without, N devices are asked for N requests an interval until
// the end: what is not sent is told.
func TestOfferedLoad(t *testing.T) {
	const devices, seconds = 20, 40
	for name, f := range troubles {
		for _, onError := range []string{profile.Retry, profile.Restart, profile.Leave} {
			t.Run(name+"/"+onError, func(t *testing.T) {
				const second = profile.Duration(time.Second)
				delay := profile.Delay{Kind: "uniform", Median: 2 * second}
				p := &profile.Profile{Devices: devices, Duration: seconds * second, Timeout: second,
					Arrivals: profile.Arrivals{Kind: "ramp", Over: second},
					Groups: []profile.Group{{People: profile.People{Approve: 1, Delay: delay},
						Behaviour: profile.Behaviour{RestartAfter: second, OnError: onError}}}}
				inBubble(t, quick(f), documented(t), p, func(t *testing.T, l *reports.Load) {
					addsUp(t, l)
					if l.Offered.PerSecond < devices*0.85 || l.Offered.PerSecond > devices*1.15 {
						t.Errorf("%.1f requests a second were offered, want about %d: %+v", l.Offered.PerSecond,
							devices, l.Offered)
					}
					t.Logf("%+v %+v", l.Offered, l.States)
				})
			})
		}
	}
}

// A device that is told to wait is not heard of before that.
func TestRetryAfterIsObeyed(t *testing.T) {
	for name, value := range map[string]func() string{
		"seconds": func() string { return "20" },
		"a date":  func() string { return time.Now().Add(20 * time.Second).UTC().Format(http.TimeFormat) },
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var polls []time.Time
			f := refserver.Fault{Wrap: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if !strings.HasSuffix(r.URL.Path, "/token") {
						next.ServeHTTP(w, r)
						return
					}
					mu.Lock()
					polls = append(polls, time.Now())
					mu.Unlock()
					says(429, strconv.Itoa(len(polls)), "Retry-After", value())(w, r)
				})
			}}
			p := &profile.Profile{Devices: 1, Duration: profile.Duration(55 * time.Second),
				Groups: []profile.Group{{Behaviour: profile.Behaviour{OnError: profile.Retry}}}}
			server := refserver.New(refserver.Config{Interval: time.Second, Decisions: true}, f)
			inBubble(t, server, documented(t), p, func(t *testing.T, l *reports.Load) {
				if len(polls) != 3 {
					t.Fatalf("%d polls, want one at 1, 21 and 41 s", len(polls))
				}
				for i, at := range polls[1:] {
					if wait := at.Sub(polls[i]); wait < 19*time.Second || wait > 21*time.Second {
						t.Errorf("poll %d came after %s", i+1, wait)
					}
				}
			})
		})
	}
}
