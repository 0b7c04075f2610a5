package load

import (
	"runtime"
	"sync/atomic"
	"time"
)

// gate limits requests in flight, since each extra one slows the others on this
// machine. The limit doubles, up to the most, while the server is slow; a stall of
// this process must not count as that. It hands out the slots of jobs, the one used
// last first: that one is still in the processor's cache.
type gate struct {
	most, limit int
	flying      int     // requests that were granted and are not booked yet
	places      []int32 // that are free
	mean        int64   // what requests took of late
	quick       int64   // when that was last little
	looked      int64   // when the Pacer last asked
	slow        int64   // when the server was last why requests waited here
	busy        atomic.Bool
}

const (
	firstLimit = 64
	slowAnswer = int64(5 * time.Millisecond)
	slowFor    = 4 * slowAnswer
)

func newGate(most int) *gate {
	g := &gate{most: most, limit: min(firstLimit, most), places: make([]int32, most)}
	for i := range g.places {
		g.places[i] = int32(most - 1 - i)
	}
	return g
}

// open reports whether another request may be granted. A long time in which the
// Pacer did not ask, although it does at least every five milliseconds while it
// waits, says nothing of the server.
func (g *gate) open(now int64) bool {
	if pause := now - g.looked; pause > slowFor {
		g.quick = min(g.quick+pause, now)
	}
	g.looked = now
	if g.flying < g.limit {
		return true
	}
	if g.limit == g.most || g.busy.Load() || now-g.quick <= slowFor {
		return false
	}
	g.limit = min(2*g.limit, g.most)
	g.quick, g.slow = now, now
	return true
}

// worthwhile reports whether enough may be granted to wake the Pacer: a few at a
// time cost less. With the most under way the server is what is waited for, and
// every place counts.
func (g *gate) worthwhile() bool {
	return g.limit == g.most || g.limit-g.flying >= g.limit/8
}

// enter gives a granted request its place.
func (g *gate) enter() (place int32) {
	last := len(g.places) - 1
	place, g.places = g.places[last], g.places[:last]
	return place
}

// leave takes the place of a request that is booked.
func (g *gate) leave(place int32, sent, received int64) {
	if g.flying == g.most && !g.busy.Load() {
		g.slow = received
	}
	g.flying--
	g.places = append(g.places, place)
	if g.mean += (received - sent - g.mean) / 16; g.mean <= slowAnswer {
		g.quick = received
	}
}

// busyShare of the processors' time is what this process takes when it has no
// more to give.
const busyShare = 0.9

// watch looks how busy this machine's processors are, until done.
func (g *gate) watch(done <-chan struct{}) {
	t := time.NewTicker(200 * time.Millisecond)
	defer t.Stop()
	at, spent := time.Now(), usage().cpu
	for {
		select {
		case now := <-t.C:
			cpu := usage().cpu
			g.busy.Store(cpu-spent > busyShare*now.Sub(at).Seconds()*float64(runtime.GOMAXPROCS(0)))
			at, spent = now, cpu
		case <-done:
			return
		}
	}
}
