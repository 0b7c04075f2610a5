package refserver

import (
	"cmp"
	"time"

	"golang.org/x/time/rate"
)

// A meter counts the requests of one sender. take counts one that may go on, and
// returns 0, or how long until one may.
type meter interface {
	take(now time.Time) time.Duration
}

// meters are the shapes that limiters have in the field, by their names.
var meters = map[string]func(Limit) meter{
	"bucket": func(l Limit) meter {
		return bucketMeter{rate.NewLimiter(rate.Limit(float64(l.N)/l.Per.Seconds()), cmp.Or(l.Burst, l.N))}
	},
	"fixed":   func(l Limit) meter { return &windowMeter{limit: l, clock: true} },
	"started": func(l Limit) meter { return &windowMeter{limit: l} },
	"sliding": func(l Limit) meter { return &slidingMeter{limit: l} },
	"counter": func(l Limit) meter { return &counterMeter{limit: l} },
	"lockout": func(l Limit) meter { return &lockoutMeter{windowMeter: windowMeter{limit: l}} },
}

// bucketMeter gets N tokens in each Per, up to Burst of them.
type bucketMeter struct{ *rate.Limiter }

func (b bucketMeter) take(now time.Time) time.Duration {
	r := b.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// windowMeter takes N requests in each Per of the clock, or in each that a request begins.
type windowMeter struct {
	limit Limit
	clock bool
	began time.Time
	count int
}

func (w *windowMeter) take(now time.Time) time.Duration {
	began := w.began
	if w.clock {
		began = now.Truncate(w.limit.Per)
	} else if now.Sub(began) >= w.limit.Per {
		began = now
	}
	if !began.Equal(w.began) {
		w.began, w.count = began, 0
	}
	if w.count >= w.limit.N {
		return w.began.Add(w.limit.Per).Sub(now)
	}
	w.count++
	return 0
}

// slidingMeter takes no more than N requests in any Per.
type slidingMeter struct {
	limit Limit
	taken []time.Time
}

func (s *slidingMeter) take(now time.Time) time.Duration {
	for len(s.taken) > 0 && now.Sub(s.taken[0]) >= s.limit.Per {
		s.taken = s.taken[1:]
	}
	if len(s.taken) >= s.limit.N {
		return s.taken[0].Add(s.limit.Per).Sub(now)
	}
	s.taken = append(s.taken, now)
	return 0
}

// counterMeter is a sliding window of two numbers: what lies behind in the window before
// is taken for even.
type counterMeter struct {
	limit        Limit
	began        time.Time
	before, here int
}

func (c *counterMeter) take(now time.Time) time.Duration {
	switch began := now.Truncate(c.limit.Per); {
	case began.Equal(c.began):
	case began.Equal(c.began.Add(c.limit.Per)):
		c.began, c.before, c.here = began, c.here, 0
	default:
		c.began, c.before, c.here = began, 0, 0
	}
	past := now.Sub(c.began).Seconds() / c.limit.Per.Seconds()
	room := float64(c.limit.N - c.here)
	if room > float64(c.before)*(1-past) {
		c.here++
		return 0
	}
	until := 1.0 // of the window
	if room > 0 {
		until = 1 - room/float64(c.before)
	}
	return max(time.Duration((until-past)*float64(c.limit.Per)), time.Millisecond)
}

// lockoutMeter refuses who sent more than N in a Per until nothing has come for a Per.
type lockoutMeter struct {
	windowMeter
	until time.Time
}

func (l *lockoutMeter) take(now time.Time) time.Duration {
	if now.Before(l.until) || l.windowMeter.take(now) > 0 {
		l.until, l.count = now.Add(l.limit.Per), 0
		return l.limit.Per
	}
	return 0
}
