package limits

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// kind of requests that may have a limiter.
type kind struct {
	name    string
	gap     time.Duration // between requests, at least
	ask     func(ctx context.Context) answer
	others  []other // that differ in a key
	related []other // of another kind, which the limiter may cover as well
	open    []string
}

// find looks for the limiter of a kind of requests. covering is that of another kind which
// refuses these as well, nil where there is none: it is not measured again. What was
// found stands in l, also when it ends with an error.
func (m *measurement) find(ctx context.Context, k kind, tries int, covering, l *reports.Limiter) error {
	m.began = time.Now()
	m.next = m.began
	n, over, err := m.burst(ctx, tries)
	l.Tried, l.TriedPerSecond = uint64(n), float64(n)/max(over.Seconds(), m.gap.Seconds())
	if err != nil || m.refuse == 0 {
		return err
	}
	l.Found, l.Status, l.Burst = true, m.first.status, uint64(n)
	if covering != nil && alike(float64(n+m.used), float64(covering.Burst)) {
		sameAs(l, covering)
		return nil
	}
	defer m.tellWaits(l)
	err = m.shape(ctx, n+m.used, l)
	if err != nil && !errors.Is(err, errHeld) {
		return err
	}
	return cmp.Or(m.keys(ctx, k, l), err)
}

// alike allows a tenth, and one.
func alike(a, b float64) bool { return math.Abs(a-b) <= max(b/10, 1) }

// shape finds out rate, burst and recovery of a limiter that has served so many at first.
func (m *measurement) shape(ctx context.Context, first int, l *reports.Limiter) error {
	for range repeats {
		from, err := m.cycles(ctx, first)
		if errors.Is(err, errHeld) {
			return m.lockedOut(ctx, first, l)
		}
		p := estimate(m.marks[from:])
		l.PerSecond = p.perSecond
		if err != nil {
			return err
		}
		if p.window == 0 {
			return m.ofBucket(ctx, first, l)
		}
		n, err := m.ofWindow(ctx, p, l)
		if err != nil || !grew(n, p.count) {
			return err
		}
		first = n // it was in use before: what came at several times comes back at several
	}
	return nil
}

// grew reports whether a window served more after a rest than it was taken for.
func grew(n, count int) bool { return n > count && (count <= 10 || !alike(float64(n), float64(count))) }

// repeats are how often a limiter is measured that turns out to have been in use.
const repeats = 3

// ofBucket measures how much is served after a rest.
func (m *measurement) ofBucket(ctx context.Context, first int, l *reports.Limiter) error {
	l.Recovery, l.Burst = reports.RecoversEvenly, uint64(first)
	for {
		full := time.Duration(rest * float64(first) / l.PerSecond * float64(time.Second))
		if full > 2*m.maxWait {
			break
		}
		m.next = time.Now().Add(full)
		n, over, err := m.burst(ctx, 3*first+lasting)
		if err != nil {
			return err
		}
		l.Burst = uint64(max(n-int(l.PerSecond*over.Seconds()), 1))
		if n <= first+1 {
			break
		}
		first = n
	}
	l.FullAfterSeconds = float64(l.Burst) / l.PerSecond
	return nil
}

// rest is how many times what it should take a limiter is given to recover in full:
// two counters that make a window remember twice its length.
const rest = 2.05

// ofWindow measures how much is served after a rest, which it returns, and how it comes
// back.
func (m *measurement) ofWindow(ctx context.Context, p pace, l *reports.Limiter) (int, error) {
	l.Burst, l.WindowSeconds, l.FullAfterSeconds = uint64(p.count), p.window.Seconds(), p.window.Seconds()
	l.Recovery = reports.RecoversInWindows
	m.next = m.began.Add(m.marks[len(m.marks)-1].at + time.Duration(rest*float64(p.window)))
	if err := sleep(ctx, m.next); err != nil {
		return 0, err
	}
	used := time.Now()
	n, _, err := m.burst(ctx, 3*p.count+lasting)
	if err != nil || grew(n, p.count) {
		return n, err
	}
	m.next = used.Add(max(p.window/3, time.Duration(n)*m.gap))
	early, err := m.one(ctx)
	switch {
	case err != nil:
		return n, err
	case early && time.Duration(n)*m.gap < p.window/8:
		return n, m.lockedOut(ctx, n, l)
	case time.Duration(n)*m.gap >= p.window/8:
		l.Notes = append(l.Notes, "a large part of the window goes by until it is used up at this rate: whether it slides "+
			"cannot be seen")
		return n, nil
	}
	renews, err := m.renews(ctx, p.count, p.window, used)
	if err == nil && !renews {
		l.Recovery = reports.RecoversSliding
	}
	return n, err
}

// lockedOut is a limiter that serves nothing as long as it is asked.
func (m *measurement) lockedOut(ctx context.Context, first int, l *reports.Limiter) error {
	l.Recovery, l.PerSecond, l.WindowSeconds, l.FullAfterSeconds = reports.RecoversNever, 0, 0, 0
	wait, err := m.quiet(ctx, 2*first+lasting)
	if err != nil {
		return err
	}
	m.next = time.Now().Add(time.Duration(1.2 * float64(wait)))
	n, _, err := m.burst(ctx, 2*first+lasting)
	l.Recovery, l.WindowSeconds, l.FullAfterSeconds = reports.RecoversInSilence, wait.Seconds(), wait.Seconds()
	l.Burst, l.PerSecond = uint64(n), float64(n)/wait.Seconds()
	return err
}

// keys finds out whom the limiter counts together, while it refuses.
func (m *measurement) keys(ctx context.Context, k kind, l *reports.Limiter) error {
	l.NotCompared = k.open
	for _, o := range k.others {
		yes, known, err := m.apart(ctx, o, int(l.Burst))
		if err != nil {
			return err
		}
		switch {
		case !known:
			l.NotCompared = append(l.NotCompared, o.what)
		case yes:
			l.Key = append(l.Key, o.what)
		}
		if yes && innermost(o.what) {
			break
		}
	}
	for _, o := range k.related {
		yes, known, err := m.apart(ctx, o, int(l.Burst))
		if err != nil {
			return err
		}
		if known && !yes {
			l.Covers = append(l.Covers, o.what)
		}
	}
	return nil
}

// tellWaits is what the refusals said of when to come back.
func (m *measurement) tellWaits(l *reports.Limiter) {
	if m.refuse == 0 {
		return
	}
	least, most := slices.Min(m.waits), slices.Max(m.waits)
	l.RetryAfterSeconds, l.MaxRetryAfterSeconds = least.Seconds(), most.Seconds()
	switch {
	case l.Status == 0: // an approver tells no headers
	case most == 0:
		l.Notes = append(l.Notes, "its refusals have no Retry-After")
	case l.Recovery == reports.RecoversInSilence || l.Recovery == reports.RecoversNever:
	case l.Recovery == reports.RecoversEvenly && most.Seconds() > 2*max(l.FullAfterSeconds, 1),
		l.WindowSeconds > 0 && most.Seconds() > 2*max(l.WindowSeconds, 1):
		l.Notes = append(l.Notes, fmt.Sprintf("Retry-After asks for up to %g s; all of it is served again after %.2g s",
			most.Seconds(), l.FullAfterSeconds))
	}
}

// sameAs is a limiter that refuses another kind of requests as well.
func sameAs(l, covering *reports.Limiter) {
	of, tried, fast := l.Requests, l.Tried, l.TriedPerSecond
	*l = *covering
	l.Requests, l.Tried, l.TriedPerSecond = of, tried, fast
	l.Notes = []string{"the limiter of " + covering.Requests + ", not measured again"}
	l.Covers = []string{covering.Requests}
}
