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

func long(t *testing.T) {
	t.Helper()
	if os.Getenv("DFCHECK_LONG") == "" {
		t.Skip("minutes: DFCHECK_LONG=1, as in make test-long")
	}
}

// heap is how much memory is in use, in MB.
func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc >> 20)
}

// oneLife leads a code through its life while others crowd the server: approved, used
// once, and once alone.
func oneLife(d device, between func()) {
	d.Helper()
	code, user := d.start()
	d.says(code, spec.ErrAuthorizationPending)
	between()
	if status := d.decide(user, "approve"); status != http.StatusOK {
		d.Errorf("approve: %d", status)
	}
	between()
	d.says(code, "")
	d.says(code, spec.ErrInvalidGrant)
}

// Five million device authorizations, whose codes expire by and by: the server forgets
// those, keeps what lives, and needs no more memory at the end than at the beginning.
func TestStartsLong(t *testing.T) {
	long(t)
	synctest.Test(t, func(t *testing.T) {
		const rounds, each = 500, 10_000
		d := device{t, New(Config{Contract: "rfc8628", Decisions: true, Lifetime: 20 * time.Second})}
		starts := 0
		crowd := func() {
			for range each {
				if w := d.post(d.s.contract.Start.Path, "client_id", "dfcheck"); w.Code != http.StatusOK {
					t.Fatalf("start %d: %d %s", starts, w.Code, w.Body)
				}
				starts++
			}
			time.Sleep(2 * time.Second)
		}
		first, _ := d.start()
		for range 50 {
			crowd()
		}
		before := heap()
		for range rounds/2 - 25 {
			oneLife(d, crowd)
		}
		if after := heap(); after > before+before/2+16 {
			t.Errorf("%d MB after %d starts, %d MB before most of them", after, starts, before)
		}
		d.says(first, spec.ErrInvalidGrant) // it is forgotten
	})
}

// A store that is full refuses more, and keeps those that live.
func TestFullStoreLong(t *testing.T) {
	long(t)
	inBubble(t, Config{Contract: "rfc8628", Decisions: true, MostGrants: 50_000}, func(d device) {
		oneLife(d, func() {
			refused := 0
			for range 1_000_000 {
				if w := d.post(d.s.contract.Start.Path, "client_id", "dfcheck"); w.Code == http.StatusServiceUnavailable {
					refused++
				}
			}
			if refused < 900_000 {
				d.Errorf("%d of a million starts were refused", refused)
			}
			time.Sleep(11 * time.Minute)
			d.s.grants.full(time.Now(), d.s.is.normal)
		})
	})
}

// Unknown codes by the million leave nothing behind, and hold up nobody who has a code.
func TestUnknownCodesLong(t *testing.T) {
	long(t)
	d := device{t, New(Config{Contract: "rfc8628", Decisions: true, GuessLimit: 120})}
	before := heap()
	oneLife(d, func() {
		for i := range 2_000_000 {
			r := formPost(d.s.contract.Token.Path, url.Values{"grant_type": {spec.GrantDeviceCode},
				"device_code": {random(32)}, "client_id": {"dfcheck"}}.Encode())
			r.RemoteAddr = fmt.Sprintf("[2001:db8::%x:%x]:1", i>>16, i&0xffff)
			d.s.ServeHTTP(httptest.NewRecorder(), r)
		}
	})
	if after := heap(); after > before+64 {
		t.Errorf("%d MB, before %d MB", after, before)
	}
}

// At twice the load that it can carry, for a minute, the server goes on: nobody gets
// tokens twice, codes end in time, and memory stays.
func TestTwiceItsCapacityLong(t *testing.T) {
	long(t)
	d := device{t, New(Config{Contract: "rfc8628", Decisions: true, Interval: time.Second, Lifetime: 30 * time.Second,
		MostGrants: 100_000})}
	server := httptest.NewServer(d.s)
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 512}, Timeout: 20 * time.Second}
	start := func() error {
		resp, err := client.Post(server.URL+d.s.contract.Start.Path, string(spec.Form),
			strings.NewReader("client_id=dfcheck"))
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	var done atomic.Int64
	crowd := func(n int, lasts time.Duration) int64 {
		done.Store(0)
		until := time.Now().Add(lasts)
		var all sync.WaitGroup
		for range n {
			all.Go(func() {
				for time.Now().Before(until) {
					if start() == nil {
						done.Add(1)
					}
				}
			})
		}
		all.Wait()
		return done.Load()
	}
	capacity := crowd(runtime.GOMAXPROCS(0)*2, 3*time.Second) / 3
	if capacity == 0 {
		t.Fatal("the server serves nobody")
	}
	before := heap()
	over := make(chan int64)
	go func() { over <- crowd(512, time.Minute) }() // each waits for an answer: more than can be served
	for began := time.Now(); time.Since(began) < 50*time.Second; {
		oneLife(d, func() { time.Sleep(1100 * time.Millisecond) })
	}
	expiring, _ := d.start()
	time.Sleep(31 * time.Second)
	d.says(expiring, spec.ErrExpiredToken)
	served := <-over
	t.Logf("%d a second alone, %d a second in a crowd of 512; %d MB, then %d MB", capacity, served/60, before, heap())
	if served < 60*capacity/10 {
		t.Errorf("%d a second in a crowd, %d alone", served/60, capacity)
	}
	if after := heap(); after > before+512 {
		t.Errorf("%d MB, before %d MB", after, before)
	}
}
