package limits

import (
	"context"
	"time"
)

// fineness is into how many steps a wait is cut: the instant at which a limiter serves
// again is known to about that share of it.
const fineness = 30

// Once it has served again so often, fewer steps do: what counts is the time from the
// first to the last.
const (
	enoughFine = 8
	coarse     = 6
)

// recover asks again and again, ever more seldom, until it is served. It returns
// errHeld when that takes longer than maxWait.
func (m *measurement) recover(ctx context.Context) error {
	began, fine := m.next, fineness
	if m.recovered++; m.recovered > enoughFine {
		fine = coarse
	}
	for {
		waited := time.Since(began)
		if waited > m.maxWait {
			return errHeld
		}
		step := max(m.gap, waited/fineness, m.lastWait/time.Duration(fine))
		if at := time.Now().Add(step); at.After(m.next) {
			m.next = at
		}
		before := time.Now()
		ok, err := m.one(ctx)
		if err != nil {
			return err
		}
		if ok {
			m.marks[len(m.marks)-1].late = time.Since(before)
			m.lastWait = time.Since(began)
			return nil
		}
	}
}

// drain sends one request after the other until one is refused, most at the most.
func (m *measurement) drain(ctx context.Context, most int) (n int, err error) {
	for n < most {
		ok, err := m.one(ctx)
		if err != nil || !ok {
			return n, err
		}
		n++
	}
	return n, nil
}

// lasting is for how many gaps between requests a limiter is watched at least: times
// are known to a gap.
const lasting = 50

// cycles follows a limiter that refuses, and has served so many at first, until its rate
// can be told: until as many were served again in groups and there was one more wait, or
// twice as many one by one, or for twice maxWait. The marks of interest are those from
// the returned one on.
func (m *measurement) cycles(ctx context.Context, first int) (from int, err error) {
	if err := m.recover(ctx); err != nil {
		return 0, err
	}
	from = len(m.marks) - 1
	since, got := time.Now(), 1
	for enough := 2 * first; ; got++ {
		n, err := m.drain(ctx, max(2*first, lasting))
		if err != nil {
			return from, err
		}
		if n > 0 {
			enough, m.lastWait = first, 0 // each wait for a group is measured by itself
		}
		if err := m.recover(ctx); err != nil {
			return from, err
		}
		got += n
		lasted := time.Since(since)
		if lasted >= lasting*m.gap && (got >= enough || lasted >= 2*m.maxWait) {
			return from, nil
		}
	}
}

// renews tells a window that begins again as a whole from one that slides: half of it is
// used up at its beginning and the other half later, and both when the first half has
// just become old. All of the window was used up at an instant.
func (m *measurement) renews(ctx context.Context, n int, window time.Duration, used time.Time) (bool, error) {
	began := used.Add(window + time.Duration(n)*m.gap + window/30)
	part := func(n int, share float64) (int, error) {
		m.next = began.Add(time.Duration(share * float64(window)))
		return m.drain(ctx, n)
	}
	half := (n + 1) / 2
	first, err := part(half, 0)
	if err != nil {
		return false, err
	}
	if _, err := part(n-half, 0.5); err != nil {
		return false, err
	}
	again, err := part(n, 1.1)
	return 2*again > n+first, err
}

// quiet finds out how long nothing must come before a limiter serves again, which a
// request that it refuses keeps from doing so. It returns errHeld where maxWait does
// not do.
func (m *measurement) quiet(ctx context.Context, most int) (time.Duration, error) {
	short, long := time.Duration(0), time.Second
	try := func(wait time.Duration) (bool, error) {
		m.next = time.Now().Add(wait)
		return m.one(ctx)
	}
	for {
		ok, err := try(long)
		if err != nil {
			return 0, err
		}
		if ok {
			break
		}
		if short = long; short >= m.maxWait {
			return 0, errHeld
		}
		long = min(2*long, m.maxWait)
	}
	for long-short > long/10 {
		if _, _, err := m.burst(ctx, most); err != nil {
			return 0, err
		}
		ok, err := try((short + long) / 2)
		switch {
		case err != nil:
			return 0, err
		case ok:
			long = (short + long) / 2
		default:
			short = (short + long) / 2
		}
	}
	return (short + long) / 2, nil
}
