package load

import (
	"runtime"
	"sync/atomic"
	"time"
)

// limiter limits requests in flight, since each extra one slows the others on this
// machine. The limit doubles, up to the most, while the server is slow; a stall of
// this process must not count as that. It hands out the slots of jobs, the one used
// last first: that one is still in the processor's cache.
type limiter struct {
	max, limit  int
	inFlight    int     // requests that were granted and are not booked yet
	free        []int32 // that are free
	meanService int64   // what requests took of late
	lastFast    int64   // when that was last little
	lastAsked   int64   // when the Pacer last asked
	lastSlow    int64   // when the server was last why requests waited here
	busy        atomic.Bool
}

const (
	firstLimit = 64
	slowAnswer = int64(5 * time.Millisecond)
	slowFor    = 4 * slowAnswer
)

func newLimiter(most int) *limiter {
	g := &limiter{max: most, limit: min(firstLimit, most), free: make([]int32, most)}
	for i := range g.free {
		g.free[i] = int32(most - 1 - i)
	}
	return g
}

// allow reports whether another request may be granted. A long time in which the
// Pacer did not ask, although it does at least every five milliseconds while it
// waits, says nothing of the server.
func (g *limiter) allow(now int64) bool {
	if pause := now - g.lastAsked; pause > slowFor {
		g.lastFast = min(g.lastFast+pause, now)
	}
	g.lastAsked = now
	if g.inFlight < g.limit {
		return true
	}
	if g.limit == g.max || g.busy.Load() || now-g.lastFast <= slowFor {
		return false
	}
	g.limit = min(2*g.limit, g.max)
	g.lastFast, g.lastSlow = now, now
	return true
}

// worthWaking reports whether enough may be granted to wake the Pacer: a few at a
// time cost less. With the most in flight the server is what is waited for, and
// every place counts.
func (g *limiter) worthWaking() bool {
	return g.limit == g.max || g.limit-g.inFlight >= g.limit/8
}

// acquire gives a granted request its place.
func (g *limiter) acquire() (place int32) {
	last := len(g.free) - 1
	place, g.free = g.free[last], g.free[:last]
	return place
}

// release takes the place of a request that is booked.
func (g *limiter) release(place int32, sent, received int64) {
	if g.inFlight == g.max && !g.busy.Load() {
		g.lastSlow = received
	}
	g.inFlight--
	g.free = append(g.free, place)
	if g.meanService += (received - sent - g.meanService) / 16; g.meanService <= slowAnswer {
		g.lastFast = received
	}
}

// busyShare of the processors' time is what this process takes when it has no
// more to give.
const busyShare = 0.9

// watch looks how busy this machine's processors are, until done.
func (g *limiter) watch(done <-chan struct{}) {
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
