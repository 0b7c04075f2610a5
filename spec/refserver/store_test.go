package refserver

import (
	"fmt"
	"testing"
	"time"
)

// What is over is forgotten while others start: what its device has heard of
// soon, where that is wished, the rest a while after its end.
func TestStoreForgets(t *testing.T) {
	for forget, want := range map[time.Duration]bool{0: false, 10 * time.Second: true} {
		s := newStore(time.Hour, forget)
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
