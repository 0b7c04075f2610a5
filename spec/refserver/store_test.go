package refserver

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// What is over is forgotten while others start: what its device has heard of
// soon, where that is wished, the rest a while after its end.
func TestStoreForgets(t *testing.T) {
	for forget, want := range map[time.Duration]bool{0: false, 10 * time.Second: true} {
		s := newStore(time.Hour, forget, 1<<20)
		began := time.Now()
		n := 0
		start := func(at time.Duration) *grant {
			n++
			g := &grant{deviceCode: fmt.Sprint("code", n), userCode: fmt.Sprint("U", n), created: began.Add(at),
				expires: began.Add(at + time.Minute)}
			s.claim(g.userCode, g)
			s.add(g, func(code string) string { return code })
			return g
		}
		told, waiting := start(0), start(0)
		told.told = began.Add(time.Second)
		known := func(g *grant) bool { return s.find(g.deviceCode) == g && s.typedAs(g.userCode) == g }
		for range 1000 {
			start(12 * time.Second)
		}
		if known(told) == want || !known(waiting) {
			t.Errorf("forget %s: told %v, waiting %v", forget, known(told), known(waiting))
		}
		for range 2000 {
			start(2 * time.Hour)
		}
		if known(told) || known(waiting) {
			t.Errorf("forget %s: still known an hour after the end", forget)
		}
	}
}

// TestFlood: a flood of starts takes a bounded number of grants, those that are there
// keep their codes, and once they are over there is room again.
func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 100
		d := device{t, New(Config{MostGrants: most, Lifetime: time.Minute})}
		code, _ := d.start()
		refused := 0
		start := func() int {
			return d.post(d.s.contract.Start.Path, "client_id", "dfcheck", "device_type", "tv", "device_os", "linux").Code
		}
		for range 50 * most {
			if start() == http.StatusServiceUnavailable {
				refused++
			}
		}
		if held := d.s.grants.held.Load(); held != most || refused != 50*most-most+1 {
			t.Errorf("%d grants are held, and %d requests were refused", held, refused)
		}
		d.says(code, spec.ErrAuthorizationPending)
		time.Sleep(3 * time.Minute) // they have expired, and are known for as long again
		for tries := 0; start() != http.StatusOK; tries++ {
			if tries == 2*most {
				t.Fatal("there is never room again")
			}
		}
	})
}
