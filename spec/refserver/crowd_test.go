package refserver

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// long skips a test that is not meant for every day.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv("DFCHECK_LONG") == "" {
		t.Skip("minutes: DFCHECK_LONG=1, as in make test-long")
	}
}

// heap is how much memory is in use, in MB.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) >> 20
}

// lives leads two codes through their lives while others crowd the server: one is
// approved and gives tokens once, however many ask for them, the other expires. wait
// lasts for an interval at least, and for a part of a lifetime of which there are parts.
func (d device) lives(parts int, wait func()) {
	d.Helper()
	code, user := d.start()
	dying, _ := d.start()
	d.says(code, spec.ErrAuthorizationPending)
	wait()
	if status := d.decide(user, "approve"); status != http.StatusOK {
		d.Fatalf("approve: %d", status)
	}
	wait()
	var tokens atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if d.poll(code).Code == http.StatusOK {
				tokens.Add(1)
			}
		})
	}
	all.Wait()
	if n := tokens.Load(); n != 1 {
		d.Fatalf("%d of 8 polls got tokens, want 1", n)
	}
	d.says(code, spec.ErrInvalidGrant)
	for range parts - 2 {
		wait()
	}
	d.says(dying, spec.ErrExpiredToken)
}

func TestStarts(t *testing.T)     { manyStarts(t, 10, 100) }
func TestStartsLong(t *testing.T) { long(t); manyStarts(t, 50, 10_000) }

// manyStarts sends ten rounds of device authorization requests in the course of each of
// some lives. The server forgets what is over, and needs no more room at the end than
// after a while.
func manyStarts(t *testing.T, lives, round int) {
	synctest.Test(t, func(t *testing.T) {
		const pause = 2 * time.Second
		d := device{t, New(Config{Contract: "rfc8628", Decisions: true, Interval: time.Second, Lifetime: 10 * pause})}
		sent := 0
		crowd := func() {
			for range round {
				if w := d.post(d.s.contract.Start.Path, "client_id", "dfcheck"); w.Code != http.StatusOK {
					t.Fatalf("device authorization request %d: %d %s", sent, w.Code, w.Body)
				}
				sent++
			}
			time.Sleep(pause)
		}
		first, _ := d.start()
		var early int64
		for i := range lives {
			d.lives(10, crowd)
			if i == lives/5 {
				early = heap()
			}
		}
		d.says(first, spec.ErrInvalidGrant) // it is forgotten
		// Codes are known for two lifetimes, and for a while until their turn comes.
		if held, most := d.s.grants.held.Load(), int64(40*round); held > most {
			t.Errorf("%d grants are held after %d, want at most %d", held, sent, most)
		}
		if typed, held := len(d.s.grants.typed.grants), d.s.grants.held.Load(); int64(typed) > held {
			t.Errorf("%d user codes are known, of %d grants", typed, held)
		}
		late := heap()
		t.Logf("%d device authorization requests: %d MB after a fifth of them, %d MB at the end", sent, early, late)
		if late > early+early/2+16 {
			t.Errorf("%d MB after %d device authorization requests, %d MB after a fifth of them", late, sent, early)
		}
	})
}

func TestUnknownCodes(t *testing.T)     { manyUnknown(t, 12_000) }
func TestUnknownCodesLong(t *testing.T) { long(t); manyUnknown(t, 2_000_000) }

// manyUnknown floods the server with device codes that it never gave, from as many
// addresses and from one. That one is held up; nothing is left behind, and who has a code
// is served.
func manyUnknown(t *testing.T, n int) {
	inBubble(t, Config{Contract: "rfc8628", Decisions: true, Interval: time.Second, Lifetime: 20 * time.Second,
		GuessLimit: 120}, func(d device) {
		guess := func(from string) int {
			r := formPost(d.s.contract.Token.Path, url.Values{"grant_type": {spec.GrantDeviceCode},
				"device_code": {random(32)}, "client_id": {"dfcheck"}}.Encode())
			r.RemoteAddr = from
			w := httptest.NewRecorder()
			d.s.ServeHTTP(w, r)
			return w.Code
		}
		before, sent := heap(), 0
		d.lives(10, func() {
			held := 0
			for i := range n / 10 {
				if code := guess(fmt.Sprintf("[2001:db8::%x:%x]:1", sent>>16, sent&0xffff)); code != http.StatusBadRequest {
					d.Fatalf("an unknown code is answered %d", code)
				}
				if sent++; i < 1000 && guess("[2001:db9::1]:1") == http.StatusTooManyRequests {
					held++
				}
			}
			if held < min(n/10, 1000)-3*120 { // a full table is emptied
				d.Errorf("the one who guesses most was held up %d times", held)
			}
			time.Sleep(2 * time.Second)
		})
		if known := len(d.s.misses.wrong); known > maxKeys {
			d.Errorf("%d addresses are known", known)
		}
		after := heap()
		d.Logf("%d unknown codes: %d MB before, %d MB after", n, before, after)
		if after > before+32 {
			d.Errorf("%d MB, before %d MB", after, before)
		}
	})
}

func TestTwiceItsCapacity(t *testing.T) {
	t.Parallel()
	overload(t, time.Second, 4, 64)
}

func TestTwiceItsCapacityLong(t *testing.T) { long(t); overload(t, time.Minute, 10, 512) }

// overload offers twice the requests that the server can answer, over sockets and
// whether or not it keeps up: polls that are too fast, unknown codes, device
// authorization requests. Meanwhile codes live as always, and memory stays bounded.
func overload(t *testing.T, lasts time.Duration, parts, connections int) {
	s := New(Config{Contract: "rfc8628", Decisions: true, Interval: time.Second,
		Lifetime: time.Duration(parts) * time.Second})
	server := httptest.NewServer(s)
	defer server.Close()
	d := device{t, s}
	c := newCrowd(d, server.URL, connections)
	defer c.client.CloseIdleConnections()
	capacity := c.closed(2*runtime.GOMAXPROCS(0), lasts/20)
	if capacity == 0 {
		t.Fatal("the server serves nobody")
	}
	before := heap()
	c.answered.Store(0)
	over := make(chan struct{})
	go func() { defer close(over); c.open(2*capacity, lasts) }()
	most := int64(0)
	for began := time.Now(); ; {
		d.lives(parts, func() {
			time.Sleep(1100 * time.Millisecond)
			most = max(most, heap())
		})
		if time.Since(began) >= lasts {
			break
		}
	}
	<-over
	t.Logf("%d a second can be answered; of %d offered %d were answered, %d were not in two seconds, %d were not sent; "+
		"%d MB before, at most %d MB", capacity, c.offered, c.answered.Load(), c.late.Load(), c.unsent, before, most)
	if served := c.answered.Load(); served*10 < int64(float64(capacity)*lasts.Seconds()) {
		t.Errorf("%d were answered in %s, at a capacity of %d a second", served, lasts, capacity)
	}
	if most > before+1024 {
		t.Errorf("%d MB, before %d MB", most, before)
	}
}

// A crowd sends requests over sockets.
type crowd struct {
	client   *http.Client
	urls     []string
	bodies   []func() string
	turn     atomic.Uint64
	answered atomic.Int64
	late     atomic.Int64
	offered  int
	unsent   int // because too many were in flight
}

func newCrowd(d device, base string, connections int) *crowd {
	waiting, _ := d.start()
	start, token := base+d.s.contract.Start.Path, base+d.s.contract.Token.Path
	poll := "client_id=dfcheck&grant_type=" + url.QueryEscape(spec.GrantDeviceCode) + "&device_code="
	return &crowd{
		client: &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{MaxConnsPerHost: connections,
			MaxIdleConnsPerHost: connections}},
		urls: []string{token, token, token, start},
		bodies: []func() string{func() string { return poll + waiting }, func() string { return poll + waiting },
			func() string { return poll + random(32) }, func() string { return "client_id=dfcheck" }},
	}
}

// send sends the next request.
func (c *crowd) send() {
	i := c.turn.Add(1) % uint64(len(c.urls))
	resp, err := c.client.Post(c.urls[i], string(spec.Form), strings.NewReader(c.bodies[i]()))
	if err != nil {
		c.late.Add(1)
		return
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	c.answered.Add(1)
}

// closed is how many requests a second are answered to n that each wait for their answer.
func (c *crowd) closed(n int, lasts time.Duration) int {
	began := time.Now()
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			for time.Since(began) < lasts {
				c.send()
			}
		})
	}
	all.Wait()
	return int(float64(c.answered.Load()) / time.Since(began).Seconds())
}

// open sends a number of requests each second, whether or not they are answered. It ends
// when all have ended.
func (c *crowd) open(rate int, lasts time.Duration) {
	const mostInFlight = 20_000
	var inFlight atomic.Int64
	var all sync.WaitGroup
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < lasts; <-tick.C {
		for due := int(float64(rate) * time.Since(began).Seconds()); c.offered < due; c.offered++ {
			if inFlight.Load() >= mostInFlight {
				c.unsent++
				continue
			}
			inFlight.Add(1)
			all.Go(func() { defer inFlight.Add(-1); c.send() })
		}
	}
	all.Wait()
}
