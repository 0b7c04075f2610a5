package load

import (
	"runtime"
	"sync/atomic"
	"time"
)

// limiter limits requests in flight, since each extra one slows the others on this
// machine. The limit doubles, up to the maximum, while the server is slow; a stall
// of this process must not count as that. It hands out slots, the one used last
// first: that one is still in the processor's cache.
type limiter struct {
	max, limit  int
	inFlight    int     // requests that were granted and have not ended
	free        []int32 // slots
	meanService int64   // nanoseconds that requests took, a moving average
	lastFast    int64   // when that was last below slowAnswer
	lastAsked   int64   // when the Pacer last asked
	lastSlow    int64   // when the server was last why requests waited
	busy        atomic.Bool
}

const (
	firstLimit = 64
	slowAnswer = int64(5 * time.Millisecond)
	slowFor    = 4 * slowAnswer
)

func newLimiter(maxInFlight int) *limiter {
	lim := &limiter{max: maxInFlight, limit: min(firstLimit, maxInFlight), free: make([]int32, maxInFlight)}
	for i := range lim.free {
		lim.free[i] = int32(maxInFlight - 1 - i)
	}
	return lim
}

// allow reports whether another request may be granted. A long time in which the
// Pacer did not ask, although it does at least every five milliseconds while it
// waits, says nothing of the server.
func (lim *limiter) allow(now int64) bool {
	if pause := now - lim.lastAsked; pause > slowFor {
		lim.lastFast = min(lim.lastFast+pause, now)
	}
	lim.lastAsked = now
	if lim.inFlight < lim.limit {
		return true
	}
	if lim.limit == lim.max || lim.busy.Load() || now-lim.lastFast <= slowFor {
		return false
	}
	lim.limit = min(2*lim.limit, lim.max)
	lim.lastFast, lim.lastSlow = now, now
	return true
}

// worthWaking reports whether enough may be granted to wake the Pacer: a few at a
// time cost less. At the maximum the server is what is waited for, and every
// slot counts.
func (lim *limiter) worthWaking() bool {
	return lim.limit == lim.max || lim.limit-lim.inFlight >= lim.limit/8
}

// acquire returns a slot for a granted request.
func (lim *limiter) acquire() (place int32) {
	last := len(lim.free) - 1
	place, lim.free = lim.free[last], lim.free[:last]
	return place
}

// release takes back the slot of a request that has ended.
func (lim *limiter) release(place int32, sent, received int64) {
	if lim.inFlight == lim.max && !lim.busy.Load() {
		lim.lastSlow = received
	}
	lim.inFlight--
	lim.free = append(lim.free, place)
	if lim.meanService += (received - sent - lim.meanService) / 16; lim.meanService <= slowAnswer {
		lim.lastFast = received
	}
}

// busyShare of the processors' time is what this process takes when it has no
// more to give.
const busyShare = 0.9

// watch measures how busy this machine's processors are, until done.
func (lim *limiter) watch(done <-chan struct{}) {
	t := time.NewTicker(200 * time.Millisecond)
	defer t.Stop()
	at, spent := time.Now(), usage().cpu
	for {
		select {
		case now := <-t.C:
			cpu := usage().cpu
			lim.busy.Store(cpu-spent > busyShare*now.Sub(at).Seconds()*float64(runtime.GOMAXPROCS(0)))
			at, spent = now, cpu
		case <-done:
			return
		}
	}
}
