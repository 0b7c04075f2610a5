package load

import (
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/load/internal/wire"
)

// schedule decides which device acts when. It is vegeta's Pacer: the wait for
// the next device that is due, and for the limiter, happens inside Pace.
type schedule struct {
	began   time.Time
	ends    int64   // nanoseconds; nothing is sent from then on
	perTick float64 // requests in one tick, at most; below 1, one in several
	alarm   wire.Alarm
	freed   chan struct{} // a request has ended, for a Pacer that waits for the limiter
	check   *time.Ticker  // it asks the limiter again, if nothing ends
	idle    bool          // the ticker stands still

	mu      sync.Mutex
	limiter *limiter
	blocked bool // the Pacer waits for the limiter
	wheel   *wheel
	ready   list
	waiting int     // devices in ready
	granted int     // hits that were granted and have not taken their device yet
	quota   float64 // hits that may still be granted in the tick
	tick    int64   // the last one in which a hit was granted
	armed   int64   // the tick the sleeper wakes in
	stopped bool
	taken   uint64 // devices so far
	planned int64  // latest intended time among them
}

func newSchedule(
	all []device, began time.Time, duration time.Duration, maxRate, maxInFlight int, w wire.Alarm,
) *schedule {
	perTick := float64(maxRate) * time.Duration(tick).Seconds()
	s := &schedule{began: began, ends: int64(duration), perTick: perTick, quota: perTick + 1, alarm: w,
		wheel: newWheel(all), ready: list{none, none},
		limiter: newLimiter(maxInFlight), freed: make(chan struct{}, 1), check: time.NewTicker(time.Hour), idle: true}
	s.check.Stop()
	return s
}

func (s *schedule) now() int64 { return int64(time.Since(s.began)) }

// put schedules a device by its due time.
func (s *schedule) put(i int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := s.wheel.add(i); at < s.armed {
		s.wakeAt(at)
	}
}

// Pace waits until a device is due and grants its hit. It stops the attack at
// the end of the run.
func (s *schedule) Pace(time.Duration, uint64) (time.Duration, bool) {
	for {
		s.mu.Lock()
		now := s.now()
		if s.stopped || now >= s.ends {
			s.mu.Unlock()
			s.check.Stop()
			return 0, true
		}
		if s.grant(now) {
			s.mu.Unlock()
			return 0, false
		}
		if s.blocked = s.waiting > s.granted && s.quota >= 1; s.blocked {
			s.mu.Unlock()
			s.waitAtLimiter()
			continue
		}
		s.wakeAt(s.nextWake(now))
		s.mu.Unlock()
		if !s.idle {
			s.check.Stop()
			s.idle = true
		}
		s.alarm.Wait()
	}
}

// waitAtLimiter waits for the end of a request, or until the server counts as slow.
func (s *schedule) waitAtLimiter() {
	if s.idle {
		s.check.Reset(time.Duration(slowAnswer))
		s.idle = false
	}
	select {
	case <-s.freed:
	case <-s.check.C:
	}
}

// done frees the slot of a request that has ended.
func (s *schedule) done(place int32, sent, received int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limiter.release(place, sent, received)
	if s.blocked && s.limiter.worthWaking() {
		s.unblock()
	}
}

// unblock lets a Pacer that waits for the limiter ask again.
func (s *schedule) unblock() {
	s.blocked = false
	select {
	case s.freed <- struct{}{}:
	default:
	}
}

// grant reports whether a device that is due may be sent off now.
func (s *schedule) grant(now int64) bool {
	if at := now / tick; at > s.tick {
		s.quota = min(s.quota+float64(at-s.tick)*s.perTick, s.perTick+1) // what is left of a whole request is kept
		s.tick = at
	}
	if s.waiting == s.granted {
		s.waiting += s.wheel.take(now/tick, &s.ready)
	}
	if s.waiting == s.granted || s.quota < 1 || !s.limiter.allow(now) {
		return false
	}
	s.limiter.inFlight++
	s.granted++
	s.quota--
	return true
}

// nextWake is the tick in which there is something to do again.
func (s *schedule) nextWake(now int64) int64 {
	if s.waiting > s.granted { // held up by the rate
		return now/tick + 1
	}
	at, ok := s.wheel.next()
	if end := ceilTick(s.ends); !ok || at > end {
		return end
	}
	return at
}

func (s *schedule) wakeAt(at int64) {
	s.armed = at
	s.alarm.Set(time.Duration(at*tick - s.now()))
}

// turn is a device whose time has come.
type turn struct {
	device   int32
	seq      uint64 // how many came before
	intended int64  // nanoseconds of the run
	planned  int64  // the latest intended time up to here
	slot     int32  // for its request
	lastSlow int64  // when the server was last why requests waited for the limiter
}

// take hands out the device of a granted hit.
func (s *schedule) take() turn {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.ready.pop(s.wheel.all)
	s.waiting--
	s.granted--
	t := turn{device: i, seq: s.taken, intended: ceilTick(s.wheel.all[i].due) * tick, slot: s.limiter.acquire(),
		lastSlow: s.limiter.lastSlow}
	s.taken++
	s.planned = max(s.planned, t.intended)
	t.planned = s.planned
	return t
}

// stop ends the attack as soon as possible.
func (s *schedule) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	s.unblock()
	s.alarm.Set(0)
}

// Rate is for vegeta's reports of pacers alone.
func (s *schedule) Rate(time.Duration) float64 { return 0 }
